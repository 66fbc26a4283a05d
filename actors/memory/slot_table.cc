#include "troupe/actors/memory/slot_table.h"

#include <algorithm>
#include <new>
#include <utility>

#include "troupe/actors/typing/instance.h"

namespace troupe::internal {

SlotTable::SlotTable(SlotIndex& index, uint32_t slots_max, uint32_t messages_max,
                     uint32_t bytes_max)
    : slots_max_(slots_max),
      messages_max_(messages_max),
      bytes_max_(bytes_max),
      own_free_max_(ShareOf(slots_max, 4096)),
      lease_batch_max_(ShareOf(slots_max, 64)),
      index_(index) {}

SlotTable::~SlotTable() {
  ForSomeActors(0, slots_max_, [](Cell& cell) {
    cell.instance->Dispose();
    cell.FreeExtra();
  });
}

void SlotTable::Release(Cell& cell) {
  ++cell.generation;
  cell.state = CellState::kLeased;
  cell.stall = kBlocked;
  cell.marks &= kQueued;
  cell.life = 0;
  cell.messages = 0;
  cell.bytes = 0;
  cell.messages_max = messages_max_;
  cell.bytes_max = bytes_max_;
  cell.stop_step = 0;
  cell.stop_reason = 0;
  cell.asks = 0;
  free_.push_back({cell.slot, cell.generation});
  if (free_.size() <= own_free_max_) return;
  MutexLock lock(mutex_);
  const size_t half = free_.size() / 2;
  shared_.insert(shared_.end(), free_.begin(), free_.begin() + half);
  free_.erase(free_.begin(), free_.begin() + half);
}

size_t SlotTable::Lease(std::vector<SlotLease>& leases, size_t count) {
  count = std::min(count, lease_batch_max_);
  MutexLock lock(mutex_);
  while (shared_.size() < count && GrowLocked(shared_)) {
  }
  const size_t given = std::min(count, shared_.size());
  leases.insert(leases.end(), shared_.end() - given, shared_.end());
  shared_.resize(shared_.size() - given);
  return given;
}

void SlotTable::Burn(const SlotLease& lease) {
  MutexLock lock(mutex_);
  burned_.push_back(lease);
  any_burned_.store(true, std::memory_order_release);
}

std::vector<SlotLease> SlotTable::TakeBurned() {
  if (!any_burned_.load(std::memory_order_acquire)) return {};
  MutexLock lock(mutex_);
  any_burned_.store(false, std::memory_order_relaxed);
  return std::exchange(burned_, {});
}

uint32_t SlotTable::SlotsMade() {
  MutexLock lock(mutex_);
  return slots_made_;
}

bool SlotTable::RefillFree() {
  MutexLock lock(mutex_);
  if (shared_.empty() && !GrowLocked(shared_)) return false;
  const auto first = shared_.end() - std::min(shared_.size(), own_free_max_);
  free_.assign(first, shared_.end());
  shared_.erase(first, shared_.end());
  return true;
}

bool SlotTable::GrowLocked(std::vector<SlotLease>& leases) {
  const uint32_t first = slots_made_;
  const uint32_t count = std::min<uint32_t>(kPageSlots, slots_max_ - first);
  if (count == 0) return false;
  auto* const page = static_cast<Cell*>(memory_.Allocate(kPageSlots * sizeof(Cell), alignof(Cell)));
  for (size_t i = 0; i < kPageSlots; ++i) new (page + i) Cell;
  slots_made_ += count;
  // The lowest slot is taken first.
  for (uint32_t i = count; i-- > 0;) {
    Cell& cell = page[i];
    cell.slot = first + i;
    cell.generation = 1;
    cell.state = CellState::kLeased;
    cell.stall = kBlocked;
    cell.messages_max = messages_max_;
    cell.bytes_max = bytes_max_;
    leases.push_back({cell.slot, cell.generation});
  }
  index_.Publish(first / kPageSlots, page);
  return true;
}

}  // namespace troupe::internal
