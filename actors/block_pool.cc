#include "troupe/actors/block_pool.h"

namespace troupe::internal {

void* BlockPool::Carve(uint16_t size_class) {
  const size_t bytes = BytesOf(size_class);
  Fresh& fresh = fresh_[size_class];
  if (fresh.begin == fresh.end) {
    slabs_.push_back(std::make_unique_for_overwrite<char[]>(kSlabBytes));
    fresh.begin = slabs_.back().get();
    fresh.end = fresh.begin + kSlabBytes / bytes * bytes;
  }
  char* const block = fresh.begin;
  fresh.begin += bytes;
  return block;
}

}  // namespace troupe::internal
