#include "troupe/sim/sim_child.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "troupe/loop/signal_number.h"

namespace troupe {

SimChild::SimChild(SimPoller& poller, int pid, std::unique_ptr<SimStreamingProgram> program,
                   const ChildOptions& options, const Limits& limits, uint32_t& running_count,
                   ChildHandler* handler)
    : SimSource(poller),
      pid_(pid),
      has_input_(options.pipe_input),
      output_bytes_max_(limits.child_output_bytes_max),
      input_bytes_max_(limits.child_input_bytes_max),
      running_count_(running_count),
      handler_(*handler),
      program_(std::make_shared<SimRunningProgram>(poller.scheduler(), poller.host(),
                                                   std::move(program), options,
                                                   [this] { UpdateReady(); })) {
  ++running_count_;
  program_->Begin();
}

SimChild::~SimChild() {
  program_->Abandon();
  if (!exited_) --running_count_;
}

absl::Status SimChild::Signal(int signal, SignalTarget) {
  if (program_->end().has_value()) {
    return absl::NotFoundError(
        absl::StrCat("signal ", signal, " to process ", pid_, ": it has ended"));
  }
  if (signal < 0 || signal > kSignalMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("signal ", signal, " to process ", pid_, ": Invalid argument"));
  }
  program_->Signal(signal);
  return absl::OkStatus();
}

absl::Status SimChild::WriteInput(std::string_view bytes) {
  if (!has_input_) return absl::FailedPreconditionError("the child has no pipe_input");
  if (program_->input_closed()) return absl::UnavailableError("the child's input is closed");
  if (bytes.size() > input_bytes_max_) {
    return absl::InvalidArgumentError(absl::StrCat(
        bytes.size(), " bytes at once never fit: child_input_bytes_max is ", input_bytes_max_));
  }
  const size_t unread_bytes = program_->unread_bytes();
  if (unread_bytes + bytes.size() > input_bytes_max_) {
    wants_room_ = true;
    return absl::ResourceExhaustedError(absl::StrCat("child_input_bytes_max (", input_bytes_max_,
                                                     "): the child has not read ", unread_bytes,
                                                     " bytes"));
  }
  program_->AddInput(bytes);
  return absl::OkStatus();
}

bool SimChild::InputHasRoom() const {
  return program_->unread_bytes() <= input_bytes_max_ / 2 || program_->input_closed();
}

bool SimChild::HasInputRoom() {
  if (InputHasRoom()) return true;
  wants_room_ = true;
  return false;
}

void SimChild::CloseInput() {
  program_->EndInput();
  UpdateReady();
}

void SimChild::HoldOutput(bool is_stderr, bool hold) {
  held_[is_stderr] = hold;
  UpdateReady();
}

bool SimChild::IsReady() const {
  if (exited_) return false;
  if (program_->end().has_value() || (wants_room_ && InputHasRoom())) return true;
  return (!held_[false] && program_->has_output(false)) ||
         (!held_[true] && program_->has_output(true));
}

void SimChild::OnReady() {
  if (program_->end().has_value()) return TellEnd();
  for (const bool is_stderr : {false, true}) {
    if (!held_[is_stderr] && !TellOutput(is_stderr)) return;
  }
  if (!TellRoom()) return;
  UpdateReady();
}

// One piece of what is in the pipe.
bool SimChild::TellOutput(bool is_stderr) {
  if (!program_->has_output(is_stderr)) return true;
  Liveness::Watch watch(liveness_);
  const std::string piece = program_->TakeOutput(is_stderr, output_bytes_max_);
  handler_.OnChildOutput(is_stderr, piece);
  return watch.alive();
}

bool SimChild::TellRoom() {
  if (!wants_room_ || !InputHasRoom()) return true;
  wants_room_ = false;
  Liveness::Watch watch(liveness_);
  handler_.OnChildInputRoom();
  return watch.alive();
}

void SimChild::TellEnd() {
  exited_ = true;
  SetReady(false);
  --running_count_;
  for (const bool is_stderr : {false, true}) {
    while (program_->has_output(is_stderr)) {
      if (!TellOutput(is_stderr)) return;
    }
  }
  handler_.OnChildExited(*program_->end());
}

}  // namespace troupe
