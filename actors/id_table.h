#ifndef TROUPE_ACTORS_ID_TABLE_H_
#define TROUPE_ACTORS_ID_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace troupe::internal {

// Objects by an id that is never given twice: an index into a table and the number of that
// place's use. A late reply or a cancelled timer's firing finds nothing.
//
// Thread: shard-affine.
// Bounds: `objects_max`; a place's use number has 40 bits.
template <typename T>
class IdTable {
 public:
  explicit IdTable(size_t objects_max) : objects_max_(objects_max) {}

  // 0 at the bound.
  uint64_t Add(T* object) {
    uint32_t index;
    if (free_head_ != kNone) {
      index = free_head_;
      free_head_ = places_[index].next_free;
    } else {
      if (places_.size() >= objects_max_ || places_.size() >= kNone) return 0;
      index = static_cast<uint32_t>(places_.size());
      places_.emplace_back();
    }
    Place& place = places_[index];
    place.object = object;
    ++count_;
    return (place.use << kIndexBits) | index;
  }

  T* Find(uint64_t id) const {
    const size_t index = id & kNone;
    if (index >= places_.size()) return nullptr;
    const Place& place = places_[index];
    return place.use == id >> kIndexBits ? place.object : nullptr;
  }

  // Null when `id` is gone already.
  T* Remove(uint64_t id) {
    T* const object = Find(id);
    if (object == nullptr) return nullptr;
    Place& place = places_[id & kNone];
    place.object = nullptr;
    ++place.use;
    place.next_free = free_head_;
    free_head_ = static_cast<uint32_t>(id & kNone);
    --count_;
    return object;
  }

  // Some object of the table, the lowest place first; null when there is none.
  T* Any() const {
    if (count_ == 0) return nullptr;
    for (const Place& place : places_) {
      if (place.object != nullptr) return place.object;
    }
    return nullptr;
  }

  size_t count() const { return count_; }

 private:
  static constexpr int kIndexBits = 24;
  static constexpr uint32_t kNone = (1u << kIndexBits) - 1;

  struct Place {
    T* object = nullptr;
    uint64_t use = 1;  // From 1, so that no id is 0.
    uint32_t next_free = kNone;
  };

  const size_t objects_max_;
  std::vector<Place> places_;
  uint32_t free_head_ = kNone;
  size_t count_ = 0;
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_ID_TABLE_H_
