#include "troupe/loop/timer_wheel.h"

#include <limits>

namespace troupe {
namespace {

// Nodes looked at in one Advance(): enough to fire `fire_max` as a rule, few enough that a bucket
// of a million does not hold the shard up.
size_t LookedAtMax(size_t fire_max) {
  constexpr size_t kFew = 1024;
  constexpr size_t kEach = 4;
  if (fire_max > (std::numeric_limits<size_t>::max() - kFew) / kEach) {
    return std::numeric_limits<size_t>::max();
  }
  return fire_max * kEach + kFew;
}

}  // namespace

TimerWheel::TimerWheel(Instant start, absl::Duration slack_max)
    : origin_(std::max<int64_t>(start.nanos, 0)),
      latest_(origin_),
      slack_max_nanos_(NanosRoundedUp(slack_max)) {
  TROUPE_CHECK(slack_max < absl::Seconds(1));
  for (List& list : lists_) {
    list.earliest = list.earliest_wake = kInfinite;
    list.next_timer = list.prev_timer = &list;
  }
}

TimerWheel::~TimerWheel() {
  TROUPE_CHECK(!advancing_);
  for (List& end : lists_) {
    while (end.next_timer != &end) Unlink(static_cast<TimerNode&>(*end.next_timer));
  }
}

size_t TimerWheel::Advance(Instant now, size_t fire_max) {
  TROUPE_DCHECK(!advancing_);
  latest_ = std::max(latest_, now.nanos);
  advancing_ = true;
  size_t fired = 0;
  looked_at_count_ = 0;
  const size_t looked_at_max = LookedAtMax(fire_max);
  while (fired < fire_max && looked_at_count_ < looked_at_max && StartSpreading()) {
    ++looked_at_count_;
    TimerNode& node = TakeFirst(spreading_);
    if (node.deadline_.nanos == origin_) {
      ++fired;
      --armed_count_;
      node.OnTimer();  // `node` may be gone now.
    } else {
      // Not ListFor(): it would come back to the bucket that it was taken from.
      Append(BucketOf(node.deadline_.nanos, origin_), node);
    }
  }
  advancing_ = false;
  AdmitFresh();
  MoveOriginTowardsNow();
  return fired;
}

// True when there is a bucket to spread, with the origin at its first deadline. That deadline is
// due, and nothing else is earlier.
bool TimerWheel::StartSpreading() {
  if (spreading_ != kNoList) return true;
  if (filled_levels_ == 0) return false;
  const size_t bucket = LowestBucket();
  if (lists_[bucket].earliest > latest_) return false;
  origin_ = lists_[bucket].earliest;
  spreading_ = bucket;
  return true;
}

// Requires that there is one.
size_t TimerWheel::LowestBucket() const {
  const auto level = static_cast<size_t>(std::countr_zero(filled_levels_));
  return level * kDigits + static_cast<size_t>(std::countr_zero(filled_[level]));
}

TimerNode& TimerWheel::TakeFirst(size_t list) {
  TimerNode& node = static_cast<TimerNode&>(*lists_[list].next_timer);
  Unlink(node);
  return node;
}

void TimerWheel::OnEmptied(size_t list) {
  if (list >= kBuckets) return;
  uint64_t& level = filled_[list / kDigits];
  level &= ~(uint64_t{1} << (list % kDigits));
  if (level == 0) filled_levels_ &= ~(uint32_t{1} << (list / kDigits));
  lists_[list].earliest = lists_[list].earliest_wake = kInfinite;
  if (list == spreading_) spreading_ = kNoList;
}

// All of them have the deadline latest_: one step moves the whole list.
void TimerWheel::AdmitFresh() {
  Link& fresh = lists_[kFresh];
  if (fresh.next_timer == &fresh) return;
  const size_t bucket = ListFor(latest_);
  MarkFilled(bucket);
  List& end = lists_[bucket];
  end.earliest = std::min(end.earliest, latest_);
  end.earliest_wake = std::min(end.earliest_wake, latest_);
  fresh.next_timer->prev_timer = end.prev_timer;
  end.prev_timer->next_timer = fresh.next_timer;
  fresh.prev_timer->next_timer = &end;
  end.prev_timer = fresh.prev_timer;
  fresh.next_timer = fresh.prev_timer = &fresh;
}

// Keeps the buckets narrow while nothing fires. Possible without moving a node as long as now is
// before the range of the lowest bucket.
void TimerWheel::MoveOriginTowardsNow() {
  if (spreading_ != kNoList) return;
  if (filled_levels_ != 0) {
    const size_t bucket = LowestBucket();
    const auto shift = static_cast<int>(bucket / kDigits) * kDigitBits;
    // The digits above the bucket's level, which it shares with the origin.
    const uint64_t above =
        shift + kDigitBits >= 64 ? 0 : static_cast<uint64_t>(origin_) >> (shift + kDigitBits);
    const uint64_t range_start = (above << kDigitBits | bucket % kDigits) << shift;
    if (static_cast<uint64_t>(latest_) >= range_start) return;
  }
  origin_ = latest_;
}

Instant TimerWheel::NextDeadline() const {
  if (spreading_ != kNoList) return {origin_};
  if (filled_levels_ == 0) return Instant::Infinite();
  return {lists_[LowestBucket()].earliest};
}

Instant TimerWheel::NextWake() const {
  if (spreading_ != kNoList) return {origin_};
  int64_t wake = kInfinite;
  for (uint32_t levels = filled_levels_; levels != 0; levels &= levels - 1) {
    const auto level = static_cast<size_t>(std::countr_zero(levels));
    for (uint64_t digits = filled_[level]; digits != 0; digits &= digits - 1) {
      const auto digit = static_cast<size_t>(std::countr_zero(digits));
      wake = std::min(wake, lists_[level * kDigits + digit].earliest_wake);
    }
  }
  return {wake};
}

}  // namespace troupe
