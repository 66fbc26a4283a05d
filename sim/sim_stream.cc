#include "troupe/sim/sim_stream.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace troupe {

SimPendingStream::~SimPendingStream() {
  if (connection_ != nullptr) connection_->Close(SimConnection::kServer);
}

SocketAddress SimPendingStream::peer_address() const {
  return connection_->address(SimConnection::kClient);
}

SimStream::SimStream(SimPoller& poller, std::shared_ptr<SimConnection> connection,
                     SimConnection::Side side, const ByteStreamOptions& options,
                     ByteStreamHandler* handler)
    : SimSource(poller),
      handler_(*handler),
      connection_(std::move(connection)),
      side_(side),
      peer_(connection_->address(side == SimConnection::kClient ? SimConnection::kServer
                                                                : SimConnection::kClient)),
      phase_(side == SimConnection::kClient ? Phase::kConnecting : Phase::kOpen) {
  connection_->Watch(side_, this, absl::Milliseconds(options.user_timeout_ms));
  UpdateReady();
}

SimStream::SimStream(SimPoller& poller, SocketAddress peer, const absl::Status& failure,
                     ByteStreamHandler* handler)
    : SimSource(poller),
      handler_(*handler),
      side_(SimConnection::kClient),
      peer_(std::move(peer)),
      phase_(Phase::kConnecting) {
  FailLater(failure);
}

SimStream::~SimStream() {
  if (connection_ != nullptr) connection_->Close(side_);
}

IoResult SimStream::Read(std::span<char> buffer) {
  if (phase_ == Phase::kFailed) return {0, false, true};
  if (phase_ == Phase::kConnecting || buffer.empty()) return {0, true, false};
  const size_t count = connection_->Read(side_, buffer);
  if (count == 0 && !connection_->input_ended(side_) && !failure().ok()) {
    return FailLater(failure());
  }
  read_ended_ = count == 0 && connection_->input_ended(side_);
  UpdateReady();
  return {count, count == 0 && !read_ended_, read_ended_};
}

IoResult SimStream::Write(std::span<const std::span<const char>> pieces) {
  if (phase_ == Phase::kFailed) return {0, false, true};
  if (phase_ == Phase::kConnecting) return {0, true, false};
  if (!failure().ok()) return FailLater(failure());
  if (write_ended_) return FailLater(absl::UnavailableError("the stream was shut for writing"));
  if (!connection_->has_room(side_)) return {0, true, false};
  const size_t count = connection_->Write(side_, pieces);
  UpdateReady();
  return {count, false, false};
}

void SimStream::Want(bool readable, bool writable) {
  wants_readable_ = readable;
  wants_writable_ = writable;
  UpdateReady();
}

void SimStream::ShutdownWrite() {
  write_ended_ = true;
  if (phase_ != Phase::kFailed) connection_->ShutdownWrite(side_);
}

SocketAddress SimStream::local_address() const {
  return connection_ == nullptr ? SocketAddress{} : connection_->address(side_);
}

bool SimStream::InputReady() const {
  return connection_->has_input(side_) || connection_->input_ended(side_) || !failure().ok();
}

bool SimStream::OutputReady() const { return connection_->has_room(side_) || !failure().ok(); }

bool SimStream::IsReady() const {
  if (phase_ == Phase::kFailed) return failure_untold_;
  if (phase_ == Phase::kConnecting) return connection_->connected(side_) || !failure().ok();
  return (reads() && InputReady()) || (wants_writable_ && OutputReady()) ||
         (!reads() && !failure().ok());
}

IoResult SimStream::FailLater(const absl::Status& why) {
  phase_ = Phase::kFailed;
  status_ = absl::Status(why.code(), absl::StrCat(peer_.ToString(), ": ", why.message()));
  failure_untold_ = true;
  UpdateReady();
  return {0, false, true};
}

void SimStream::Fail(const absl::Status& why) {
  FailLater(why);
  failure_untold_ = false;
  UpdateReady();
  handler_.OnFailed();
}

void SimStream::TellConnecting() {
  if (!failure().ok()) return Fail(failure());
  phase_ = Phase::kOpen;
  UpdateReady();
  handler_.OnConnected();
}

void SimStream::OnReady() {
  if (std::exchange(failure_untold_, false)) {
    UpdateReady();
    return handler_.OnFailed();
  }
  if (phase_ == Phase::kConnecting) return TellConnecting();
  // Reading comes first even when the connection is broken: what arrived before is still there.
  if (!reads() && !failure().ok()) return Fail(failure());
  Liveness::Watch watch(liveness_);
  if (reads() && InputReady()) handler_.OnReadable();
  if (!watch.alive() || phase_ == Phase::kFailed) return;
  if (wants_writable_ && OutputReady()) handler_.OnWritable();
}

}  // namespace troupe
