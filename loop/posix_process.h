#ifndef TROUPE_LOOP_POSIX_PROCESS_H_
#define TROUPE_LOOP_POSIX_PROCESS_H_

#include <sys/types.h>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "troupe/loop/child_place.h"
#include "troupe/loop/child_process.h"
#include "troupe/loop/fd.h"

namespace troupe {

// A process that this one started and has not reaped, with the group that it leads. Signals them
// and waits for the process, and never affects another one, whoever else reaps children here.
// Identifies the process by a pidfd. Where the kernel has none to give, a thread waits for the
// process, which is identified by its number, not reused until somebody reaps it.
//
// Thread: one at a time, any.
class PosixProcess {
 public:
  // Holds no process.
  PosixProcess() = default;
  // Watches `pid`, which leads a group of its own. A process already reaped by somebody is lost().
  // Errors: RESOURCE_EXHAUSTED without descriptors or threads.
  static absl::StatusOr<PosixProcess> Watch(pid_t pid);

  pid_t pid() const { return pid_; }
  // Whether the process was reaped, here or elsewhere: nothing is left to signal or wait for.
  bool lost() const { return !end_.valid(); }
  // Returns a descriptor that is readable or hung up once the process has ended.
  int end_fd() const { return end_.get(); }

  bool HasEnded() const;
  // Return 0 or an error number.
  int Signal(int signal) const;
  int SignalGroup(int signal) const;

  // Returns false while the process runs, unless `block`. The status is not known if somebody else
  // took it.
  bool Wait(bool block, ChildStatus& status) const { return WaitId(block, /*reap=*/false, status); }
  // Does the same and reaps the process, which is lost() afterwards.
  bool Reap(bool block, ChildStatus& status);
  // Blocks until the process has ended, or for `wait`.
  void AwaitEnd(absl::Duration wait) const;

 private:
  bool WaitId(bool block, bool reap, ChildStatus& status) const;

  pid_t pid_ = 0;
  bool has_pidfd_ = false;
  Fd end_;  // The pidfd, or a pipe from the waiting thread.
};

// Reaps a process whenever it ends, in a thread of its own, and gives its place back. Without a
// thread it stays a zombie until this process ends, and the log says so.
void ReapLater(PosixProcess process, ChildPlace place);
// Whether some such process has not ended.
bool AnyReapedLater();

}  // namespace troupe

#endif  // TROUPE_LOOP_POSIX_PROCESS_H_
