#ifndef TROUPE_LOOP_TIMER_WHEEL_H_
#define TROUPE_LOOP_TIMER_WHEEL_H_

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"
#include "troupe/base/check.h"
#include "troupe/base/instant.h"

namespace troupe {

class TimerWheel;

namespace internal {

// The links of a timer in a circular list; nullptr while in none.
struct TimerLink {
  TimerLink* next_timer = nullptr;
  TimerLink* prev_timer = nullptr;
};

}  // namespace internal

// A deadline, embedded in the object it belongs to. Arming, cancelling and firing allocate nothing.
//
// Lifetime: must be disarmed (fired, cancelled or never armed) when destroyed.
class TimerNode : private internal::TimerLink {
 public:
  TimerNode() = default;
  TimerNode(const TimerNode&) = delete;
  TimerNode& operator=(const TimerNode&) = delete;

  bool armed() const { return next_timer != nullptr; }

  // The deadline it was last armed for, or the instant of the wheel's latest Advance() if that had
  // already passed.
  Instant deadline() const { return deadline_; }

 protected:
  virtual ~TimerNode() { TROUPE_CHECK(!armed()); }

  // Called in the shard's timer phase, disarmed; may arm or cancel any timer, itself included,
  // and may destroy itself.
  virtual void OnTimer() = 0;

 private:
  friend class TimerWheel;

  Instant deadline_;
  uint32_t slack_nanos_ = 0;
};

// Deadlines pending on one shard, fired in (deadline, arming) order.
//
// A deadline that has passed when armed counts as the instant of the latest Advance(), so it fires
// after what was due then.
//
// Thread:   shard-affine.
// Time:     never reads a clock; the loop calls Advance() once a turn. Never early: a node fires in
//           the first Advance() with now >= deadline. An infinite deadline never fires.
// Lifetime: nodes still armed on destruction are disarmed and do not fire.
// Bounds:   Arm and Cancel are O(1). Advance() fires at most `fire_max` nodes, looks at no more
//           than about four times as many, and keeps the rest, in order, for the next call. A node
//           moves at most 10 times in its life, three or four times as a rule.
// Source:   a radix heap, Ahuja et al. 1990, with digits of 6 bits, which makes it a hierarchical
//           wheel (Varghese and Lauck 1987) whose first level turns in nanoseconds. A level has a
//           bucket for each digit; level i holds the deadlines whose highest digit that differs
//           from the origin's is digit i. So each level precedes the next, and each bucket precedes
//           those of its level with a higher digit. Moving the origin to the lowest bucket's first
//           deadline spreads that one bucket over the lower levels and changes no other.
class TimerWheel {
 public:
  // A sleep may make a timer late by 1/1024 of its wait, up to `slack_max`, which is below a
  // second.
  explicit TimerWheel(Instant start, absl::Duration slack_max = absl::ZeroDuration());
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;
  ~TimerWheel();

  // Arms `node`, which must be disarmed. A deadline in the past fires in the next Advance(), never
  // in the one that is running.
  void Arm(TimerNode& node, Instant deadline);

  // Disarms `node`; does nothing if it is not armed.
  void Cancel(TimerNode& node);

  // Fires what is due and returns the number fired. Not called from inside OnTimer().
  size_t Advance(Instant now, size_t fire_max);

  // Returns when to call Advance() next: no later than the earliest deadline armed, Infinite() if
  // none will fire. May be before the earliest deadline, once for each time that the earliest timer
  // was cancelled. Cheap enough to call once a turn.
  Instant NextDeadline() const;

  // Returns how long a sleep may last: until the first timer has used up its slack; early, like
  // NextDeadline(), after a cancellation. Looks at each bucket with timers, some dozens as a rule.
  Instant NextWake() const;

  size_t armed_count() const { return armed_count_; }
  // The number of nodes that the latest Advance() fired or moved: its cost.
  size_t looked_at_count() const { return looked_at_count_; }

 private:
  using Link = internal::TimerLink;

  static constexpr int kDigitBits = 6;
  static constexpr size_t kDigits = size_t{1} << kDigitBits;
  static constexpr size_t kLevels = 11;  // 63 bits.

  // Lists beside the buckets: due, but armed during this Advance(); never to fire.
  enum : size_t { kBuckets = kLevels * kDigits, kFresh = kBuckets, kNever, kLists };
  static constexpr size_t kNoList = kLists;

  static constexpr int64_t kInfinite = Instant::Infinite().nanos;

