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
// The child gets a session of its own, default signal actions and an empty signal mask, and of
// this process's descriptors only the three standard ones.
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

 protected:
  ~ChildHandler() = default;
};

// A child process, watched through its pidfd.
//
// Thread:   the shard it was started on.
// Lifetime: destroying it while the child runs kills the child and reaps it.
class ChildProcess {
 public:
  virtual ~ChildProcess() = default;
  virtual int pid() const = 0;

  // Errors: NOT_FOUND when the child has ended; no other process is ever signalled.
  virtual absl::Status Signal(int signal) = 0;

  // Queues `bytes` for the child's standard input.
  // Errors: RESOURCE_EXHAUSTED past child_output_bytes_max; FAILED_PRECONDITION without
  // pipe_input; UNAVAILABLE after the child closed it.
  virtual absl::Status WriteInput(std::string_view bytes) = 0;
  virtual void CloseInput() = 0;

  // While `hold`, no OnChildOutput() of that kind comes, except for what is in the pipe when the
  // child ends: the child waits once its pipe is full.
  virtual void HoldOutput(bool is_stderr, bool hold) = 0;
};

}  // namespace troupe

#endif  // TROUPE_LOOP_CHILD_PROCESS_H_
