#ifndef TROUPE_TRANSPORT_OUTPUT_QUEUE_H_
#define TROUPE_TRANSPORT_OUTPUT_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

namespace troupe::internal {

// Bytes that wait to be written, in chunks, so that a long queue is never moved.
//
// Bounds: the caller's. Keeps some empty chunks for later use until Release().
class OutputQueue {
 public:
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // Appends `count` bytes in one piece for the caller to fill.
  char* Grow(size_t count) {
    if (chunks_.empty() || chunks_.back().room() < count) [[unlikely]]
      AddChunk(count);
    Chunk& chunk = chunks_.back();
    char* const place = chunk.bytes.get() + chunk.end;
    chunk.end += static_cast<uint32_t>(count);
    size_ += count;
    return place;
  }

  // Sets `pieces` to the first pieces and returns their number.
  size_t Gather(std::span<std::span<const char>> pieces) const;

  // Drops `count` bytes from the front.
  void Consume(size_t count);

  // Releases the memory of empty chunks.
  void Release();

 private:
  static constexpr size_t kChunkBytes = 65536;
  static constexpr size_t kSpareMax = 8;

  struct Chunk {
    std::unique_ptr<char[]> bytes;
    uint32_t capacity = 0;
    uint32_t begin = 0;
    uint32_t end = 0;

    size_t room() const { return capacity - end; }
  };

  void AddChunk(size_t least);

  std::deque<Chunk> chunks_;
  std::vector<Chunk> spare_;
  size_t size_ = 0;
};

}  // namespace troupe::internal

#endif  // TROUPE_TRANSPORT_OUTPUT_QUEUE_H_
