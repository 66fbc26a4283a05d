#ifndef TROUPE_BASE_POISON_H_
#define TROUPE_BASE_POISON_H_

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define TROUPE_HAS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TROUPE_HAS_ASAN 1
#endif
#endif

#ifdef TROUPE_HAS_ASAN
#include <sanitizer/asan_interface.h>
#endif

namespace troupe {

// Mark memory that a pool keeps and nobody may use. AddressSanitizer, which tracks only malloc and
// free by itself, then reports each access to it. In other builds they do nothing.
//
// Thread: any.
#ifdef TROUPE_HAS_ASAN
constexpr bool kPoisons = true;
inline void Poison(const void* memory, size_t bytes) { __asan_poison_memory_region(memory, bytes); }
inline void Unpoison(const void* memory, size_t bytes) {
  __asan_unpoison_memory_region(memory, bytes);
}
#else
constexpr bool kPoisons = false;
inline void Poison(const void*, size_t) {}
inline void Unpoison(const void*, size_t) {}
#endif

}  // namespace troupe

#endif  // TROUPE_BASE_POISON_H_
