#ifndef TROUPE_LOOP_POSIX_LISTENER_H_
#define TROUPE_LOOP_POSIX_LISTENER_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "troupe/base/clock.h"
#include "troupe/loop/fd.h"
#include "troupe/loop/liveness.h"
#include "troupe/loop/poller.h"
#include "troupe/loop/socket.h"
#include "troupe/loop/timer_wheel.h"

namespace troupe {

// A listening TCP socket. Out of descriptors or memory, it stops accepting for 10 ms, doubled at
// each repetition up to a second; connections wait in the kernel meanwhile. "[::]" accepts IPv4
// connections too.
class PosixListener final : public Listener, private FdHandler, private TimerNode {
 public:
  // Errors: FAILED_PRECONDITION if the port is in use; every text names the address.
  static absl::StatusOr<std::unique_ptr<PosixListener>> Make(Poller& poller, TimerWheel& timers,
                                                             const Clock& clock,
                                                             const SocketAddress& address,
                                                             int accepts_per_turn_max,
                                                             ListenerHandler* handler);
  ~PosixListener() override;

  SocketAddress local_address() const override { return local_; }

 private:
  PosixListener(Poller& poller, TimerWheel& timers, const Clock& clock, Fd fd,
                int accepts_per_turn_max, ListenerHandler* handler);

  void OnFdReady(uint32_t events) override;
  void OnTimer() override;
  bool AcceptOne();
  bool HandleError(int error);
  void Pause(int error);
  void Fail(const absl::Status& status);

  Poller& poller_;
  TimerWheel& timers_;
  const Clock& clock_;
  ListenerHandler& handler_;
  const Fd fd_;
  const SocketAddress local_;
  const int accepts_per_turn_max_;
  WatchId watch_;
  absl::Duration pause_;
  Liveness liveness_;
};

}  // namespace troupe

#endif  // TROUPE_LOOP_POSIX_LISTENER_H_
