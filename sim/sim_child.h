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
// Bounds: limits.child_output_bytes_max a call of OnChildOutput(); limits.child_input_bytes_max of
//         input that it has not read yet.
class SimChild final : public ChildProcess, private SimSource {
 public:
  SimChild(SimPoller& poller, int pid, SimProgram program, const ChildOptions& options,
           const Limits& limits, uint32_t& running_count, ChildHandler* handler);
  ~SimChild() override;

  int pid() const override { return pid_; }
  absl::Status Signal(int signal, SignalTarget target) override;
  void LeaveGroup() override {}
  absl::Status WriteInput(std::string_view bytes) override;
  void CloseInput() override;
  // All output comes when the child ends.
  void HoldOutput(bool is_stderr, bool hold) override {}

 private:
  void Start();
  bool EndsBy(int signal) const;
  void EndAfter(absl::Duration wait);
  void ReadInputSoon();
  void TellRoom();
  void OnReady() override;
  // False when the handler destroyed this.
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
  size_t unread_bytes_ = 0;  // Of input_, its end.
  bool wants_room_ = false;
  bool started_ = false;
  bool exited_ = false;
  SimProgramRun run_;
  // The end that counts is the one scheduled last, and none once this is gone.
  std::shared_ptr<bool> end_;
  bool end_due_ = false;
  std::shared_ptr<bool> read_;  // While it is about to read.
  Liveness liveness_;
};

}  // namespace troupe

#endif  // TROUPE_SIM_SIM_CHILD_H_
