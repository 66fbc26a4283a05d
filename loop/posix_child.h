#ifndef TROUPE_LOOP_POSIX_CHILD_H_
#define TROUPE_LOOP_POSIX_CHILD_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "troupe/base/limits.h"
#include "troupe/loop/child_place.h"
#include "troupe/loop/child_process.h"
#include "troupe/loop/fd.h"
#include "troupe/loop/liveness.h"
#include "troupe/loop/posix_exec.h"
#include "troupe/loop/posix_poller.h"

namespace troupe {

// A child process with three pipes.
//
// Lifetime: destroying it while the child runs kills the group and waits for the kernel to end the
//           child, for 100 ms at most: a child that takes longer or may not be killed, as one that
//           has become another user's, is left to a thread that reaps it. Its place is taken until
//           then.
// Bounds:   limits.child_output_bytes_max per call of OnChildOutput(), with nothing buffered
//           between calls; limits.child_input_bytes_max unwritten; limits.children_processes_max
//           places in `count`.
class PosixChild final : public ChildProcess {
 public:
  // Errors: those of StartChild(); RESOURCE_EXHAUSTED at a bound.
  static absl::StatusOr<std::unique_ptr<ChildProcess>> Spawn(PosixPoller& poller,
                                                             const ChildOptions& options,
                                                             const Limits& limits,
                                                             const ChildCount& count,
                                                             ChildHandler* handler);
  ~PosixChild() override;

  int pid() const override { return started_.process.pid(); }
  absl::Status Signal(int signal, SignalTarget target) override;
  void LeaveGroup() override { group_left_ = true; }
  absl::Status WriteInput(std::string_view bytes) override;
  bool HasInputRoom() override;
  void CloseInput() override;
  void HoldOutput(bool is_stderr, bool hold) override;

 private:
  // Forwards the events of one descriptor to a method.
  class Channel final : public FdHandler {
   public:
    Channel(PosixChild& child, void (PosixChild::*method)(uint32_t))
        : child_(child), method_(method) {}
    ~Channel() { Close(); }

    absl::Status Open(Fd fd, uint32_t events);
    // Watches a descriptor owned elsewhere.
    absl::Status Watch(int fd, uint32_t events);
    void Close();
    void Want(uint32_t events);
    void Hold(bool hold);
    bool held() const { return held_; }
    bool open() const { return fd_ >= 0; }
    int fd() const { return fd_; }

   private:
    void OnFdReady(uint32_t events) override { (child_.*method_)(events); }

    PosixChild& child_;
    void (PosixChild::*const method_)(uint32_t);
    int fd_ = -1;
    Fd owned_;
    WatchId watch_;
    bool held_ = false;
  };

  // Calls a method from the loop.
  class Later final : public DeferredCall {
   public:
    Later(PosixChild& child, void (PosixChild::*method)()) : child_(child), method_(method) {}

   private:
    void OnDeferred() override { (child_.*method_)(); }

    PosixChild& child_;
    void (PosixChild::*const method_)();
  };

  PosixChild(PosixPoller& poller, const Limits& limits, ChildPlace place, ChildHandler* handler);

  absl::Status Start(const ChildOptions& options);
  void End();
  void OnEnd(uint32_t events);
  void OnOutput(uint32_t events) { ReadUnlessHeld(output_, false); }
  void OnError(uint32_t events) { ReadUnlessHeld(error_, true); }
  void OnInput(uint32_t events);
  void ReadUnlessHeld(Channel& channel, bool is_stderr);
  size_t ReadSome(Channel& channel, bool is_stderr, size_t bytes_wanted);
  void DrainAtExit(Channel& channel, bool is_stderr);
  std::string_view Unwritten() const { return std::string_view(unwritten_).substr(written_bytes_); }
  bool FlushInput();
  void ForgetInput();
  void TellRoom();
  void Exit(const ChildStatus& status);
  // Somebody else reaped the child before it was watched.
  void ExitUnknown() { Exit({.known = false}); }

  PosixPoller& poller_;
  ChildHandler& handler_;
  ChildPlace place_;
  const size_t output_bytes_max_;
  const size_t input_bytes_max_;
  StartedChild started_;

  Channel end_{*this, &PosixChild::OnEnd};
  Channel output_{*this, &PosixChild::OnOutput};
  Channel error_{*this, &PosixChild::OnError};
  Channel input_{*this, &PosixChild::OnInput};
  Later lost_exit_{*this, &PosixChild::ExitUnknown};
  // For those that wait for room when the input is closed, by the child or here.
  Later room_notice_{*this, &PosixChild::TellRoom};

  std::string unwritten_;  // Behind its first `written_bytes_`.
  size_t written_bytes_ = 0;
  bool has_input_ = false;
  bool input_closing_ = false;
  bool wants_room_ = false;
  bool asked_to_end_ = false;  // By the owner.
  bool exited_ = false;
  bool group_left_ = false;
  Liveness liveness_;
};

}  // namespace troupe

#endif  // TROUPE_LOOP_POSIX_CHILD_H_
