#ifndef TROUPE_LOOP_POSIX_STREAM_H_
#define TROUPE_LOOP_POSIX_STREAM_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "troupe/loop/fd.h"
#include "troupe/loop/liveness.h"
#include "troupe/loop/posix_poller.h"
#include "troupe/loop/socket.h"

namespace troupe {

// An accepted non-blocking connection that nobody watches yet.
class PosixPendingStream final : public PendingStream {
 public:
  PosixPendingStream(Fd fd, SocketAddress peer) : fd_(std::move(fd)), peer_(std::move(peer)) {}

  SocketAddress peer_address() const override { return peer_; }
  Fd TakeFd() { return std::move(fd_); }

 private:
  Fd fd_;
  SocketAddress peer_;
};

// A TCP connection over a non-blocking socket.
//
// Failures inside Read(), Write(), Connect() or Adopt() are reported by OnFailed() in the next
// Poll(). After the peer's last byte was read, Want() applies to writing only. ENOBUFS and ENOMEM
// count as a full buffer, and are tried again.
class PosixStream final : public ByteStream, private FdHandler, private DeferredCall {
 public:
  static std::unique_ptr<PosixStream> Connect(PosixPoller& poller, const SocketAddress& address,
                                              const ByteStreamOptions& options,
                                              ByteStreamHandler* handler);
  static std::unique_ptr<PosixStream> Adopt(PosixPoller& poller, Fd fd, SocketAddress peer,
                                            const ByteStreamOptions& options,
                                            ByteStreamHandler* handler);
  ~PosixStream() override;

  IoResult Read(std::span<char> buffer) override;
  IoResult Write(std::span<const std::span<const char>> pieces) override;
  void Want(bool readable, bool writable) override;
  void ShutdownWrite() override;
  const absl::Status& status() const override { return status_; }
  SocketAddress peer_address() const override { return peer_; }
  SocketAddress local_address() const override;

 private:
  enum class Phase : uint8_t { kConnecting, kOpen, kFailed };

  PosixStream(PosixPoller& poller, Phase phase, SocketAddress peer, ByteStreamHandler* handler);

  int StartConnect(const ByteStreamOptions& options);
  void FinishConnect();
  void StartWatch();
  uint32_t Interest() const;
  void UpdateInterest();
  void Fail(absl::Status status);
  void FailLater(absl::Status status);
  absl::Status Error(int error, std::string_view call) const;
  IoResult FailedIo(int error, std::string_view call);

  void OnFdReady(uint32_t events) override;
  void OnDeferred() override;

  PosixPoller& poller_;
  ByteStreamHandler& handler_;
  const SocketAddress peer_;
  Fd fd_;
  WatchId watch_;
  absl::Status status_;
  Phase phase_;
  bool wants_readable_ = true;
  bool wants_writable_ = false;
  bool read_ended_ = false;
  bool write_ended_ = false;
  Liveness liveness_;
};

}  // namespace troupe

#endif  // TROUPE_LOOP_POSIX_STREAM_H_