  // A circle of nodes through the list itself.
  struct List : Link {
    // The earliest deadline, and the earliest with slack. Exact until that timer is cancelled; no
    // deadline in the list is earlier.
    int64_t earliest;
    int64_t earliest_wake;
  };

  static size_t BucketOf(int64_t deadline, int64_t origin);
  size_t ListFor(int64_t deadline) const;
  size_t LowestBucket() const;
  void MarkFilled(size_t bucket);
  void Append(size_t list, TimerNode& node);
  void Unlink(TimerNode& node);
  void OnEmptied(size_t list);
  bool StartSpreading();
  TimerNode& TakeFirst(size_t list);
  void AdmitFresh();
  void MoveOriginTowardsNow();

  // All finite deadlines in the lists are >= origin_, and latest_ >= origin_.
  int64_t origin_;
  int64_t latest_;  // The latest Advance()'s now.
  const int64_t slack_max_nanos_;
  bool advancing_ = false;
  // The bucket being spread over the lower levels, front to back, or kNoList. Meanwhile nodes for a
  // lower bucket queue up at its end, so that equal deadlines keep their order.
  size_t spreading_ = kNoList;
  uint32_t filled_levels_ = 0;                 // Bit i: level i is not empty.
  std::array<uint64_t, kLevels> filled_ = {};  // Per level, bit i: bucket i is not empty.
  size_t armed_count_ = 0;
  size_t looked_at_count_ = 0;
  std::array<List, kLists> lists_;
};

// Implementation details follow.

inline size_t TimerWheel::BucketOf(int64_t deadline, int64_t origin) {
  const uint64_t difference = static_cast<uint64_t>(deadline ^ origin);
  const int level = static_cast<int>(std::bit_width(difference | 1) - 1) / kDigitBits;
  const uint64_t digit = (static_cast<uint64_t>(deadline) >> (level * kDigitBits)) % kDigits;
  return static_cast<size_t>(level) * kDigits + digit;
}

inline size_t TimerWheel::ListFor(int64_t deadline) const {
  const size_t bucket = BucketOf(deadline, origin_);
  return spreading_ != kNoList && bucket < spreading_ ? spreading_ : bucket;
}

inline void TimerWheel::MarkFilled(size_t bucket) {
  filled_levels_ |= uint32_t{1} << (bucket / kDigits);
  filled_[bucket / kDigits] |= uint64_t{1} << (bucket % kDigits);
}

inline void TimerWheel::Append(size_t list, TimerNode& node) {
  List& end = lists_[list];
  if (list < kBuckets) {
    MarkFilled(list);
    const int64_t deadline = node.deadline_.nanos;
    end.earliest = std::min(end.earliest, deadline);
    end.earliest_wake = std::min(
        end.earliest_wake, deadline + std::min<int64_t>(node.slack_nanos_, kInfinite - deadline));
  }
  Link& link = node;
  link.next_timer = &end;
  link.prev_timer = end.prev_timer;
  end.prev_timer->next_timer = &link;
  end.prev_timer = &link;
}

inline void TimerWheel::Unlink(TimerNode& node) {
  Link& link = node;
  Link* const next = link.next_timer;
  Link* const prev = link.prev_timer;
  prev->next_timer = next;
  next->prev_timer = prev;
  link.next_timer = nullptr;
  // The list itself is on both sides.
  if (next == prev) {
    OnEmptied(static_cast<size_t>(static_cast<List*>(next) - lists_.data()));
  }
}

inline void TimerWheel::Arm(TimerNode& node, Instant deadline) {
  TROUPE_DCHECK(!node.armed());
  ++armed_count_;
  node.deadline_ = deadline;
  if (deadline.nanos > latest_) {
    constexpr int kSlackShift = 10;
    node.slack_nanos_ = static_cast<uint32_t>(
        std::min((deadline.nanos - latest_) >> kSlackShift, slack_max_nanos_));
    Append(deadline.is_infinite() ? size_t{kNever} : ListFor(deadline.nanos), node);
    return;
  }
  node.deadline_.nanos = latest_;
  node.slack_nanos_ = 0;
  Append(advancing_ ? size_t{kFresh} : ListFor(latest_), node);
}

inline void TimerWheel::Cancel(TimerNode& node) {
  if (!node.armed()) return;
  --armed_count_;
  Unlink(node);
}

}  // namespace troupe

#endif  // TROUPE_LOOP_TIMER_WHEEL_H_
