#ifndef TROUPE_LOOP_SLAB_MEMORY_H_
#define TROUPE_LOOP_SLAB_MEMORY_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "troupe/base/poison.h"

namespace troupe {

// Memory that is given out once and comes back all together: what pools recycle.
//
// It is taken in pieces that double in size, so that little is wasted on a few objects. Of the
// large ones the system is asked for kTouchedBytes at a time: a page fault for each page would cost
// more than what is put there.
//
// Thread:   one at a time.
// Lifetime: all of it is freed when this is destroyed.
// Bounds:   what is asked for, and at most as much again that is never touched but for the last
//           kTouchedBytes.
class SlabMemory {
 public:
  // kHuge: large pieces are huge pages where the system has them, so that the first use of a
  // million objects is some dozen page faults. But a huge page that nobody used since the machine
  // started can take long to come, on virtual machines; small ones are recycled.
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

  // Makes room for `bytes` at `place`, or elsewhere.
  void Grow(const char* place, size_t bytes);
  void TakePiece(size_t least_bytes);

  static constexpr size_t kFirstPieceBytes = size_t{64} << 10;

  const Pages pages_;
  std::vector<char*> pieces_;
  char* next_ = nullptr;
  char* end_ = nullptr;        // Of what may be given out.
  char* piece_end_ = nullptr;  // Beyond it for a large piece that is not touched as a whole yet.
  size_t piece_bytes_ = kFirstPieceBytes;
};

// Implementation details follow.

inline char* SlabMemory::AlignUp(char* place, size_t alignment) {
  const auto address = reinterpret_cast<size_t>(place);
  return place + (-address & (alignment - 1));
}

}  // namespace troupe

#endif  // TROUPE_LOOP_SLAB_MEMORY_H_
