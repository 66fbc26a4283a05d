#include "troupe/loop/timer_wheel.h"

#include <limits>

namespace troupe {
namespace {

constexpr int64_t kNone = std::numeric_limits<int64_t>::max();

// Nodes looked at in one Advance(): enough to fire `fire_max` as a rule, few enough that a bucket
// of a million does not hold the shard up.
size_t VisitsMax(size_t fire_max) {
  constexpr size_t kFew = 1024;
  constexpr size_t kEach = 4;
  if (fire_max > (std::numeric_limits<size_t>::max() - kFew) / kEach) {
    return std::numeric_limits<size_t>::max();
  }
  return fire_max * kEach + kFew;
}

}  // namespace

TimerWheel::TimerWheel(Instant start)
    : origin_(std::max<int64_t>(start.nanos, 0)), latest_(origin_) {
  earliest_.fill(kNone);
  for (Link& end : lists_) end.next_timer = end.prev_timer = &end;
}

TimerWheel::~TimerWheel() {
  TROUPE_CHECK(!advancing_);
  for (Link& end : lists_) {
    while (end.next_timer != &end) Unlink(static_cast<TimerNode&>(*end.next_timer));
  }
}

size_t TimerWheel::Advance(Instant now, size_t fire_max) {
  TROUPE_DCHECK(!advancing_);
  latest_ = std::max(latest_, now.nanos);
  advancing_ = true;
  size_t fired = 0;
  size_t visits_left = VisitsMax(fire_max);
  while (fired < fire_max && visits_left > 0 && StartSpreading()) {
    --visits_left;
    TimerNode& node = TakeFirst(spreading_);
    if (node.deadline_.nanos == origin_) {
      ++fired;
      --armed_count_;
      node.OnTimer();  // `node` may be gone now.
    } else {
      // Not ListFor(): it would come back to the bucket that it was taken from.
      const uint64_t difference = static_cast<uint64_t>(node.deadline_.nanos ^ origin_);
      Append(static_cast<size_t>(std::bit_width(difference)), node);
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
  if (filled_ == 0) return false;
  const size_t bucket = static_cast<size_t>(std::countr_zero(filled_));
  if (earliest_[bucket] > latest_) return false;
  origin_ = earliest_[bucket];
  spreading_ = bucket;
  return true;
}

TimerNode& TimerWheel::TakeFirst(size_t list) {
  TimerNode& node = static_cast<TimerNode&>(*lists_[list].next_timer);
  Unlink(node);
  return node;
}

void TimerWheel::OnEmptied(size_t list) {
  if (list >= kBuckets) return;
  filled_ &= ~(uint64_t{1} << list);
  earliest_[list] = kNone;
  if (list == spreading_) spreading_ = kNoList;
}

// All of them have the deadline latest_: one step moves the whole list.
void TimerWheel::AdmitFresh() {
  Link& fresh = lists_[kFresh];
  if (fresh.next_timer == &fresh) return;
  const size_t list = ListFor(latest_);
  filled_ |= uint64_t{1} << list;
  earliest_[list] = std::min(earliest_[list], latest_);
  Link& end = lists_[list];
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
  if (filled_ != 0) {
    const int bucket = std::countr_zero(filled_);
    if (bucket == 0) return;
    const int64_t bit = int64_t{1} << (bucket - 1);
    const int64_t range_start = (origin_ & ~(bit - 1)) | bit;
    if (latest_ >= range_start) return;
  }
  origin_ = latest_;
}

Instant TimerWheel::NextDeadline() const {
  if (spreading_ != kNoList) return {origin_};
  if (filled_ == 0) return Instant::Infinite();
  return {earliest_[std::countr_zero(filled_)]};
}

}  // namespace troupe
