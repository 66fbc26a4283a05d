#ifndef TROUPE_LOOP_POSIX_EXEC_H_
#define TROUPE_LOOP_POSIX_EXEC_H_

#include "absl/status/statusor.h"
#include "troupe/loop/child_process.h"
#include "troupe/loop/fd.h"
#include "troupe/loop/posix_process.h"

namespace troupe {

// A started process, and this process's ends of its pipes.
struct StartedChild {
  PosixProcess process;
  Fd input;   // With pipe_input.
  Fd output;  // With capture_output.
  Fd error;
};

// Starts `options.argv` and waits until it runs or exec has failed. A failure leaves no process
// behind.
//
// The child is a vfork(): cheap however large this process is, and free to make calls that
// posix_spawn() cannot express. It makes only async-signal-safe calls. Its standard input is a
// pipe, not a socket, so that it may open /dev/stdin.
//
// Thread: any.
// Errors: those of exec or chdir, with the file's name; INVALID_ARGUMENT for an empty argv or a
//         zero byte in it; RESOURCE_EXHAUSTED without descriptors or processes.
absl::StatusOr<StartedChild> StartChild(const ChildOptions& options);

}  // namespace troupe

#endif  // TROUPE_LOOP_POSIX_EXEC_H_
