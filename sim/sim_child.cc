#include "troupe/sim/sim_child.h"

#include <algorithm>
#include <csignal>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "troupe/loop/signal_number.h"

namespace troupe {
namespace {

constexpr absl::Duration kSignalDelay = absl::Microseconds(100);
constexpr absl::Duration kReadDelay = absl::Microseconds(100);

enum class Effect { kNone, kEnd, kStop, kContinue };

// By default; a simulated program has no handlers of its own.
Effect EffectOf(int signal) {
  switch (signal) {
    case 0:
    case SIGCHLD:
    case SIGURG:
    case SIGWINCH:
    // A child has a session of its own, and a terminal's signals stop nothing in such a one.
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU:
      return Effect::kNone;
    case SIGSTOP:
      return Effect::kStop;
    case SIGCONT:
      return Effect::kContinue;
    default:
      return Effect::kEnd;
  }
}

}  // namespace

SimChild::SimChild(SimPoller& poller, int pid, SimProgram program, const ChildOptions& options,
                   const Limits& limits, uint32_t& running_count, ChildHandler* handler)
    : SimSource(poller),
      scheduler_(poller.scheduler()),
      pid_(pid),
      program_(std::move(program)),
      options_(options),
      output_bytes_max_(limits.child_output_bytes_max),
      input_bytes_max_(limits.child_input_bytes_max),
      running_count_(running_count),
      handler_(*handler) {
  ++running_count_;
  if (!options.pipe_input) Start();
}

SimChild::~SimChild() {
  if (!exited_) --running_count_;
}

absl::Status SimChild::Signal(int signal, SignalTarget) {
  if (exited_) return absl::NotFoundError(absl::StrCat("the child ", pid_, " has ended"));
  if (signal < 0 || signal > kSignalMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("signal ", signal, " to process ", pid_, ": Invalid argument"));
  }
  if (Ignores(signal)) return absl::OkStatus();
  switch (EffectOf(signal)) {
    case Effect::kNone:
      break;
    case Effect::kStop:
      stopped_ = true;
      break;
    case Effect::kContinue:
      Continue();
      break;
    case Effect::kEnd:
      started_ = true;
      run_ = {.status = {.signal = signal}};
      if (signal == SIGKILL) stopped_ = false;
      EndAfter(kSignalDelay);
      break;
  }
  return absl::OkStatus();
}

bool SimChild::Ignores(int signal) const {
  if (signal == SIGKILL || signal == SIGSTOP || signal == SIGCONT) return false;
  const std::vector<int>& ignored = run_.ignored_signals;
  return std::find(ignored.begin(), ignored.end(), signal) != ignored.end();
}

void SimChild::Continue() {
  stopped_ = false;
  if (end_due_) SetReady(true);
  if (unread_bytes_ > 0) ReadInputSoon();
}

absl::Status SimChild::WriteInput(std::string_view bytes) {
  if (!options_.pipe_input) return absl::FailedPreconditionError("the child has no input pipe");
  if (started_) return absl::UnavailableError("the child's input is closed");
  if (bytes.size() > input_bytes_max_) {
    return absl::InvalidArgumentError(absl::StrCat(
        bytes.size(), " bytes at once never fit: child_input_bytes_max is ", input_bytes_max_));
  }
  if (unread_bytes_ + bytes.size() > input_bytes_max_) {
    wants_room_ = true;
    return absl::ResourceExhaustedError(absl::StrCat("child_input_bytes_max (", input_bytes_max_,
                                                     "): the child has not read ", unread_bytes_,
                                                     " bytes"));
  }
  input_.append(bytes);
  unread_bytes_ += bytes.size();
  ReadInputSoon();
  return absl::OkStatus();
}

void SimChild::ReadInputSoon() {
  if (read_ != nullptr) return;
  read_ = std::make_shared<bool>();
  scheduler_.After(kReadDelay, [this, read = std::weak_ptr<bool>(read_)] {
    if (read.expired()) return;
    read_.reset();
    if (stopped_) return;
    unread_bytes_ = 0;
    if (wants_room_) SetReady(true);
  });
}

void SimChild::TellRoom() {
  if (std::exchange(wants_room_, false) && HasInputRoom()) handler_.OnChildInputRoom();
}

bool SimChild::HasInputRoom() {
  if (unread_bytes_ <= input_bytes_max_ / 2 || started_) return true;
  wants_room_ = true;
  return false;
}

void SimChild::CloseInput() {
  if (!started_) Start();
}

void SimChild::Start() {
  started_ = true;
  run_ = program_(options_, input_);
  EndAfter(run_.takes);
}

void SimChild::EndAfter(absl::Duration wait) {
  end_ = std::make_shared<bool>();
  scheduler_.After(wait, [this, end = std::weak_ptr<bool>(end_)] {
    if (end.expired()) return;
    end_due_ = true;
    if (!stopped_) SetReady(true);
  });
}

void SimChild::OnReady() {
  SetReady(false);
  if (exited_) return;
  if (!end_due_ || stopped_) return TellRoom();
  exited_ = true;
  --running_count_;
  if (options_.capture_output) {
    if (!TellOutput(false, run_.output) || !TellOutput(true, run_.error_output)) return;
  }
  handler_.OnChildExited(run_.status);
}

bool SimChild::TellOutput(bool is_stderr, std::string_view bytes) {
  Liveness::Watch watch(liveness_);
  const size_t piece_bytes_max = output_bytes_max_;
  while (watch.alive() && !bytes.empty()) {
    // A copy: the handler may destroy this, and with it the text.
    const std::string piece(bytes.substr(0, piece_bytes_max));
    bytes.remove_prefix(piece.size());
    handler_.OnChildOutput(is_stderr, piece);
  }
  return watch.alive();
}

}  // namespace troupe
