#include "troupe/sim/oracles/monitors_oracle.h"

#include "absl/strings/str_cat.h"

namespace troupe {

uint64_t MonitorsOracle::New(uint64_t watcher, uint64_t target) {
  const uint64_t number = monitors_.size() + 1;
  monitors_.emplace(number, Monitor{.watcher = watcher, .target = target});
  return number;
}

void MonitorsOracle::Down(uint64_t number) {
  Monitor& monitor = monitors_.at(number);
  if (++monitor.downs > 1) run_.Wrong(absl::StrCat("monitor ", number, " has a second Down"));
  if (monitor.ended) run_.Wrong(absl::StrCat("monitor ", number, " has a Down after its end"));
  down_.emplace(monitor.watcher, monitor.target);
}

void MonitorsOracle::Message(uint64_t watcher, uint64_t target) const {
  if (!down_.contains({watcher, target})) return;
  run_.Wrong(absl::StrCat("a message of actor ", target, " came after its Down"));
}

void MonitorsOracle::Judge(
    const std::function<bool(uint64_t watcher)>& lives,
    const std::function<Downs(uint64_t watcher, uint64_t target)>& due) const {
  for (const auto& [number, monitor] : monitors_) {
    if (monitor.ended || !lives(monitor.watcher)) continue;
    const Downs downs = due(monitor.watcher, monitor.target);
    const int least = downs == Downs::kOne ? 1 : 0;
    const int most = downs == Downs::kNone ? 0 : 1;
    if (least <= monitor.downs && monitor.downs <= most) continue;
    run_.Wrong(absl::StrCat("monitor ", number, " of actor ", monitor.target, " has ",
                            monitor.downs, " Downs, not ", least, " to ", most));
  }
}

}  // namespace troupe
