#include "troupe/actors/memory/block_pool.h"

namespace troupe::internal {

void* BlockPool::Carve(uint16_t size_class) {
  const size_t bytes = BytesOf(size_class);
  Fresh& fresh = fresh_[size_class];
  if (fresh.begin == fresh.end) {
    fresh.begin = static_cast<char*>(memory_.Allocate(kRunBytes, alignof(std::max_align_t)));
    fresh.end = fresh.begin + kRunBytes / bytes * bytes;
    Poison(fresh.begin, kRunBytes);
  }
  char* const block = fresh.begin;
  fresh.begin += bytes;
  Unpoison(block, bytes);
  return block;
}

}  // namespace troupe::internal
