#ifndef TROUPE_SIM_SIM_STREAM_H_
#define TROUPE_SIM_SIM_STREAM_H_

#include <memory>
#include <span>
#include <string_view>

#include "absl/status/status.h"
#include "troupe/loop/liveness.h"
#include "troupe/loop/socket.h"
#include "troupe/sim/sim_connection.h"
#include "troupe/sim/sim_poller.h"

namespace troupe {

// An accepted connection that is not a stream yet.
class SimPendingStream final : public PendingStream {
 public:
  explicit SimPendingStream(std::shared_ptr<SimConnection> connection)
      : connection_(std::move(connection)) {}
  ~SimPendingStream() override;

  SocketAddress peer_address() const override;
  std::shared_ptr<SimConnection> Take() { return std::move(connection_); }

 private:
  std::shared_ptr<SimConnection> connection_;
};

// A program's end of a SimConnection.
class SimStream final : public ByteStream, private SimSource, private SimEndWatcher {
 public:
  SimStream(SimPoller& poller, std::shared_ptr<SimConnection> connection, SimConnection::Side side,
            const ByteStreamOptions& options, ByteStreamHandler* handler);
  // Makes a stream that fails in the next Poll().
  SimStream(SimPoller& poller, SocketAddress peer, const absl::Status& failure,
            ByteStreamHandler* handler);
  ~SimStream() override;

  IoResult Read(std::span<char> buffer) override;
  IoResult Write(std::span<const std::span<const char>> pieces) override;
  void Want(bool readable, bool writable) override;
  void ShutdownWrite() override;
  const absl::Status& status() const override { return status_; }
  SocketAddress peer_address() const override { return peer_; }
  SocketAddress local_address() const override;

 private:
  enum class Phase : uint8_t { kConnecting, kOpen, kFailed };

  // The failure of the connection, if any.
  const absl::Status& failure() const { return connection_->failure(side_); }
  bool reads() const { return wants_readable_ && !read_ended_; }
  bool InputReady() const;
  bool OutputReady() const;
  bool IsReady() const;
  void UpdateReady() { SetReady(IsReady()); }
  IoResult FailLater(const absl::Status& why);
  void Fail(const absl::Status& why);
  void TellConnecting();

  void OnReady() override;
  void OnEndChanged() override { UpdateReady(); }

  ByteStreamHandler& handler_;
  const std::shared_ptr<SimConnection> connection_;
  const SimConnection::Side side_;
  const SocketAddress peer_;
  absl::Status status_;
  Phase phase_;
  bool wants_readable_ = true;
  bool wants_writable_ = false;
  bool read_ended_ = false;
  bool write_ended_ = false;
  bool failure_untold_ = false;
  Liveness liveness_;
};

}  // namespace troupe

#endif  // TROUPE_SIM_SIM_STREAM_H_
