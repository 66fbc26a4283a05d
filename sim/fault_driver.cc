#include "troupe/sim/fault_driver.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "troupe/base/check.h"
#include "troupe/sim/link_options.h"
#include "troupe/sim/sim_trace.h"

namespace troupe {

FaultDriver::FaultDriver(Simulation& simulation, std::vector<std::string> nodes, uint64_t seed,
                         FaultOptions options)
    : simulation_(simulation),
      nodes_(std::move(nodes)),
      options_(std::move(options)),
      random_(seed) {
  TROUPE_CHECK_MSG(nodes_.size() >= 2, "faults between nodes need two of them");
  TROUPE_CHECK_MSG(options_.crashes == 0 || (options_.crash && options_.restart),
                   "crashes need the test's `crash` and `restart`");
}

void FaultDriver::RunFor(absl::Duration time) {
  const Instant end = simulation_.clock().Now() + time;
  Instant next_fault = simulation_.clock().Now() + Draw(options_.between);
  while (simulation_.clock().Now() < end) {
    const Instant next = std::min({MendDue(), next_fault, end});
    if (next > simulation_.clock().Now()) simulation_.RunFor(next - simulation_.clock().Now());
    if (simulation_.clock().Now() < next_fault || simulation_.clock().Now() >= end) continue;
    Fault();
    next_fault = simulation_.clock().Now() + Draw(options_.between);
  }
}

void FaultDriver::MendAll() {
  for (Mending& each : mendings_) each.when = {};
  MendDue();
}

FaultDriver::Pair FaultDriver::AnyPair() {
  const size_t from = random_.Below(nodes_.size());
  const size_t other = random_.Below(nodes_.size() - 1);
  return {nodes_[from], nodes_[other + (other >= from ? 1 : 0)]};
}

void FaultDriver::Fault() {
  using Kind = void (FaultDriver::*)();
  const std::array<std::pair<uint32_t, Kind>, 6> kinds = {{
      {options_.partitions, &FaultDriver::Partition},
      {options_.one_way_cuts, &FaultDriver::CutOneWay},
      {options_.resets, &FaultDriver::Reset},
      {options_.clogs, &FaultDriver::Clog},
      {options_.pauses, &FaultDriver::Pause},
      {options_.crashes, &FaultDriver::Crash},
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
  MendLater([this, pair] { simulation_.Heal(pair.first, pair.second); });
}

void FaultDriver::CutOneWay() {
  const Pair pair = AnyPair();
  Log(absl::StrCat("cut from ", pair.first, " to ", pair.second));
  simulation_.Cut(pair.first, pair.second);
  MendLater([this, pair] { simulation_.Heal(pair.first, pair.second); });
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
  MendLater([this, pair] { simulation_.SetLink(pair.first, pair.second, LinkOptions()); });
}

void FaultDriver::Pause() {
  const std::string& node = AnyNode();
  const absl::Duration time = Draw(options_.lasts);
  if (random_.Below(2) == 0) {
    Log(absl::StrCat("pause of ", node, " for ", absl::FormatDuration(time)));
    return simulation_.Pause(node, time);
  }
  if (std::find(down_.begin(), down_.end(), node) != down_.end()) return;
  const int shard = static_cast<int>(random_.Below(static_cast<uint64_t>(options_.shards)));
  Log(absl::StrCat("pause of shard ", shard, " of ", node, " for ", absl::FormatDuration(time)));
  simulation_.PauseShard(node, shard, time);
}

void FaultDriver::Crash() {
  const std::string node = AnyNode();
  if (std::find(down_.begin(), down_.end(), node) != down_.end()) return;
  down_.push_back(node);
  if (random_.Below(2) == 0) {
    Log(absl::StrCat("crash of ", node));
    simulation_.Crash(node);
  } else {
    Log(absl::StrCat(node, " is switched off"));
    simulation_.SwitchOff(node);
  }
  options_.crash(node);
  MendLater([this, node] {
    std::erase(down_, node);
    simulation_.Restart(node);
    options_.restart(node);
  });
}

void FaultDriver::MendLater(std::function<void()> mend) {
  mendings_.push_back({simulation_.clock().Now() + Draw(options_.lasts), std::move(mend)});
}

Instant FaultDriver::MendDue() {
  Instant next = Instant::Infinite();
  // In the order of their faults. What is mended may begin something, but no fault.
  for (size_t i = 0; i < mendings_.size();) {
    if (mendings_[i].when <= simulation_.clock().Now()) {
      const std::function<void()> mend = std::move(mendings_[i].mend);
      mendings_.erase(mendings_.begin() + static_cast<ptrdiff_t>(i));
      mend();
    } else {
      next = std::min(next, mendings_[i++].when);
    }
  }
  return next;
}

void FaultDriver::Log(std::string line) {
  log_.push_back(absl::StrCat(SimTimeText(simulation_.clock().Now()), " ", line));
}

}  // namespace troupe
