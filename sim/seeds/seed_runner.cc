#include "troupe/sim/seeds/seed_runner.h"

#include <poll.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "troupe/base/check.h"
#include "troupe/base/instant.h"
#include "troupe/sim/seeds/seed_process.h"

namespace troupe {
namespace {

constexpr int kLookEveryMs = 500;

using RealClock = std::chrono::steady_clock;

// The same whatever the order in which the runs ended.
uint64_t Mixed(uint64_t seed, uint64_t hash) { return (hash ^ seed) * 0x9e3779b97f4a7c15u; }

void Add(SeedSummary& summary, RunReport report) {
  ++summary.runs;
  summary.trace_hash += Mixed(report.seed, report.trace_hash);
  summary.virtual_nanos += report.virtual_nanos;
  for (const std::string& site : report.fired) ++summary.fired[site];
  if (!report.failed()) return;
  std::vector<RunReport>& failed = summary.failed;
  const auto behind = std::find_if(failed.begin(), failed.end(), [&](const RunReport& other) {
    return other.seed > report.seed;
  });
  failed.insert(behind, std::move(report));
}

// Of the `count`-th; none if fewer failed.
uint64_t SeedOfFailure(const SeedSummary& summary, size_t count) {
  return summary.failed.size() < count ? std::numeric_limits<uint64_t>::max()
                                       : summary.failed[count - 1].seed;
}

// Waits for any of them, not for ever: one may hang.
void WaitFor(const std::vector<std::unique_ptr<SeedProcess>>& processes) {
  std::vector<pollfd> fds;
  for (const auto& process : processes) fds.push_back({process->fd(), POLLIN, 0});
  poll(fds.data(), fds.size(), kLookEveryMs);
}

}  // namespace

RunReport SeedRunner::RunHere(uint64_t seed, const SimChoices::Given& given,
                              const SimulationOptions& options,
                              const SimChoices::Observer& made) const {
  SimRun run(seed, given, options, made);
  const Instant begin = run.simulation().clock().Now();
  scenario_(run);
  RunReport report;
  report.seed = seed;
  report.trace_hash = run.simulation().trace_hash();
  report.virtual_nanos = run.simulation().clock().Now().nanos - begin.nanos;
  report.choices = run.choices();
  report.wrong = run.wrong();
  for (const auto& [name, site] : run.simulation().buggify().sites()) {
    if (site.fired > 0) report.fired.push_back(name);
  }
  return report;
}

RunReport SeedRunner::RunApart(uint64_t seed, const SimChoices::Given& given,
                               const SimulationOptions& options) const {
  std::vector<std::unique_ptr<SeedProcess>> processes;
  processes.push_back(std::make_unique<SeedProcess>(
      seed, seed + 1, 1, [&](uint64_t, const SimChoices::Observer& made) {
        return RunHere(seed, given, options, made);
      }));
  RunReport made;
  while (processes[0]->Take([&](RunReport report) { made = std::move(report); })) {
    processes[0]->KillIfHung(run_time_max_);
    WaitFor(processes);
  }
  return made;
}

SeedSummary SeedRunner::RunSeeds(uint64_t first, uint64_t count, int processes,
                                 size_t failures_max) const {
  TROUPE_CHECK_MSG(count > 0, "no seed is no test");
  TROUPE_CHECK_MSG(failures_max > 0, "it ends with the first failure, or a later one");
  SeedSummary summary;
  const auto job = [this](uint64_t seed, const SimChoices::Observer& made) {
    return RunHere(seed, {}, options_, made);
  };
  const RealClock::time_point begin = RealClock::now();
  const uint64_t end = first + count;
  const auto stride = std::clamp<uint64_t>(static_cast<uint64_t>(std::max(processes, 1)), 1, count);
  summary.processes = static_cast<int>(stride);
  std::vector<std::unique_ptr<SeedProcess>> running;
  for (uint64_t i = 0; i < stride; ++i) {
    running.push_back(std::make_unique<SeedProcess>(first + i, end, stride, job));
  }
  while (!running.empty()) {
    WaitFor(running);
    for (auto& process : running) {
      // Not before it is sure which failed first: that does not depend on how fast each was.
      if (process->next() > SeedOfFailure(summary, failures_max)) {
        process = nullptr;
        continue;
      }
      const auto done = [&](RunReport report) { Add(summary, std::move(report)); };
      if (process->Take(done)) {
        process->KillIfHung(run_time_max_);
        continue;
      }
      // Over, or ended in the middle of a run: another one takes the rest.
      const uint64_t next = process->next();
      process = process->over() ? nullptr : std::make_unique<SeedProcess>(next, end, stride, job);
    }
    std::erase(running, nullptr);
  }
  summary.failed.resize(std::min(summary.failed.size(), failures_max));
  summary.took = RealClock::now() - begin;
  return summary;
}

std::string SeedSummary::ToText() const {
  const double seconds = std::max(took.count(), 1e-3);
  std::string text = absl::StrFormat(
      "%d runs in %.1f s, %d at a time: %d a minute, %.0f times as fast as real time; %s; trace "
      "hash %016x",
      runs, seconds, processes, static_cast<int64_t>(static_cast<double>(runs) * 60 / seconds),
      static_cast<double>(virtual_nanos) / 1e9 / seconds,
      failed.empty() ? std::string("none failed") : absl::StrCat(failed.size(), " failed"),
      trace_hash);
  for (const auto& [site, count] : fired) {
    absl::StrAppend(&text, "\n  \"", site, "\" in ", count, " runs");
  }
  return text;
}

}  // namespace troupe
