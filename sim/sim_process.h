#ifndef TROUPE_SIM_SIM_PROCESS_H_
#define TROUPE_SIM_SIM_PROCESS_H_

#include <cstddef>
#include <functional>
#include <string_view>

#include "absl/time/time.h"
#include "troupe/loop/child_process.h"

namespace troupe {

// The process of a simulated program, through which the program acts.
//
// A process does one thing after the other. While a write waits for room in its pipe, which holds
// 64 KiB, whatever the program did behind that write waits too, and so does each further call of
// the program but OnSignal().
//
// Thread:   the simulation's.
// Lifetime: outlives the program. Killed without a call when the actor that started it has ended,
//           or when its node crashes.
class SimProcess {
 public:
  virtual const ChildOptions& options() const = 0;

  // Writes to standard output or standard error; without `capture_output` that goes nowhere.
  virtual void Write(std::string_view bytes) = 0;
  virtual void WriteError(std::string_view bytes) = 0;

  // Ends the process, behind its writes; from inside OnSignal() at once, giving up a write that
  // waits.
  virtual void End(const ChildStatus& status) = 0;
  void Exit(int exit_code) { End({.exit_code = exit_code}); }

  // Calls `function` after `delay`, or as soon after it as the program can be called.
  virtual void After(absl::Duration delay, std::function<void()> function) = 0;

  // Reads no more; the next WriteInput() is refused.
  virtual void CloseInput() = 0;
  // Sets how many bytes the program reads at once, and how long each read takes. With 0 bytes it
  // does not read until this is called again.
  // Default: all that there is, in 100 microseconds.
  virtual void SetReadingPace(size_t bytes_max, absl::Duration time) = 0;

 protected:
  ~SimProcess() = default;
};

}  // namespace troupe

#endif  // TROUPE_SIM_SIM_PROCESS_H_
