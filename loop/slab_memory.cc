#include "troupe/loop/slab_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <new>

#include "troupe/base/check.h"

namespace troupe {
namespace {

constexpr std::align_val_t AlignmentOf(size_t piece_bytes) {
  constexpr size_t kPageBytes = 4096;
  return std::align_val_t{piece_bytes < SlabMemory::kPieceBytesMax ? kPageBytes : piece_bytes};
}

// Has the system provide these pages at once. Advice, and since Linux 5.14: without it they come
// one by one.
void Touch(char* pages, size_t bytes) {
#ifdef MADV_POPULATE_WRITE
  madvise(pages, bytes, MADV_POPULATE_WRITE);
#else
  constexpr int kPopulateWrite = 23;
  madvise(pages, bytes, kPopulateWrite);
#endif
}

}  // namespace

SlabMemory::~SlabMemory() {
  // In the order in which they were taken, so their sizes are known.
  size_t bytes = kFirstPieceBytes;
  for (char* const piece : pieces_) {
    Unpoison(piece, bytes);
    ::operator delete(piece, AlignmentOf(bytes));
    bytes = std::min(bytes * 2, kPieceBytesMax);
  }
}

void SlabMemory::Grow(const char* place, size_t bytes) {
  if (place == nullptr || piece_end_ < place || static_cast<size_t>(piece_end_ - place) < bytes) {
    return TakePiece(bytes);
  }
  while (static_cast<size_t>(end_ - place) < bytes || end_ < place) {
    const size_t touched = std::min(kTouchedBytes, static_cast<size_t>(piece_end_ - end_));
    Touch(end_, touched);
    end_ += touched;
  }
}

void SlabMemory::TakePiece(size_t least_bytes) {
  TROUPE_CHECK(least_bytes <= kPieceBytesMax);
  do {
    const size_t bytes = piece_bytes_;
    auto* const piece = static_cast<char*>(::operator new(bytes, AlignmentOf(bytes)));
    pieces_.push_back(piece);
    Poison(piece, bytes);
    // Advice: without huge pages it is memory all the same.
    if (bytes == kPieceBytesMax && pages_ == Pages::kHuge) madvise(piece, bytes, MADV_HUGEPAGE);
    next_ = piece;
    piece_end_ = piece + bytes;
    end_ = bytes < kPieceBytesMax ? piece_end_ : piece;
    piece_bytes_ = std::min(bytes * 2, kPieceBytesMax);
  } while (static_cast<size_t>(piece_end_ - next_) < least_bytes);
}

}  // namespace troupe
