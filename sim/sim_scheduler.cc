#include "troupe/sim/sim_scheduler.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "troupe/base/check.h"
#include "troupe/base/text.h"

namespace troupe {
namespace {

// A monotonic clock says nothing about when it began: not at zero, so that nobody relies on it.
constexpr Instant kStart = {1'000'000'000};

}  // namespace

SimTask::SimTask(SimScheduler& scheduler, const SimHost& host, std::string_view name)
    : scheduler_(scheduler), host_(host), name_(absl::StrCat(host.name, "/", AbslView(name))) {
  scheduler_.tasks_.push_back(this);
}

SimTask::~SimTask() { std::erase(scheduler_.tasks_, this); }

SimScheduler::SimScheduler(const SimulationOptions& options)
    : options_(options),
      thread_(std::this_thread::get_id()),
      random_(options.seed),
      trace_(options.record_trace ? options.trace_lines_max : 0),
      now_(kStart) {}

SimScheduler::~SimScheduler() {
  TROUPE_CHECK_MSG(tasks_.empty(), "a simulation ended before its systems");
}

absl::Time SimScheduler::WallNow() const { return options_.epoch + (now_ - kStart); }

absl::Duration SimScheduler::Draw(const DelayRange& range) {
  const int64_t min = NanosRoundedUp(range.min);
  const int64_t max = std::max(NanosRoundedUp(range.max), min);
  return absl::Nanoseconds(
      min + static_cast<int64_t>(random_.Below(static_cast<uint64_t>(max - min) + 1)));
}

bool SimScheduler::DriveUntil(SimHost* host, const std::function<bool()>& done, Instant deadline) {
  TROUPE_CHECK_MSG(std::this_thread::get_id() == thread_,
                   "a simulation is driven by the thread that made it");
  TROUPE_CHECK_MSG(running_ == nullptr || running_->may_wait(), "a shard's turn waits");
  if (host != nullptr) ++host->waiting_count;
  SimTask* const waiting = std::exchange(running_, nullptr);
  Drive(done, deadline);
  running_ = waiting;
  if (host != nullptr) --host->waiting_count;
  return done();
}

void SimScheduler::Drive(const std::function<bool()>& done, Instant deadline) {
  for (uint64_t steps = 0; !done() && now_ < deadline; ++steps) {
    if (steps == options_.steps_max) Fail("what is waited for did not come in steps_max steps");
    if (Step(deadline)) continue;
    if (deadline.is_infinite()) Fail("deadlock: nothing can happen any more");
    Advance(deadline);
  }
}

bool SimScheduler::Step(Instant deadline) {
  if (agenda_.next() <= now_) {
    agenda_.RunNext();
    return true;
  }
  if (SimTask* const task = PickRunnable()) {
    RunStepOf(*task);
    return true;
  }
  const Instant next = NextChange();
  if (next.is_infinite()) return false;
  Advance(std::min(next, deadline));
  return true;
}

SimTask* SimScheduler::PickRunnable() {
  candidates_.clear();
  for (SimTask* const task : tasks_) {
    if (std::max(task->runs_at_, task->host_.runs_from()) <= now_) candidates_.push_back(task);
  }
  if (candidates_.empty()) return nullptr;
  return candidates_[candidates_.size() == 1 ? 0 : random_.Below(candidates_.size())];
}

void SimScheduler::RunStepOf(SimTask& task) {
  Trace("run", task.name_);
  const DelayRange time = task.step_time();
  running_ = &task;
  task.RunStep();
  running_ = nullptr;
  now_ = now_ + Draw(time);
}

Instant SimScheduler::NextChange() const {
  Instant next = agenda_.next();
  for (const SimTask* const task : tasks_) {
    next = std::min(next, std::max(task->runs_at_, task->host_.runs_from()));
  }
  return next;
}

void SimScheduler::Advance(Instant to) {
  now_ = std::max(now_, to);
  Trace("time", "");
}

bool SimScheduler::HasTasksOf(const SimHost& host) const {
  return std::any_of(tasks_.begin(), tasks_.end(),
                     [&](const SimTask* task) { return &task->host_ == &host; });
}

void SimScheduler::Fail(std::string_view why) const {
  const std::string detail = absl::StrCat("simulation seed ", options_.seed, " at ",
                                          SimTimeText(now_), ": ", AbslView(why));
  internal::CheckFailed(__FILE__, __LINE__, "the wait can end", detail);
}

}  // namespace troupe
