#include "troupe/loop/posix_stream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "troupe/base/check.h"
#include "troupe/base/text.h"
#include "troupe/loop/posix_address.h"
#include "troupe/loop/posix_error.h"

namespace troupe {
namespace {

constexpr size_t kPiecesMax = 64;
constexpr int kKeepaliveInterval_s = 1;
constexpr int kKeepaliveProbes = 5;

// Not checked: a socket that was reset already refuses some, and its next use says why.
void SetOption(int fd, int level, int option, int value) {
  setsockopt(fd, level, option, &value, sizeof(value));
}

void Tune(int fd, const ByteStreamOptions& options) {
  SetOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  SetOption(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  SetOption(fd, IPPROTO_TCP, TCP_KEEPIDLE, options.keepalive_idle_s);
  SetOption(fd, IPPROTO_TCP, TCP_KEEPINTVL, kKeepaliveInterval_s);
  SetOption(fd, IPPROTO_TCP, TCP_KEEPCNT, kKeepaliveProbes);
  SetOption(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, options.user_timeout_ms);
}

int TakeSocketError(int fd) {
  int error = 0;
  socklen_t bytes = sizeof(error);
  return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &bytes) == 0 ? error : errno;
}

bool IsTransient(int error) {
  return error == EAGAIN || error == EWOULDBLOCK || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

std::unique_ptr<PosixStream> PosixStream::Connect(PosixPoller& poller, const SocketAddress& address,
                                                  const ByteStreamOptions& options,
                                                  ByteStreamHandler* handler) {
  std::unique_ptr<PosixStream> stream(
      new PosixStream(poller, Phase::kConnecting, address, handler));
  if (const int error = stream->StartConnect(options); error != 0) {
    stream->FailLater(stream->Error(error, "connect"));
  } else {
    stream->StartWatch();
  }
  return stream;
}

std::unique_ptr<PosixStream> PosixStream::Adopt(PosixPoller& poller, Fd fd, SocketAddress peer,
                                                const ByteStreamOptions& options,
                                                ByteStreamHandler* handler) {
  std::unique_ptr<PosixStream> stream(
      new PosixStream(poller, Phase::kOpen, std::move(peer), handler));
  stream->fd_ = std::move(fd);
  Tune(stream->fd_.get(), options);
  stream->StartWatch();
  return stream;
}

PosixStream::PosixStream(PosixPoller& poller, Phase phase, SocketAddress peer,
                         ByteStreamHandler* handler)
    : poller_(poller), handler_(*handler), peer_(std::move(peer)), phase_(phase) {}

PosixStream::~PosixStream() { poller_.Remove(watch_); }

// 0 when the connection is on its way.
int PosixStream::StartConnect(const ByteStreamOptions& options) {
  const absl::StatusOr<PosixAddress> address = PosixAddress::From(peer_);
  if (!address.ok()) return EINVAL;
  fd_.Reset(socket(address->family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd_.valid()) return errno;
  Tune(fd_.get(), options);
  if (connect(fd_.get(), address->raw(), address->bytes) == 0) return 0;
  // An interrupted connect goes on by itself.
  return errno == EINPROGRESS || errno == EINTR ? 0 : errno;
}

void PosixStream::FinishConnect() {
  if (const int error = TakeSocketError(fd_.get()); error != 0) {
    return Fail(Error(error, "connect"));
  }
  // TCP connects a port to itself when the kernel happens to choose the one that is asked for.
  if (peer_ == local_address()) return Fail(Error(ECONNREFUSED, "connect to itself"));
  phase_ = Phase::kOpen;
  if (write_ended_) shutdown(fd_.get(), SHUT_WR);
  UpdateInterest();
  if (phase_ == Phase::kOpen) handler_.OnConnected();
}

void PosixStream::StartWatch() {
  absl::StatusOr<WatchId> watch = poller_.Add(fd_.get(), Interest(), this);
  if (!watch.ok()) return FailLater(watch.status());
  watch_ = *watch;
}

IoResult PosixStream::Read(std::span<char> buffer) {
  if (phase_ == Phase::kFailed) return {0, false, true};
  if (phase_ == Phase::kConnecting || buffer.empty()) return {0, true, false};
  ssize_t count;
  do {
    count = recv(fd_.get(), buffer.data(), buffer.size(), 0);
  } while (count < 0 && errno == EINTR);
  if (count < 0) return FailedIo(errno, "receive");
  if (count > 0) return {static_cast<size_t>(count), false, false};
  read_ended_ = true;
  UpdateInterest();
  return {0, false, true};
}

IoResult PosixStream::Write(std::span<const std::span<const char>> pieces) {
  if (phase_ == Phase::kFailed) return {0, false, true};
  if (phase_ == Phase::kConnecting) return {0, true, false};
  std::array<iovec, kPiecesMax> vectors;
  const size_t piece_count = std::min(pieces.size(), kPiecesMax);
  for (size_t i = 0; i < piece_count; ++i) {
    vectors[i] = {const_cast<char*>(pieces[i].data()), pieces[i].size()};
  }
  msghdr message = {};
  message.msg_iov = vectors.data();
  message.msg_iovlen = piece_count;
  ssize_t count;
  do {
    count = sendmsg(fd_.get(), &message, MSG_NOSIGNAL);
  } while (count < 0 && errno == EINTR);
  if (count < 0) return FailedIo(errno, "send");
  return {static_cast<size_t>(count), false, false};
}

void PosixStream::Want(bool readable, bool writable) {
  wants_readable_ = readable;
  wants_writable_ = writable;
  UpdateInterest();
}

void PosixStream::ShutdownWrite() {
  write_ended_ = true;
  // A connection that is gone says so to whoever reads it.
  if (phase_ == Phase::kOpen) shutdown(fd_.get(), SHUT_WR);
}

SocketAddress PosixStream::local_address() const { return LocalAddressOf(fd_.get()); }

uint32_t PosixStream::Interest() const {
  if (phase_ == Phase::kConnecting) return kWritable;
  return (wants_readable_ && !read_ended_ ? kReadable : 0u) | (wants_writable_ ? kWritable : 0u);
}

void PosixStream::UpdateInterest() {
  if (phase_ == Phase::kFailed || !watch_) return;
  const absl::Status status = poller_.Modify(watch_, Interest());
  if (!status.ok()) FailLater(status);
}

void PosixStream::Fail(absl::Status status) {
  TROUPE_CHECK(phase_ != Phase::kFailed);
  phase_ = Phase::kFailed;
  status_ = std::move(status);
  poller_.Remove(std::exchange(watch_, {}));
  handler_.OnFailed();
}

void PosixStream::FailLater(absl::Status status) {
  phase_ = Phase::kFailed;
  status_ = std::move(status);
  poller_.Remove(std::exchange(watch_, {}));
  poller_.Defer(*this);
}

absl::Status PosixStream::Error(int error, std::string_view call) const {
  return StatusFromErrno(error, absl::StrCat(peer_.ToString(), ": ", AbslView(call)));
}

IoResult PosixStream::FailedIo(int error, std::string_view call) {
  if (IsTransient(error)) return {0, true, false};
  FailLater(Error(error, call));
  return {0, false, true};
}

void PosixStream::OnFdReady(uint32_t events) {
  if (phase_ == Phase::kConnecting) return FinishConnect();
  // Reading comes first even when the connection is broken: what arrived before is still there,
  // and the read after it says what broke.
  const bool reads = wants_readable_ && !read_ended_;
  if ((events & kError) && !reads) {
    if (const int error = TakeSocketError(fd_.get()); error != 0) {
      return Fail(Error(error, "connection"));
    }
  }
  Liveness::Watch watch(liveness_);
  if (reads && (events & (kReadable | kHangup | kError))) handler_.OnReadable();
  if (!watch.alive() || phase_ == Phase::kFailed) return;
  if (wants_writable_ && (events & (kWritable | kHangup | kError))) handler_.OnWritable();
}

void PosixStream::OnDeferred() { handler_.OnFailed(); }

}  // namespace troupe
