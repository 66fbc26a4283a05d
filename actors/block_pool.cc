#include "troupe/actors/block_pool.h"

namespace troupe::internal {

void* BlockPool::Refill(uint16_t size_class) {
  const size_t bytes = BytesOf(size_class);
  slabs_.push_back(std::make_unique_for_overwrite<char[]>(kSlabBytes));
  char* const slab = slabs_.back().get();
  for (size_t offset = bytes; offset + bytes <= kSlabBytes; offset += bytes) {
    Free(slab + offset, size_class);
  }
  return slab;
}

}  // namespace troupe::internal
