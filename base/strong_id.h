#ifndef TROUPE_BASE_STRONG_ID_H_
#define TROUPE_BASE_STRONG_ID_H_

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string_view>  // std::hash.
#include <utility>

namespace troupe {

// An integer that serves only as an identity: it compares and hashes, and does not mix with other
// ids or with numbers. The default value, zero, means "none".
//
// Thread: any; a value.
template <typename Tag, typename Rep = uint64_t>
class StrongId {
 public:
  constexpr StrongId() = default;
  constexpr explicit StrongId(Rep value) : value_(value) {}

  constexpr Rep value() const { return value_; }
  constexpr explicit operator bool() const { return value_ != Rep{}; }

  friend constexpr auto operator<=>(StrongId, StrongId) = default;

  template <typename H>
  friend H AbslHashValue(H h, StrongId id) {
    return H::combine(std::move(h), id.value_);
  }

 private:
  Rep value_{};
};

}  // namespace troupe

template <typename Tag, typename Rep>
struct std::hash<troupe::StrongId<Tag, Rep>> {
  size_t operator()(troupe::StrongId<Tag, Rep> id) const noexcept {
    return std::hash<Rep>()(id.value());
  }
};

#endif  // TROUPE_BASE_STRONG_ID_H_
