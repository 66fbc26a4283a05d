#include "troupe/actors/typing/instance.h"

#include <new>

#include "troupe/actors/shard/shard.h"

namespace troupe::internal {

InstanceMemory::InstanceMemory(size_t bytes, size_t alignment, const Placement* placement)
    : bytes_(bytes), alignment_(alignment) {
  Shard* const shard = Shard::Current();
  pooled_ = placement != nullptr && alignment <= alignof(std::max_align_t) &&
            (placement->shard < 0 || placement->shard == shard->index());
  place_ = pooled_ ? shard->blocks().Allocate(bytes)
                   : ::operator new (bytes, std::align_val_t{alignment});
}

void InstanceMemory::Free(void* place, size_t bytes, size_t alignment, bool pooled) {
  if (!pooled) return ::operator delete (place, std::align_val_t{alignment});
  // Once all shards have ended, their memory is freed as a whole.
  if (Shard* const shard = Shard::Current()) {
    shard->blocks().Free(place, BlockPool::ClassOf(bytes));
  }
}

}  // namespace troupe::internal
