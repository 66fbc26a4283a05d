#ifndef TROUPE_ACTORS_MEMORY_ID_TABLE_H_
#define TROUPE_ACTORS_MEMORY_ID_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

#include "troupe/loop/slab_memory.h"

namespace troupe::internal {

// Objects by an id that is never given twice: an index into a table and the number of that
// place's use. A late reply or a cancelled timer's firing finds nothing.
//
// Thread: shard-affine.
// Bounds: `objects_max`; a place's use number has 40 bits, `tables` of them a use.
template <typename T>
class IdTable {
 public:
  // Table number `table` of `tables` gives no id that another of them gives.
  IdTable(size_t objects_max, SlabMemory& memory, uint32_t table = 0, uint32_t tables = 1)
      : objects_max_(objects_max), memory_(memory), first_use_(table + 1), use_step_(tables) {}

  // 0 at the bound.
  uint64_t Add(T* object) {
    uint32_t index;
    if (free_head_ != kNone) {
      index = free_head_;
      free_head_ = static_cast<uint32_t>(PlaceAt(index).next_free);
    } else {
      if (places_made_ >= objects_max_ || places_made_ >= kNone) return 0;
      index = places_made_++;
      if (index % kPagePlaces == 0) AddPage();
    }
    Place& place = PlaceAt(index);
    place.object = object;
    ++count_;
    return (uint64_t{place.use} << kIndexBits) | index;
  }

  T* Find(uint64_t id) const {
    const uint32_t index = id & kNone;
    if (index >= places_made_) return nullptr;
    const Place& place = PlaceAt(index);
    return place.use == id >> kIndexBits ? place.object : nullptr;
  }

  // Null when `id` is gone already.
  T* Remove(uint64_t id) {
    T* const object = Find(id);
    if (object == nullptr) return nullptr;
    Place& place = PlaceAt(id & kNone);
    place.object = nullptr;
    place.use += use_step_;
    if (place.use < use_step_) place.use = first_use_;  // Past the 40 bits.
    place.next_free = free_head_;
    free_head_ = static_cast<uint32_t>(id & kNone);
    --count_;
    return object;
  }

  // Some object of the table; null when there is none. Asked again and again, it looks at each
  // place once in a round.
  T* Any() {
    if (count_ == 0) return nullptr;
    for (;; ++any_) {
      if (any_ >= places_made_) any_ = 0;
      if (T* const object = PlaceAt(any_).object) return object;
    }
  }

  size_t count() const { return count_; }

 private:
  static constexpr int kIndexBits = 24;
  static constexpr uint32_t kNone = (1u << kIndexBits) - 1;

  struct Place {
    T* object = nullptr;
    uint64_t use : 64 - kIndexBits;
    uint64_t next_free : kIndexBits;
  };

  static constexpr uint32_t kPagePlaces = 1024;

  Place& PlaceAt(uint32_t index) const { return pages_[index / kPagePlaces][index % kPagePlaces]; }

  void AddPage() {
    auto* const page =
        static_cast<Place*>(memory_.Allocate(kPagePlaces * sizeof(Place), alignof(Place)));
    for (uint32_t i = 0; i < kPagePlaces; ++i) {
      new (page + i) Place{.object = nullptr, .use = first_use_, .next_free = kNone};
    }
    pages_.push_back(page);
  }

  const size_t objects_max_;
  SlabMemory& memory_;
  const uint32_t first_use_;  // From 1, so that no id is 0.
  const uint32_t use_step_;
  // Pages never move: a table of a million grows without copying.
  std::vector<Place*> pages_;
  uint32_t places_made_ = 0;
  uint32_t free_head_ = kNone;
  uint32_t any_ = 0;  // Where Any() looks next.
  size_t count_ = 0;
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_MEMORY_ID_TABLE_H_
