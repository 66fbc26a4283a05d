#ifndef TROUPE_LOOP_CHILD_PROCESS_H_
#define TROUPE_LOOP_CHILD_PROCESS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace troupe {

// What to run. No shell is involved.
//
// The child gets a session and a process group of its own, default signal actions and an empty
// signal mask, and of this process's descriptors only the three standard ones.
struct ChildOptions {
  std::vector<std::string> argv;              // argv[0] is searched in PATH when it has no '/'.
  std::vector<std::string> environment = {};  // "NAME=value", added to this process's.
  std::string directory = {};                 // Default: this process's.
  bool capture_output = true;                 // Else the child writes to this process's.
  bool pipe_input = false;                    // Else the child reads /dev/null.
  bool kill_with_parent = false;              // PR_SET_PDEATHSIG: when the spawning thread ends.
};

// How a child ended.
struct ChildStatus {
  bool known = true;   // False when somebody else reaped it.
  int exit_code = -1;  // >= 0 when it exited by itself.
  int signal = 0;      // > 0 when a signal ended it.
};

// Told what a child does.
//
// Lifetime: outlives the ChildProcess; may destroy it from inside a call.
class ChildHandler {
 public:
  virtual void OnChildOutput(bool is_stderr, std::string_view bytes) = 0;
  // Once, after the output that was in the pipes when the child ended; a grandchild that holds
  // a pipe open does not delay it.
  virtual void OnChildExited(const ChildStatus& status) = 0;
  // Once after a WriteInput() that found no room: half of child_input_bytes_max is free, or the
  // child has closed its input, and then the next WriteInput() says so.
  virtual void OnChildInputRoom() {}

 protected:
  ~ChildHandler() = default;
};

// Whom a signal to a child reaches.
enum class SignalTarget : uint8_t {
  kGroup,  // The child and what it started, as far as that made no group of its own.
  kChild,
};

// A child process, and the group that it leads.
//
// Thread:   the shard it was started on.
// Lifetime: destroying it while the child runs kills the group and reaps the child. Once the child
//           has ended by itself, what it left of the group goes on; if it ended because its
//           owner had asked it to, by a signal or by closing its input, what is left is killed
//           here, unless LeaveGroup() was called.
class ChildProcess {
 public:
  virtual ~ChildProcess() = default;
  virtual int pid() const = 0;

  // Errors: NOT_FOUND when the child has ended; no other process is ever signalled.
  virtual absl::Status Signal(int signal, SignalTarget target) = 0;
  absl::Status Signal(int signal) { return Signal(signal, SignalTarget::kGroup); }

  // The child's end was handled: what it left of the group is nobody's to kill.
  virtual void LeaveGroup() = 0;

  // Queues `bytes` for the child's standard input, all of them or none.
  // Errors: RESOURCE_EXHAUSTED past child_input_bytes_max, and then OnChildInputRoom() comes;
  // INVALID_ARGUMENT for more than that at once; FAILED_PRECONDITION without pipe_input;
  // UNAVAILABLE after the child closed it.
  virtual absl::Status WriteInput(std::string_view bytes) = 0;
  virtual void CloseInput() = 0;

  // While `hold`, no OnChildOutput() of that kind comes, except for what is in the pipe when the
  // child ends: the child waits once its pipe is full.
  virtual void HoldOutput(bool is_stderr, bool hold) = 0;
};

}  // namespace troupe

#endif  // TROUPE_LOOP_CHILD_PROCESS_H_
