#ifndef TROUPE_LOOP_TIMER_WHEEL_H_
#define TROUPE_LOOP_TIMER_WHEEL_H_

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "troupe/base/check.h"
#include "troupe/base/instant.h"

namespace troupe {

class TimerWheel;

namespace internal {

// What a timer's place in a circular list is made of; nullptr while it is in none.
struct TimerLink {
  TimerLink* next_timer = nullptr;
  TimerLink* prev_timer = nullptr;
};

}  // namespace internal

// One deadline, embedded in what it belongs to. Arming, cancelling and firing allocate nothing.
//
// Lifetime: must be disarmed (fired, cancelled or never armed) when it is destroyed.
class TimerNode : private internal::TimerLink {
 public:
  TimerNode() = default;
  TimerNode(const TimerNode&) = delete;
  TimerNode& operator=(const TimerNode&) = delete;

  bool armed() const { return next_timer != nullptr; }

  // The one it was armed for last; or, when that had passed already, the wheel's latest Advance().
  Instant deadline() const { return deadline_; }

 protected:
  ~TimerNode() { TROUPE_CHECK(!armed()); }

  // Called in the shard's timer phase, disarmed; may arm or cancel any timer, itself included,
  // and may destroy itself.
  virtual void OnTimer() = 0;

 private:
  friend class TimerWheel;

  Instant deadline_;
};

// Deadlines pending on one shard, fired in (deadline, arming) order.
//
// A deadline that has passed when it is armed counts as the instant of the latest Advance(), so
// it comes after what was due then.
//
// Thread:   shard-affine.
// Time:     never reads a clock; the loop calls Advance() once a turn. Never early: a node fires
//           in the first Advance() with now >= deadline. An infinite deadline never fires.
// Lifetime: nodes still armed when it is destroyed are disarmed and do not fire.
// Bounds:   Arm and Cancel are O(1). Advance() fires at most `fire_max` nodes, looks at no more
//           than about four times as many, and keeps the rest, still in order, for the next call.
//           A node is moved at most 63 times in its life, half the bits of its wait as a rule.
// Source:   a radix heap, Ahuja et al. 1990: bucket i holds the deadlines whose highest bit that
//           differs from the origin is bit i - 1, so all of it precedes bucket i + 1. Moving the
//           origin to the lowest bucket's first deadline spreads that one bucket over the lower
//           ones and changes no other.
class TimerWheel {
 public:
  explicit TimerWheel(Instant start);
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;
  ~TimerWheel();

  // `node` must be disarmed. A deadline in the past fires in the next Advance(), never in the
  // one that is running.
  void Arm(TimerNode& node, Instant deadline);

  // Ignored when `node` is not armed.
  void Cancel(TimerNode& node);

  // Returns the number fired. Not called from inside OnTimer().
  size_t Advance(Instant now, size_t fire_max);

  // When to call Advance() next: no later than the earliest deadline armed; Infinite() when none
  // will fire. It may come before the earliest deadline, once for each time that the timer which
  // was the earliest got cancelled. Cheap enough to ask once a turn.
  Instant NextDeadline() const;

  size_t armed_count() const { return armed_count_; }

 private:
  using Link = internal::TimerLink;

  // Lists beside the buckets: due already and armed during this Advance(); never to fire.
  enum : size_t { kBuckets = 64, kFresh = kBuckets, kNever, kLists };
  static constexpr size_t kNoList = kLists;

  size_t ListFor(int64_t deadline) const;
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
  bool advancing_ = false;
  // The bucket being spread over the lower ones, front to back, or kNoList. What belongs into a
  // lower one waits at its end meanwhile, so that equal deadlines keep their order.
  size_t spreading_ = kNoList;
  uint64_t filled_ = 0;  // Bit i: bucket i is not empty.
  size_t armed_count_ = 0;
  // No deadline in the bucket is earlier; exact until the earliest is cancelled.
  std::array<int64_t, kBuckets> earliest_;
  std::array<Link, kLists> lists_;
};

// Implementation details follow.

inline size_t TimerWheel::ListFor(int64_t deadline) const {
  const uint64_t difference = static_cast<uint64_t>(deadline ^ origin_);
  const size_t bucket = static_cast<size_t>(std::bit_width(difference));
  return spreading_ != kNoList && bucket < spreading_ ? spreading_ : bucket;
}

inline void TimerWheel::Append(size_t list, TimerNode& node) {
  if (list < kBuckets) {
    filled_ |= uint64_t{1} << list;
    earliest_[list] = std::min(earliest_[list], node.deadline_.nanos);
  }
  Link& end = lists_[list];
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
  // Both are the list's end.
  if (next == prev) OnEmptied(static_cast<size_t>(next - lists_.data()));
}

inline void TimerWheel::Arm(TimerNode& node, Instant deadline) {
  TROUPE_DCHECK(!node.armed());
  ++armed_count_;
  node.deadline_ = deadline;
  if (deadline.nanos > latest_) {
    Append(deadline.is_infinite() ? size_t{kNever} : ListFor(deadline.nanos), node);
    return;
  }
  node.deadline_.nanos = latest_;
  Append(advancing_ ? size_t{kFresh} : ListFor(latest_), node);
}

inline void TimerWheel::Cancel(TimerNode& node) {
  if (!node.armed()) return;
  --armed_count_;
  Unlink(node);
}

}  // namespace troupe

#endif  // TROUPE_LOOP_TIMER_WHEEL_H_
