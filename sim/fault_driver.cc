#include "troupe/sim/fault_driver.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "troupe/base/check.h"
#include "troupe/base/text.h"
#include "troupe/sim/link_options.h"
#include "troupe/sim/sim_trace.h"

namespace troupe {
namespace {

constexpr uint64_t kDaySeconds = 24 * 60 * 60;

using Pair = std::pair<std::string, std::string>;

std::string OneWay(std::string_view what, const Pair& pair) {
  return absl::StrCat(AbslView(what), " from ", pair.first, " to ", pair.second);
}
// A cut one way is healed as both ways are.
std::string BetweenBoth(const Pair& pair) {
  return absl::StrCat("cut of ", std::min(pair.first, pair.second), " and ",
                      std::max(pair.first, pair.second));
}

}  // namespace

FaultDriver::FaultDriver(Simulation& simulation, std::vector<std::string> nodes, uint64_t seed,
                         FaultOptions options)
    : simulation_(simulation),
      nodes_(std::move(nodes)),
      options_(std::move(options)),
      seed_(seed),
      schedule_(seed),
      random_(seed) {
  TROUPE_CHECK_MSG(nodes_.size() >= 2, "faults between nodes need two of them");
  TROUPE_CHECK_MSG(
      options_.crashes + options_.rolling_restarts == 0 || (options_.crash && options_.restart),
      "crashes need the test's `crash` and `restart`");
  TROUPE_CHECK_MSG(options_.between.max > absl::ZeroDuration(),
                   "faults without time between them never end");
}

void FaultDriver::RunFor(absl::Duration time) {
  const Instant end = simulation_.clock().Now() + time;
  Instant next_fault = simulation_.clock().Now() + troupe::Draw(schedule_, options_.between);
  while (simulation_.clock().Now() < end) {
    const Instant next = std::min({DoDue(), next_fault, end});
    if (next > simulation_.clock().Now()) simulation_.RunFor(next - simulation_.clock().Now());
    if (simulation_.clock().Now() < next_fault || simulation_.clock().Now() >= end) continue;
    const size_t fault = faults_++;
    if (!options_.happens || options_.happens(fault)) Fault(fault);
    next_fault = simulation_.clock().Now() + troupe::Draw(schedule_, options_.between);
  }
}

void FaultDriver::MendAll() {
  std::erase_if(later_, [](const Later& each) { return !each.is_mending; });
  for (Later& each : later_) each.when = {};
  DoDue();
  for (const std::string& node : std::exchange(paused_, {})) simulation_.Resume(node);
  for (const std::string& node : std::exchange(wrong_clocks_, {})) {
    simulation_.SetWallClockError(node, absl::ZeroDuration());
  }
}

FaultDriver::Pair FaultDriver::AnyPair() {
  const size_t from = random_.Below(nodes_.size());
  const size_t other = random_.Below(nodes_.size() - 1);
  return {nodes_[from], nodes_[other + (other >= from ? 1 : 0)]};
}

void FaultDriver::Fault(size_t fault) {
  random_ = Random(seed_ ^ (0x9e3779b97f4a7c15u * (fault + 1)));
  using Kind = void (FaultDriver::*)();
  const std::array<std::pair<uint32_t, Kind>, 9> kinds = {{
      {options_.partitions, &FaultDriver::Partition},
      {options_.one_way_cuts, &FaultDriver::CutOneWay},
      {options_.resets, &FaultDriver::Reset},
      {options_.clogs, &FaultDriver::Clog},
      {options_.pauses, &FaultDriver::Pause},
      {options_.wall_clocks, &FaultDriver::SetWallClock},
      {options_.failing_calls, &FaultDriver::FailCalls},
      {options_.crashes, &FaultDriver::Crash},
      {options_.rolling_restarts, &FaultDriver::RestartAll},
  }};
  uint64_t all = 0;
  for (const auto& [weight, kind] : kinds) all += weight;
  if (all == 0) return;
  uint64_t drawn = random_.Below(all);
  for (const auto& [weight, kind] : kinds) {
    if (drawn < weight) return (this->*kind)();
    drawn -= weight;
  }
}

void FaultDriver::Partition() {
  const Pair pair = AnyPair();
  Log(absl::StrCat("partition of ", pair.first, " and ", pair.second));
  simulation_.Partition(pair.first, pair.second);
  MendLater(BetweenBoth(pair), [this, pair] { simulation_.Heal(pair.first, pair.second); });
}

void FaultDriver::CutOneWay() {
  const Pair pair = AnyPair();
  Log(absl::StrCat("cut from ", pair.first, " to ", pair.second));
  simulation_.Cut(pair.first, pair.second);
  MendLater(BetweenBoth(pair), [this, pair] { simulation_.Heal(pair.first, pair.second); });
}

void FaultDriver::Reset() {
  const Pair pair = AnyPair();
  if (random_.Below(2) == 0) {
    Log(absl::StrCat("reset of ", pair.first, " and ", pair.second));
    return simulation_.Reset(pair.first, pair.second);
  }
  const uint64_t bytes = random_.Below(uint64_t{1} << random_.Below(13));
  Log(absl::StrCat("reset from ", pair.first, " to ", pair.second, " after ", bytes, " bytes"));
  simulation_.ResetAfter(pair.first, pair.second, bytes);
  MendLater(OneWay("reset", pair),
            [this, pair] { simulation_.CancelReset(pair.first, pair.second); });
}

void FaultDriver::Clog() {
  const Pair pair = AnyPair();
  LinkOptions link;
  if (random_.Below(2) == 0) {
    link.delay = DelayRange{absl::Milliseconds(1),
                            absl::Milliseconds(1 + static_cast<int>(random_.Below(2000)))};
  } else {
    link.bytes_per_second = 1000 + random_.Below(100'000);
  }
  Log(absl::StrCat("clog from ", pair.first, " to ", pair.second));
  simulation_.SetLink(pair.first, pair.second, link);
  MendLater(OneWay("link", pair),
            [this, pair] { simulation_.SetLink(pair.first, pair.second, LinkOptions()); });
}

void FaultDriver::Pause() {
  const std::string& node = AnyNode();
  const absl::Duration time = Draw(options_.lasts);
  if (random_.Below(2) == 0) {
    Log(absl::StrCat("pause of ", node, " for ", absl::FormatDuration(time)));
    paused_.insert(node);
    return simulation_.Pause(node, time);
  }
  if (IsDown(node)) return;
  const int shard = static_cast<int>(random_.Below(static_cast<uint64_t>(options_.shards)));
  Log(absl::StrCat("pause of shard ", shard, " of ", node, " for ", absl::FormatDuration(time)));
  paused_.insert(node);
  simulation_.PauseShard(node, shard, time);
}

void FaultDriver::SetWallClock() {
  const std::string& node = AnyNode();
  const auto error = absl::Seconds(static_cast<int64_t>(random_.Below(2 * kDaySeconds))) -
                     absl::Seconds(static_cast<int64_t>(kDaySeconds));
  Log(absl::StrCat("wall clock of ", node, " wrong by ", absl::FormatDuration(error)));
  wrong_clocks_.insert(node);
  simulation_.SetWallClockError(node, error);
}

void FaultDriver::FailCalls() {
  const std::string& node = AnyNode();
  const double share = random_.Unit() / 2;
  Log(absl::StrCat("calls of ", node, " fail: ", share));
  simulation_.FailCalls(node, share);
  MendLater(absl::StrCat("calls of ", node), [this, node] { simulation_.FailCalls(node, 0); });
}

void FaultDriver::Crash() {
  const std::string node = AnyNode();
  if (IsDown(node)) return;
  End(node, random_.Below(2) == 0);
  MendLater(absl::StrCat("process of ", node), [this, node] { StartAgain(node); });
}

void FaultDriver::RestartAll() {
  const absl::Duration each = Draw(options_.lasts);
  Instant when = simulation_.clock().Now();
  Log(absl::StrCat("restart of all, each for ", absl::FormatDuration(each)));
  for (const std::string& node : nodes_) {
    const bool is_switched_off = random_.Below(2) == 0;
    later_.push_back({when, /*is_mending=*/false, [this, node, is_switched_off] {
                        if (!IsDown(node)) End(node, is_switched_off);
                      }});
    when = when + each;
    later_.push_back({when, /*is_mending=*/true, [this, node] { StartAgain(node); }});
  }
}

void FaultDriver::End(const std::string& node, bool is_switched_off) {
  down_.push_back(node);
  if (is_switched_off) {
    Log(absl::StrCat(node, " is switched off"));
    simulation_.SwitchOff(node);
  } else {
    Log(absl::StrCat("crash of ", node));
    simulation_.Crash(node);
  }
  options_.crash(node);
}

void FaultDriver::StartAgain(const std::string& node) {
  // Another fault may have been faster.
  if (std::erase(down_, node) == 0) return;
  Log(absl::StrCat(node, " starts again"));
  simulation_.Restart(node);
  options_.restart(node);
}

bool FaultDriver::IsDown(const std::string& node) const {
  return std::find(down_.begin(), down_.end(), node) != down_.end();
}

void FaultDriver::MendLater(const std::string& what, std::function<void()> mend) {
  ++disturbed_[what];
  later_.push_back({simulation_.clock().Now() + Draw(options_.lasts), /*is_mending=*/true,
                    [this, what, mend = std::move(mend)] {
                      if (--disturbed_[what] == 0) mend();
                    }});
}

Instant FaultDriver::DoDue() {
  Instant next = Instant::Infinite();
  // In the order of their faults. What is done may begin something, but no fault.
  for (size_t i = 0; i < later_.size();) {
    if (later_[i].when <= simulation_.clock().Now()) {
      const std::function<void()> action = std::move(later_[i].action);
      later_.erase(later_.begin() + static_cast<ptrdiff_t>(i));
      action();
    } else {
      next = std::min(next, later_[i++].when);
    }
  }
  return next;
}

void FaultDriver::Log(std::string line) {
  log_.push_back(absl::StrCat(SimTimeText(simulation_.clock().Now()), " ", line));
}

}  // namespace troupe
