#ifndef TROUPE_SIM_SIM_CHILD_H_
#define TROUPE_SIM_SIM_CHILD_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "troupe/base/limits.h"
#include "troupe/loop/child_process.h"
#include "troupe/loop/liveness.h"
#include "troupe/sim/sim_poller.h"
#include "troupe/sim/sim_program.h"

namespace troupe {

// A scripted child, alone in its group.
//
// Bounds: limits.child_output_bytes_max per call of OnChildOutput(); limits.child_input_bytes_max
//         of unread input.
class SimChild final : public ChildProcess, private SimSource {
 public:
  SimChild(SimPoller& poller, int pid, SimProgram program, const ChildOptions& options,
           const Limits& limits, uint32_t& running_count, ChildHandler* handler);
  ~SimChild() override;

  int pid() const override { return pid_; }
  absl::Status Signal(int signal, SignalTarget target) override;
  void LeaveGroup() override {}
  absl::Status WriteInput(std::string_view bytes) override;
  bool HasInputRoom() override;
  void CloseInput() override;
  // Does nothing: all output is delivered when the child ends.
  void HoldOutput(bool is_stderr, bool hold) override {}

 private:
  void Start();
  bool Ignores(int signal) const;
  void Continue();
  void EndAfter(absl::Duration wait);
  void ReadInputSoon();
  void TellRoom();
  void OnReady() override;
  // Returns false if the handler destroyed this.
  bool TellOutput(bool is_stderr, std::string_view bytes);

  SimScheduler& scheduler_;
  const int pid_;
  const SimProgram program_;
  const ChildOptions options_;
  const size_t output_bytes_max_;
  const size_t input_bytes_max_;
  uint32_t& running_count_;
  ChildHandler& handler_;
  std::string input_;
  size_t unread_bytes_ = 0;  // At the end of input_.
  bool wants_room_ = false;
  bool started_ = false;
  bool stopped_ = false;  // By a signal: reads nothing and does not end, but by SIGKILL.
  bool exited_ = false;
  SimProgramRun run_;
  // The end scheduled last is the one that takes effect; none does once this is destroyed.
  std::shared_ptr<bool> end_;
  bool end_due_ = false;
  std::shared_ptr<bool> read_;  // Set while a read is scheduled.
  Liveness liveness_;
};

}  // namespace troupe

#endif  // TROUPE_SIM_SIM_CHILD_H_
