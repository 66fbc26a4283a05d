#ifndef TROUPE_SIM_SIM_STREAMING_PROGRAM_H_
#define TROUPE_SIM_SIM_STREAMING_PROGRAM_H_

#include <functional>
#include <memory>
#include <string_view>

#include "troupe/sim/sim_process.h"

namespace troupe {

// A simulated program that runs until it exits or is killed: it may answer line by line, read
// slowly, handle signals.
//
//   class Echo final : public SimStreamingProgram {
//     void OnInput(SimProcess& process, std::string_view bytes) override { process.Write(bytes); }
//     void OnInputEnd(SimProcess& process) override { process.Exit(0); }
//   };
//
// Thread: the simulation's.
class SimStreamingProgram {
 public:
  virtual ~SimStreamingProgram() = default;

  virtual void OnStart(SimProcess&) {}
  // Called with what was read from standard input.
  virtual void OnInput(SimProcess&, std::string_view) {}
  // Called once, when the input is closed and read to its end: right after the start without
  // `pipe_input`.
  virtual void OnInputEnd(SimProcess&) {}
  // Returns whether the program handles or ignores `signal`; otherwise the default action follows.
  // Called also while a write waits. Not called for SIGKILL and SIGSTOP.
  virtual bool OnSignal(SimProcess&, int) { return false; }
};

// Makes one for each child.
using SimStreamingProgramMaker = std::function<std::unique_ptr<SimStreamingProgram>()>;

}  // namespace troupe

#endif  // TROUPE_SIM_SIM_STREAMING_PROGRAM_H_
