#include "troupe/transport/output_queue.h"

#include <algorithm>
#include <utility>

namespace troupe::internal {

void OutputQueue::AddChunk(size_t least) {
  if (least <= kChunkBytes && !spare_.empty()) {
    chunks_.push_back(std::move(spare_.back()));
    spare_.pop_back();
    return;
  }
  const size_t capacity = std::max(least, kChunkBytes);
  chunks_.push_back(
      {std::unique_ptr<char[]>(new char[capacity]), static_cast<uint32_t>(capacity), 0, 0});
}

size_t OutputQueue::Gather(std::span<std::span<const char>> pieces) const {
  size_t count = 0;
  for (const Chunk& chunk : chunks_) {
    if (count == pieces.size()) break;
    if (chunk.begin == chunk.end) continue;
    pieces[count++] = {chunk.bytes.get() + chunk.begin, chunk.end - chunk.begin};
  }
  return count;
}

void OutputQueue::Consume(size_t count) {
  size_ -= count;
  while (count > 0) {
    Chunk& chunk = chunks_.front();
    const size_t taken = std::min<size_t>(count, chunk.end - chunk.begin);
    chunk.begin += static_cast<uint32_t>(taken);
    count -= taken;
    if (chunk.begin < chunk.end) return;
    chunk.begin = chunk.end = 0;
    if (chunks_.size() == 1) return;  // Filled again from its start.
    if (spare_.size() < kSpareMax && chunk.capacity == kChunkBytes) {
      spare_.push_back(std::move(chunk));
    }
    chunks_.pop_front();
  }
}

void OutputQueue::Release() {
  spare_.clear();
  spare_.shrink_to_fit();
  if (size_ == 0) std::deque<Chunk>().swap(chunks_);
}

}  // namespace troupe::internal
