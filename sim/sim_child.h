#ifndef TROUPE_SIM_SIM_CHILD_H_
#define TROUPE_SIM_SIM_CHILD_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "troupe/base/limits.h"
#include "troupe/loop/child_process.h"
#include "troupe/loop/liveness.h"
#include "troupe/sim/sim_poller.h"
#include "troupe/sim/sim_running_program.h"
#include "troupe/sim/sim_streaming_program.h"

namespace troupe {

// The parent's side of a simulated program, which is alone in its group.
//
// Bounds: limits.child_output_bytes_max per call of OnChildOutput(); limits.child_input_bytes_max
//         of unread input.
class SimChild final : public ChildProcess, private SimSource {
 public:
  SimChild(SimPoller& poller, int pid, std::unique_ptr<SimStreamingProgram> program,
           const ChildOptions& options, const Limits& limits, uint32_t& running_count,
           ChildHandler* handler);
  ~SimChild() override;

  int pid() const override { return pid_; }
  absl::Status Signal(int signal, SignalTarget target) override;
  void LeaveGroup() override {}
  absl::Status WriteInput(std::string_view bytes) override;
  bool HasInputRoom() override;
  void CloseInput() override;
  void HoldOutput(bool is_stderr, bool hold) override;

 private:
  bool IsReady() const;
  void UpdateReady() { SetReady(IsReady()); }
  bool InputHasRoom() const;
  void OnReady() override;
  // Both return false if the handler destroyed this.
  bool TellOutput(bool is_stderr);
  bool TellRoom();
  void TellEnd();

  const int pid_;
  const bool has_input_;
  const size_t output_bytes_max_;
  const size_t input_bytes_max_;
  uint32_t& running_count_;
  ChildHandler& handler_;
  bool held_[2] = {false, false};  // Standard output, standard error.
  bool wants_room_ = false;
  bool exited_ = false;  // And told.
  Liveness liveness_;
  const std::shared_ptr<SimRunningProgram> program_;
};

}  // namespace troupe

#endif  // TROUPE_SIM_SIM_CHILD_H_
