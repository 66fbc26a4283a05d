#include "troupe/sim/sim_running_program.h"

#include <algorithm>
#include <csignal>
#include <limits>
#include <utility>

namespace troupe {
namespace {

constexpr size_t kPipeBytes = 64u << 10;
constexpr absl::Duration kSignalDelay = absl::Microseconds(100);
constexpr absl::Duration kReadTime = absl::Microseconds(100);

bool EndsByDefault(int signal) {
  switch (signal) {
    case SIGCHLD:
    case SIGURG:
    case SIGWINCH:
    case SIGCONT:
    // A child has a session of its own, and a terminal's signals stop nothing in such a one.
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU:
      return false;
    default:
      return true;
  }
}

}  // namespace

SimRunningProgram::SimRunningProgram(SimScheduler& scheduler, const SimHost& host,
                                     std::unique_ptr<SimStreamingProgram> program,
                                     const ChildOptions& options, std::function<void()> on_change)
    : scheduler_(scheduler),
      host_(host),
      options_(options),
      on_change_(std::move(on_change)),
      input_ended_(!options.pipe_input),
      read_bytes_max_(std::numeric_limits<size_t>::max()),
      read_time_(kReadTime),
      program_(std::move(program)) {}

void SimRunningProgram::Begin() {
  Later(absl::ZeroDuration(), [this] { Call([this] { Start(); }); });
}

void SimRunningProgram::Abandon() {
  on_change_ = [] {};
  if (!end_.has_value()) end_ = ChildStatus{.signal = SIGKILL};
}

// --- What the program does. ---

void SimRunningProgram::WriteTo(bool is_stderr, std::string_view bytes) {
  if (!options_.capture_output) return;
  Do([this, is_stderr, text = std::string(bytes), written = size_t{0}]() mutable {
    std::string& pipe = output_[is_stderr];
    const size_t count = std::min(kPipeBytes - pipe.size(), text.size() - written);
    pipe.append(text, written, count);
    scheduler_.trace().Mix(std::string_view(text).substr(written, count));
    written += count;
    if (count > 0) on_change_();
    return written == text.size();
  });
}

void SimRunningProgram::End(const ChildStatus& status) {
  if (in_signal_) return Finish(status);
  Do([this, status] {
    Finish(status);
    return true;
  });
}

void SimRunningProgram::After(absl::Duration delay, std::function<void()> function) {
  Do([this, delay, function = std::move(function)] {
    Later(delay, [this, function] { Call(function); });
    return true;
  });
}

void SimRunningProgram::CloseInput() {
  Do([this] {
    input_closed_ = true;
    input_.clear();
    on_change_();
    return true;
  });
}

void SimRunningProgram::SetReadingPace(size_t bytes_max, absl::Duration time) {
  Do([this, bytes_max, time] {
    read_bytes_max_ = bytes_max;
    read_time_ = time;
    ReadLater();
    return true;
  });
}

void SimRunningProgram::Do(Action action) {
  actions_.push_back(std::move(action));
  // What is in front of it was tried before.
  if (actions_.size() == 1) Act();
}

void SimRunningProgram::Act() {
  while (!stopped_ && !end_.has_value() && !actions_.empty() && actions_.front()()) {
    actions_.pop_front();
  }
}

// --- When the program is called. ---

void SimRunningProgram::Later(absl::Duration delay, std::function<void()> function) {
  scheduler_.After(delay, [weak = weak_from_this(), function] {
    // Until the call is over.
    const std::shared_ptr<SimRunningProgram> self = weak.lock();
    if (self != nullptr && !self->host_.crashed) function();
  });
}

void SimRunningProgram::Call(std::function<void()> function) {
  calls_.push_back(std::move(function));
  RunCalls();
}

void SimRunningProgram::RunCalls() {
  while (!calls_.empty() && !in_call_ && !stopped_ && !end_.has_value() && actions_.empty()) {
    const std::function<void()> call = std::move(calls_.front());
    calls_.pop_front();
    in_call_ = true;
    call();
    in_call_ = false;
  }
}

void SimRunningProgram::Start() {
  started_ = true;
  program_->OnStart(*this);
  ReadLater();
}

void SimRunningProgram::ReadLater() {
  if (!started_ || reading_ || read_bytes_max_ == 0 || input_closed_ || input_end_told_) return;
  if (input_.empty() && !input_ended_) return;
  reading_ = true;
  Later(read_time_, [this] { Call([this] { Read(); }); });
}

void SimRunningProgram::Read() {
  reading_ = false;
  if (read_bytes_max_ == 0 || input_closed_) return;
  if (input_.empty()) {
    input_end_told_ = true;
    return program_->OnInputEnd(*this);
  }
  const std::string bytes = input_.substr(0, read_bytes_max_);
  input_.erase(0, bytes.size());
  on_change_();
  program_->OnInput(*this, bytes);
  ReadLater();
}

// --- What the parent does. ---

std::string SimRunningProgram::TakeOutput(bool is_stderr, size_t bytes_max) {
  std::string& pipe = output_[is_stderr];
  std::string bytes = pipe.substr(0, bytes_max);
  pipe.erase(0, bytes.size());
  const bool waited = !actions_.empty();
  Act();
  if (waited && actions_.empty()) Later(absl::ZeroDuration(), [this] { RunCalls(); });
  return bytes;
}

void SimRunningProgram::AddInput(std::string_view bytes) {
  input_.append(bytes);
  ReadLater();
}

void SimRunningProgram::EndInput() {
  input_ended_ = true;
  ReadLater();
}

void SimRunningProgram::Signal(int signal) {
  switch (signal) {
    case 0:
      return;
    case SIGSTOP:
      stopped_ = true;
      return;
    case SIGKILL:
      return Later(kSignalDelay, [this] { Finish({.signal = SIGKILL}); });
    case SIGCONT:
      stopped_ = false;
      Later(kSignalDelay, [this] { Continue(); });
      break;
    default:
      break;
  }
  Later(kSignalDelay, [this, signal] { Deliver(signal); });
}

void SimRunningProgram::Deliver(int signal) {
  if (end_.has_value()) return;
  if (stopped_) {
    pending_signals_.insert(signal);
    return;
  }
  in_signal_ = true;
  // One that has not begun has no handlers yet.
  const bool handled = started_ && program_->OnSignal(*this, signal);
  in_signal_ = false;
  if (!handled && EndsByDefault(signal)) Finish({.signal = signal});
  RunCalls();
}

void SimRunningProgram::Continue() {
  if (stopped_) return;
  for (const int signal : std::exchange(pending_signals_, {})) Deliver(signal);
  Act();
  RunCalls();
}

void SimRunningProgram::Finish(const ChildStatus& status) {
  if (end_.has_value()) return;
  end_ = status;
  input_.clear();
  on_change_();
}

}  // namespace troupe
