#include "troupe/actors/cells/slot_index.h"

#include <cstdlib>
#include <type_traits>

#include "troupe/base/check.h"

namespace troupe::internal {
namespace {

// Zeroed, and not touched: a table for millions of actors takes no memory for the first thousand.
template <typename T>
T* ZeroedArray(size_t count) {
  static_assert(std::is_trivially_destructible_v<T>);
  void* const memory = std::calloc(count, sizeof(T));
  TROUPE_CHECK_MSG(memory != nullptr, "out of memory for the table of actors");
  return static_cast<T*>(memory);
}

size_t PagesOf(size_t slots) { return (slots + SlotIndex::kPageSlots - 1) / SlotIndex::kPageSlots; }

}  // namespace

SlotIndex::SlotIndex(uint32_t slots_max)
    : slots_max_(slots_max),
      pages_(ZeroedArray<std::atomic<Page*>>(PagesOf(slots_max))),
      seen_pages_(ZeroedArray<Page*>(PagesOf(slots_max))) {}

SlotIndex::~SlotIndex() {
  std::free(pages_);
  std::free(seen_pages_);
}

SlotIndex::Page* SlotIndex::SeePage(size_t page) const { return seen_pages_[page] = PageAt(page); }

}  // namespace troupe::internal
