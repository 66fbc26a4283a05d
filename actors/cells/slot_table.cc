#include "troupe/actors/cells/slot_table.h"

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
      own_batch_(static_cast<uint32_t>(ShareOf(slots_max / 2, 2048))),
      lease_batch_max_(ShareOf(slots_max, 64)),
      index_(index) {}

SlotTable::~SlotTable() {
  const uint32_t made = SlotsMade();
  for (uint32_t slot = 0; slot < made; ++slot) {
    Cell& cell = CellAt(slot);
    Instance* const instance = cell.instance();
    if (instance != nullptr) {
      if (cell.actor != nullptr) instance->Destroy();
      instance->Dispose();
    }
    // A leased one may have them as well: messages that waited for its actor.
    cell.FreeTies();
  }
}

void SlotTable::ShareFree() {
  if (!spare_.empty()) {
    MutexLock lock(mutex_);
    Splice(shared_, spare_);
  }
  Splice(spare_, free_);
}

SlotTable::FreeSlots SlotTable::TakeFirst(FreeSlots& slots, uint32_t count) {
  if (slots.count <= count) return std::exchange(slots, FreeSlots());
  FreeSlots taken{.head = slots.head, .tail = slots.head, .count = count};
  for (uint32_t i = 1; i < count; ++i) taken.tail = taken.tail->next_free;
  slots.head = std::exchange(taken.tail->next_free, nullptr);
  slots.count -= count;
  return taken;
}

void SlotTable::Splice(FreeSlots& to, FreeSlots& from) {
  if (from.empty()) return;
  from.tail->next_free = to.head;
  if (to.empty()) to.tail = from.tail;
  to.head = from.head;
  to.count += from.count;
  from = FreeSlots();
}

size_t SlotTable::Lease(std::vector<SlotLease>& leases, size_t count) {
  count = std::min(count, lease_batch_max_);
  MutexLock lock(mutex_);
  while (shared_.count < count && GrowLocked()) {
  }
  const size_t given = std::min<size_t>(count, shared_.count);
  for (size_t i = 0; i < given; ++i) {
    const Cell& cell = Pop(shared_);
    leases.push_back({cell.slot, cell.generation});
  }
  return given;
}

std::optional<SlotLease> SlotTable::LeaseFrom(std::vector<SlotLease>& stock) {
  constexpr size_t kBatch = 64;
  if (stock.empty() && Lease(stock, kBatch) == 0) return std::nullopt;
  const SlotLease lease = stock.back();
  stock.pop_back();
  return lease;
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

bool SlotTable::Refill() {
  if (any_free()) return true;
  if (!spare_.empty()) {
    Splice(free_, spare_);
    return true;
  }
  MutexLock lock(mutex_);
  if (shared_.empty() && !GrowLocked()) return false;
  index_.SeePages((slots_made_ + kPageSlots - 1) / kPageSlots);
  free_ = TakeFirst(shared_, own_batch_);
  return true;
}

bool SlotTable::GrowLocked() {
  const uint32_t first = slots_made_;
  const uint32_t count = std::min<uint32_t>(kPageSlots, slots_max_ - first);
  if (count == 0) return false;
  auto* const page =
      new (memory_.Allocate(sizeof(SlotIndex::Page), alignof(SlotIndex::Page))) SlotIndex::Page;
  slots_made_ += count;
  // The lowest slot is taken first.
  for (uint32_t i = count; i-- > 0;) {
    Cell& cell = page->cells[i];
    cell.slot = first + i;
    cell.generation = 1;
    cell.state = CellState::kLeased;
    cell.stall = kBlocked;
    cell.messages_max = messages_max_;
    cell.bytes_max = bytes_max_;
    cell.next_free = i + 1 < count ? &page->cells[i + 1] : nullptr;
  }
  index_.Publish(first / kPageSlots, page);
  FreeSlots made{.head = &page->cells[0], .tail = &page->cells[count - 1], .count = count};
  Splice(shared_, made);
  return true;
}

}  // namespace troupe::internal
