#ifndef TROUPE_LOOP_SLAB_MEMORY_H_
#define TROUPE_LOOP_SLAB_MEMORY_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "troupe/base/poison.h"

namespace troupe {

// Memory for pools to recycle: given out once, freed all together.
//
// Taken from the system in pieces that double in size, so that few objects waste little. The pages
// of a large piece are requested kTouchedBytes at a time: a page fault for each would cost more
// than using it.
//
// Thread:   one at a time.
// Lifetime: all of it is freed on destruction.
// Bounds:   the bytes requested, and at most as many again, of which only the last kTouchedBytes
//           are ever touched.
class SlabMemory {
 public:
  // kHuge: large pieces are huge pages where the system has them, so that the first use of a
  // million objects costs some dozen page faults. But a huge page not used since the machine
  // started can be slow to arrive on a virtual machine; small pages are recycled.
  enum class Pages : uint8_t { kSmall, kHuge };

  explicit SlabMemory(Pages pages) : pages_(pages) {}
  SlabMemory(const SlabMemory&) = delete;
  SlabMemory& operator=(const SlabMemory&) = delete;
  ~SlabMemory();

  // Not zeroed. `alignment` is a power of two up to 4096; `bytes` is at most kPieceBytesMax.
  void* Allocate(size_t bytes, size_t alignment) {
    char* const place = AlignUp(next_, alignment);
    if (place == nullptr || place > end_ || static_cast<size_t>(end_ - place) < bytes) {
      Grow(place, bytes);
      return Allocate(bytes, alignment);
    }
    next_ = place + bytes;
    Unpoison(place, bytes);
    return place;
  }

  static constexpr size_t kPieceBytesMax = size_t{2} << 20;
  static constexpr size_t kTouchedBytes = size_t{256} << 10;

 private:
  static char* AlignUp(char* place, size_t alignment);

  // Makes space for `bytes` at `place`, or elsewhere.
  void Grow(const char* place, size_t bytes);
  void TakePiece(size_t least_bytes);

  static constexpr size_t kFirstPieceBytes = size_t{64} << 10;

  const Pages pages_;
  std::vector<char*> pieces_;
  char* next_ = nullptr;
  char* end_ = nullptr;        // Of what may be given out.
  char* piece_end_ = nullptr;  // Beyond end_ while a large piece is partly untouched.
  size_t piece_bytes_ = kFirstPieceBytes;
};

// Implementation details follow.

inline char* SlabMemory::AlignUp(char* place, size_t alignment) {
  const auto address = reinterpret_cast<size_t>(place);
  return place + (-address & (alignment - 1));
}

}  // namespace troupe

#endif  // TROUPE_LOOP_SLAB_MEMORY_H_
