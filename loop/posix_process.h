#ifndef TROUPE_LOOP_POSIX_PROCESS_H_
#define TROUPE_LOOP_POSIX_PROCESS_H_

#include <sys/types.h>

#include "absl/status/statusor.h"
#include "troupe/loop/child_process.h"
#include "troupe/loop/fd.h"

namespace troupe {

// A process that this one started and has not reaped, with the group that it leads: signals them
// and waits for the process, and never touches another one, whoever else reaps children here.
//
// It is known by a pidfd. Where the kernel has none to give, a thread waits for the process, and
// it is known by its number, which is its own until somebody reaps it.
//
// Thread: one at a time, any.
class PosixProcess {
 public:
  // None.
  PosixProcess() = default;
  // `pid` leads a group of its own. A process that somebody has reaped by now is lost().
  // Errors: RESOURCE_EXHAUSTED without descriptors or threads.
  static absl::StatusOr<PosixProcess> Watch(pid_t pid);

  pid_t pid() const { return pid_; }
  // Reaped, here or by somebody else: there is nothing to signal or wait for any more.
  bool lost() const { return !end_.valid(); }
  // Readable or hung up once the process has ended.
  int end_fd() const { return end_.get(); }

  bool HasEnded() const;
  // They return 0 or an error number.
  int Signal(int signal) const;
  int SignalGroup(int signal) const;

  // False while it runs, unless `block`. A status that somebody else took is not known.
  bool Wait(bool block, ChildStatus& status) const { return WaitId(block, /*reap=*/false, status); }
  // The same, and lost() then.
  bool Reap(bool block, ChildStatus& status);

 private:
  bool WaitId(bool block, bool reap, ChildStatus& status) const;

  pid_t pid_ = 0;
  bool has_pidfd_ = false;
  Fd end_;  // The pidfd, or a pipe whose other end the waiting thread has.
};

}  // namespace troupe

#endif  // TROUPE_LOOP_POSIX_PROCESS_H_
