#ifndef TROUPE_SIM_SIM_RUNNING_PROGRAM_H_
#define TROUPE_SIM_SIM_RUNNING_PROGRAM_H_

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "troupe/loop/child_process.h"
#include "troupe/sim/sim_host.h"
#include "troupe/sim/sim_process.h"
#include "troupe/sim/sim_scheduler.h"
#include "troupe/sim/sim_streaming_program.h"

namespace troupe {

// A simulated program while it runs: what a kernel knows of the process, and its turns. The parent
// is a SimChild.
//
// Thread:   the simulation's. The program is called from events of the agenda alone, so never from
//           inside a call of the parent's.
// Lifetime: shared by the parent and by a call of the program, which may wait for something in
//           simulation and find its parent gone.
// Bounds:   64 KiB for each pipe of output; the parent bounds the input.
class SimRunningProgram final : public SimProcess,
                                public std::enable_shared_from_this<SimRunningProgram> {
 public:
  // `on_change` is called whenever there is more output, less unread input, or an end.
  SimRunningProgram(SimScheduler& scheduler, const SimHost& host,
                    std::unique_ptr<SimStreamingProgram> program, const ChildOptions& options,
                    std::function<void()> on_change);
  // Called once, by its maker.
  void Begin();
  // The parent ends: the program is not called any more, nor is `on_change`.
  void Abandon();
  SimRunningProgram(const SimRunningProgram&) = delete;
  SimRunningProgram& operator=(const SimRunningProgram&) = delete;

  // --- The program's side. ---

  const ChildOptions& options() const override { return options_; }
  void Write(std::string_view bytes) override { WriteTo(/*is_stderr=*/false, bytes); }
  void WriteError(std::string_view bytes) override { WriteTo(/*is_stderr=*/true, bytes); }
  void End(const ChildStatus& status) override;
  void After(absl::Duration delay, std::function<void()> function) override;
  void CloseInput() override;
  void SetReadingPace(size_t bytes_max, absl::Duration time) override;

  // --- The parent's. ---

  const std::optional<ChildStatus>& end() const { return end_; }
  bool has_output(bool is_stderr) const { return !output_[is_stderr].empty(); }
  // Takes up to `bytes_max` from a pipe, which makes room for the program.
  std::string TakeOutput(bool is_stderr, size_t bytes_max);

  bool input_closed() const { return input_closed_ || input_ended_ || end_.has_value(); }
  size_t unread_bytes() const { return input_.size(); }
  // Requires that the input is not closed.
  void AddInput(std::string_view bytes);
  void EndInput();

  // Requires a signal's number.
  void Signal(int signal);

 private:
  // Returns false if it has to wait, and is to be called again.
  using Action = std::function<bool()>;

  void WriteTo(bool is_stderr, std::string_view bytes);
  void Do(Action action);
  void Act();

  // Calls `function` unless the program has been killed.
  void Later(absl::Duration delay, std::function<void()> function);
  void Call(std::function<void()> function);
  void RunCalls();

  void Start();
  void ReadLater();
  void Read();
  void Deliver(int signal);
  void Continue();
  void Finish(const ChildStatus& status);

  SimScheduler& scheduler_;
  const SimHost& host_;
  const ChildOptions options_;
  std::function<void()> on_change_;

  std::string output_[2];  // Standard output's pipe and standard error's.
  std::string input_;      // Unread.
  bool input_ended_ = false;
  bool input_closed_ = false;
  bool input_end_told_ = false;
  size_t read_bytes_max_;
  absl::Duration read_time_;
  bool reading_ = false;

  std::deque<Action> actions_;  // Of the program; the first one waits.
  std::deque<std::function<void()>> calls_;
  bool started_ = false;
  bool in_call_ = false;
  bool in_signal_ = false;
  bool stopped_ = false;  // By SIGSTOP.
  std::set<int> pending_signals_;
  std::optional<ChildStatus> end_;

  // Last: it may refer to all of this.
  const std::unique_ptr<SimStreamingProgram> program_;
};

}  // namespace troupe

#endif  // TROUPE_SIM_SIM_RUNNING_PROGRAM_H_
