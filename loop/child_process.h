#ifndef TROUPE_LOOP_CHILD_PROCESS_H_
#define TROUPE_LOOP_CHILD_PROCESS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace troupe {

// Describes a program to run, without a shell.
//
// The child gets a session and a process group of its own, default signal actions and an empty
// signal mask, and inherits no descriptors but the three standard ones.
struct ChildOptions {
  std::vector<std::string> argv;              // argv[0] is searched in PATH if it has no '/'.
  std::vector<std::string> environment = {};  // "NAME=value", added to this process's.
  std::string directory = {};                 // Default: this process's.
  bool capture_output = true;                 // Else the child writes to this process's.
  bool pipe_input = false;                    // Else the child reads /dev/null.
  // PR_SET_PDEATHSIG: the child, though not its group, is killed once the thread that started it
  // ends.
  bool kill_with_parent = false;
};

// How a child ended.
struct ChildStatus {
  bool known = true;   // False if somebody else reaped it.
  int exit_code = -1;  // >= 0 if it exited by itself.
  int signal = 0;      // > 0 if a signal ended it.
};

// Receives a child's events.
//
// Lifetime: outlives the ChildProcess; may destroy it from inside a call.
class ChildHandler {
 public:
  virtual void OnChildOutput(bool is_stderr, std::string_view bytes) = 0;
  // Called once, after the output that was in the pipes when the child ended; a grandchild that
  // holds a pipe open does not delay it.
  virtual void OnChildExited(const ChildStatus& status) = 0;
  // Called once after a WriteInput() that found no space: half of child_input_bytes_max is free, or
  // the child has closed its input, which the next WriteInput() reports.
  virtual void OnChildInputRoom() {}

 protected:
  ~ChildHandler() = default;
};

// The processes that a signal to a child reaches.
enum class SignalTarget : uint8_t {
  kGroup,  // The child and its descendants, but for those in groups of their own.
  kChild,
};

// A child process and the group that it leads.
//
// Thread:   the shard it was started on.
// Lifetime: destroying it while the child runs kills the group and reaps the child. If the child
//           has ended by itself, the rest of its group goes on; if it has ended because its owner
//           asked it to, by a signal or by closing its input, the rest is killed by the destructor,
//           unless LeaveGroup() was called.
class ChildProcess {
 public:
  virtual ~ChildProcess() = default;
  virtual int pid() const = 0;

  // Errors: NOT_FOUND if the child has ended; no other process is ever signalled.
  virtual absl::Status Signal(int signal, SignalTarget target) = 0;
  absl::Status Signal(int signal) { return Signal(signal, SignalTarget::kGroup); }

  // Keeps the destructor from killing the rest of the group: the child's end was handled.
  virtual void LeaveGroup() = 0;

  // Queues `bytes` for the child's standard input, all of them or none.
  // Errors: RESOURCE_EXHAUSTED past child_input_bytes_max, after which OnChildInputRoom() is
  // called; INVALID_ARGUMENT for more than that at once; FAILED_PRECONDITION without pipe_input;
  // UNAVAILABLE once the child has closed it.
  virtual absl::Status WriteInput(std::string_view bytes) = 0;
  // Returns whether OnChildInputRoom() would be called now. If not, it is called later.
  virtual bool HasInputRoom() = 0;
  virtual void CloseInput() = 0;

  // Suspends, while `hold`, the calls of OnChildOutput() of that kind, except for what is in the
  // pipe when the child ends. The child blocks once its pipe is full.
  virtual void HoldOutput(bool is_stderr, bool hold) = 0;
};

}  // namespace troupe

#endif  // TROUPE_LOOP_CHILD_PROCESS_H_
