#ifndef TROUPE_TESTS_LOOP_SANITIZER_H_
#define TROUPE_TESTS_LOOP_SANITIZER_H_

// Parts of the sanitizers' run-time libraries, null in a build without.
extern "C" {
__attribute__((weak)) void __asan_init();
__attribute__((weak)) void __tsan_init();
}

namespace troupe {

// At run time and not by macro: builds exist that hide the macro from packaged headers.
inline bool UnderAddressSanitizer() { return &__asan_init != nullptr; }
inline bool UnderThreadSanitizer() { return &__tsan_init != nullptr; }

}  // namespace troupe

#endif  // TROUPE_TESTS_LOOP_SANITIZER_H_
