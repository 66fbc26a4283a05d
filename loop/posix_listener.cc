#include "troupe/loop/posix_listener.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "troupe/base/logging.h"
#include "troupe/loop/posix_address.h"
#include "troupe/loop/posix_error.h"
#include "troupe/loop/posix_stream.h"

namespace troupe {
namespace {

constexpr absl::Duration kPauseMin = absl::Milliseconds(10);
constexpr absl::Duration kPauseMax = absl::Seconds(1);

absl::Status ListenError(int error, const SocketAddress& address) {
  return StatusFromErrno(error, absl::StrCat("listen on ", address.ToString()));
}

absl::StatusOr<Fd> OpenListening(const SocketAddress& address) {
  const absl::StatusOr<PosixAddress> raw = PosixAddress::From(address);
  if (!raw.ok()) return raw.status();
  Fd fd(socket(raw->family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return ListenError(errno, address);
  const int on = 1, off = 0;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (raw->family() == AF_INET6) {
    setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
  }
  if (bind(fd.get(), raw->raw(), raw->bytes) != 0) return ListenError(errno, address);
  if (listen(fd.get(), SOMAXCONN) != 0) return ListenError(errno, address);
  return fd;
}

// accept(2): errors of the connection that was waiting, not of the listener.
bool IsOfOneConnection(int error) {
  switch (error) {
    case EINTR:
    case ECONNABORTED:
    case EPERM:
    case EPROTO:
    case ENOPROTOOPT:
    case EOPNOTSUPP:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENONET:
    case ETIMEDOUT:
      return true;
    default:
      return false;
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<PosixListener>> PosixListener::Make(
    Poller& poller, TimerWheel& timers, const Clock& clock, const SocketAddress& address,
    int accepts_per_turn_max, ListenerHandler* handler) {
  absl::StatusOr<Fd> fd = OpenListening(address);
  if (!fd.ok()) return fd.status();
  std::unique_ptr<PosixListener> listener(
      new PosixListener(poller, timers, clock, *std::move(fd), accepts_per_turn_max, handler));
  absl::StatusOr<WatchId> watch = poller.Add(listener->fd_.get(), kReadable, listener.get());
  if (!watch.ok()) {
    return absl::Status(watch.status().code(), absl::StrCat("listen on ", address.ToString(), ": ",
                                                            watch.status().message()));
  }
  listener->watch_ = *watch;
  return listener;
}

PosixListener::PosixListener(Poller& poller, TimerWheel& timers, const Clock& clock, Fd fd,
                             int accepts_per_turn_max, ListenerHandler* handler)
    : poller_(poller),
      timers_(timers),
      clock_(clock),
      handler_(*handler),
      fd_(std::move(fd)),
      local_(LocalAddressOf(fd_.get())),
      accepts_per_turn_max_(std::max(accepts_per_turn_max, 1)),
      pause_(kPauseMin) {}

PosixListener::~PosixListener() {
  poller_.Remove(watch_);
  timers_.Cancel(*this);
}

void PosixListener::OnFdReady(uint32_t events) {
  Liveness::Watch watch(liveness_);
  for (int i = 0; i < accepts_per_turn_max_; ++i) {
    const bool more = AcceptOne();
    if (!watch.alive() || !more) return;
  }
}

void PosixListener::OnTimer() {
  const absl::Status status = poller_.Modify(watch_, kReadable);
  if (!status.ok()) Fail(status);
}

// False when there is no more to accept in this turn.
bool PosixListener::AcceptOne() {
  PosixAddress peer;
  Fd fd(accept4(fd_.get(), peer.raw(), &peer.bytes, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!fd.valid()) return HandleError(errno);
  pause_ = kPauseMin;
  handler_.OnAccept(std::make_unique<PosixPendingStream>(std::move(fd), peer.ToSocketAddress()));
  return true;
}

bool PosixListener::HandleError(int error) {
  if (error == EAGAIN || error == EWOULDBLOCK) return false;
  if (IsOfOneConnection(error)) return true;
  if (IsOutOfResources(error)) {
    Pause(error);
  } else {
    Fail(StatusFromErrno(error, absl::StrCat("accept on ", local_.ToString())));
  }
  return false;
}

void PosixListener::Pause(int error) {
  if (pause_ == kPauseMin) {
    TROUPE_LOG(kWarning, "pausing: ",
               StatusFromErrno(error, absl::StrCat("accept on ", local_.ToString())).message());
  }
  const absl::Status status = poller_.Modify(watch_, 0);
  if (!status.ok()) return Fail(status);
  timers_.Arm(*this, clock_.Now() + pause_);
  pause_ = std::min(pause_ * 2, kPauseMax);
}

void PosixListener::Fail(const absl::Status& status) {
  poller_.Remove(std::exchange(watch_, {}));
  handler_.OnListenerFailed(status);
}

}  // namespace troupe
