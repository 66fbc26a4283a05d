#ifndef TROUPE_LOOP_POSIX_EXEC_H_
#define TROUPE_LOOP_POSIX_EXEC_H_

#include "absl/status/statusor.h"
#include "troupe/loop/child_process.h"
#include "troupe/loop/fd.h"
#include "troupe/loop/posix_process.h"

namespace troupe {

// A process that was started, and this process's ends of its pipes.
struct StartedChild {
  PosixProcess process;
  Fd input;   // With pipe_input.
  Fd output;  // With capture_output.
  Fd error;
};

// Starts `options.argv` and waits until it runs or until exec has failed. A failed one leaves no
// process behind.
//
// The child is a vfork(): cheap however large this process is, and free to make the calls that
// posix_spawn() has no words for. It makes only async-signal-safe calls.
// Its standard input is a pipe and no socket, so that it may open /dev/stdin.
//
// Thread: any.
// Errors: what exec or chdir said, with the file's name; INVALID_ARGUMENT for no argv or a zero
//         byte in it; RESOURCE_EXHAUSTED without descriptors or processes.
absl::StatusOr<StartedChild> StartChild(const ChildOptions& options);

}  // namespace troupe

#endif  // TROUPE_LOOP_POSIX_EXEC_H_
