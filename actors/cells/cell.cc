#include "troupe/actors/cells/cell.h"

#include <new>

#include "troupe/actors/memory/block_pool.h"
#include "troupe/actors/shard/shard.h"
#include "troupe/actors/supervision/cell_extra.h"

namespace troupe::internal {

void Cell::MakeTies() {
  void* const place = Shard::Current()->blocks().Allocate(sizeof(Ties));
  instance_or_ties =
      reinterpret_cast<uintptr_t>(new (place) Ties{.instance = instance()}) + kIsTies;
}

CellExtra& Cell::Extra() {
  CellExtra*& extra = Tie().extra;
  if (extra == nullptr) extra = new CellExtra;
  return *extra;
}

void Cell::FreeTies() {
  if (!has_ties()) return;
  Ties& freed = ties();
  instance_or_ties = 0;
  delete freed.extra;
  // Once all shards have ended, their memory is freed as a whole.
  if (Shard* const shard = Shard::Current()) {
    shard->blocks().Free(&freed, BlockPool::ClassOf(sizeof(Ties)));
  }
}

}  // namespace troupe::internal
