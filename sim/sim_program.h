#ifndef TROUPE_SIM_SIM_PROGRAM_H_
#define TROUPE_SIM_SIM_PROGRAM_H_

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "troupe/loop/child_process.h"
#include "troupe/sim/sim_streaming_program.h"

namespace troupe {

// The effects of a simulated program once it has its input.
struct SimProgramRun {
  std::string output = {};
  std::string error_output = {};
  ChildStatus status = {.exit_code = 0};
  // The run's duration; all output is written at its end.
  absl::Duration takes = absl::Milliseconds(1);
  // Signals ignored besides those that do nothing by default. SIGKILL and SIGSTOP cannot be.
  std::vector<int> ignored_signals = {};
};

// A simulated program as a function: called when started or, with `pipe_input`, when its input is
// closed and read.
using SimProgram =
    std::function<SimProgramRun(const ChildOptions& options, std::string_view input)>;

// Makes streaming programs that do what `program` says.
SimStreamingProgramMaker StreamingForm(SimProgram program);

}  // namespace troupe

#endif  // TROUPE_SIM_SIM_PROGRAM_H_
