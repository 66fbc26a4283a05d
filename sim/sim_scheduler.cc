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

constexpr size_t kStoryEventsMax = 1u << 14;

}  // namespace

SimTask::SimTask(SimScheduler& scheduler, SimHost& host, std::string_view name)
    : scheduler_(scheduler), host_(host), name_(absl::StrCat(host.name, "/", AbslView(name))) {
  scheduler_.tasks_.push_back(this);
}

SimTask::~SimTask() { std::erase(scheduler_.tasks_, this); }

SimScheduler::SimScheduler(const SimulationOptions& options)
    : options_(options),
      thread_(std::this_thread::get_id()),
      random_(options.seed),
      trace_(options.record_trace ? options.trace_lines_max : 0),
      story_(options.record_trace ? std::min(options.trace_lines_max, kStoryEventsMax) : 0,
             options.trace_files.empty() ? "" : options.trace_files + ".txt"),
      now_(kStart) {}

SimScheduler::~SimScheduler() {
  TROUPE_CHECK_MSG(tasks_.empty(), "a simulation ended before its systems");
}

absl::Time SimScheduler::WallNow() const { return options_.epoch + (now_ - kStart); }

bool SimScheduler::DriveUntil(SimHost* host, const std::function<bool()>& done, Instant deadline) {
  TROUPE_CHECK_MSG(std::this_thread::get_id() == thread_,
                   "a simulation is driven by the thread that made it");
  TROUPE_CHECK_MSG(running_ == nullptr || running_->may_wait(), "a shard's turn waits");
  SimTask* const waiting = std::exchange(running_, nullptr);
  if (host != nullptr && (host->crashed || host == alone_)) {
    DriveAlone(*host, done, deadline);
  } else {
    Drive(done, deadline);
  }
  running_ = waiting;
  return done();
}

void SimScheduler::Drive(const std::function<bool()>& done, Instant deadline) {
  for (uint64_t steps = 0; GoesOn(done) && now_ < deadline; ++steps) {
    if (steps == options_.steps_max) Fail("what is waited for did not come in steps_max steps");
    if (Step(deadline)) continue;
    if (deadline.is_infinite()) Fail("deadlock: nothing can happen any more");
    Advance(deadline);
  }
}

void SimScheduler::DriveAlone(SimHost& alone, const std::function<bool()>& done, Instant deadline) {
  const SimHost* const outer = std::exchange(alone_, &alone);
  const Instant crashed_at = now_;
  // Its cores and its pauses are no concern of a process that only has to end.
  Resume(alone);
  for (uint64_t steps = 0; GoesOn(done) && now_ < deadline; ++steps) {
    if (steps == options_.steps_max) Fail("a crashed node did not end in steps_max steps");
    if (SimTask* const task = PickRunnable()) {
      RunStepOf(*task);
      continue;
    }
    const Instant next = std::min(next_start_, deadline);
    if (next.is_infinite()) Fail("deadlock: a crashed node cannot end");
    now_ = std::max(now_, next);
  }
  alone_ = outer;
  if (outer != nullptr) return;
  now_ = crashed_at;
  // Those were of that other time too.
  alone.FreeCores(now_);
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
  const Instant next = std::min(agenda_.next(), next_start_);
  if (next.is_infinite()) return false;
  Advance(std::min(next, deadline));
  return true;
}

// Plain numbers: each step looks at all threads.
int64_t SimScheduler::StartNanosOf(const SimTask& task) const {
  const SimHost& host = task.host_;
  const bool runs = alone_ != nullptr ? &host == alone_ : !host.crashed;
  if (!runs) return Instant::Infinite().nanos;
  const int64_t host_nanos = host.runs_from.nanos;
  return task.ready_at_.nanos > host_nanos ? task.ready_at_.nanos : host_nanos;
}

SimTask* SimScheduler::PickRunnable() {
  candidates_.clear();
  int64_t next_nanos = Instant::Infinite().nanos;
  for (SimTask* const task : tasks_) {
    const int64_t start_nanos = StartNanosOf(*task);
    if (start_nanos <= now_.nanos) {
      candidates_.push_back(task);
    } else if (start_nanos < next_nanos) {
      next_nanos = start_nanos;
    }
  }
  next_start_ = {next_nanos};
  if (candidates_.empty()) return nullptr;
  return candidates_[candidates_.size() == 1 ? 0 : random_.Below(candidates_.size())];
}

void SimScheduler::RunStepOf(SimTask& task) {
  Trace("run", task.name_);
  task.busy_until_ = now_ + Draw(task.step_time());
  task.UpdateReadyAt();
  task.host_.Occupy(task.busy_until_);
  running_ = &task;
  task.RunStep();  // May be its last.
  running_ = nullptr;
}

void SimScheduler::Advance(Instant to) {
  now_ = std::max(now_, to);
  Trace("time", "");
}

bool SimScheduler::HasTasksOf(const SimHost& host) const {
  return std::any_of(tasks_.begin(), tasks_.end(),
                     [&](const SimTask* task) { return &task->host_ == &host; });
}

bool SimScheduler::PauseThread(const SimHost& host, std::string_view name, Instant end) {
  const std::string full_name = absl::StrCat(host.name, "/", AbslView(name));
  for (SimTask* const task : tasks_) {
    if (&task->host_ != &host || task->name_ != full_name) continue;
    task->paused_until_ = std::max(task->paused_until_, end);
    task->UpdateReadyAt();
    return true;
  }
  return false;
}

void SimScheduler::Resume(SimHost& host) {
  host.Resume();
  for (SimTask* const task : tasks_) {
    if (&task->host_ != &host) continue;
    task->paused_until_ = {};
    task->UpdateReadyAt();
  }
}

void SimScheduler::Fail(std::string_view why) const {
  const std::string detail = absl::StrCat("simulation seed ", options_.seed, " at ",
                                          SimTimeText(now_), ": ", AbslView(why));
  internal::CheckFailed(__FILE__, __LINE__, "the wait can end", detail);
}

}  // namespace troupe
