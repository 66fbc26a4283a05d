#include "troupe/transport/connection.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "troupe/actors/shard/shard.h"
#include "troupe/base/buggify.h"
#include "troupe/base/text.h"
#include "troupe/transport/node_core.h"
#include "troupe/transport/node_shard.h"

namespace troupe::internal {
namespace {

// What a connection that was given up may still send before it is closed.
constexpr uint32_t kLingerBytesMax = 1 << 20;

// What is worth a write of its own before the turn's end: some dozens of frames, or fewer if they
// are large. A write costs as much as handling a few small ones.
constexpr uint32_t kFlushFrames = 32;
constexpr size_t kFlushBytes = 65536;

// In one write.
constexpr size_t kPiecesMax = 16;

}  // namespace

Connection::Connection(NodeShard& node, ConnectionHandler& handler)
    : node_(node),
      handler_(handler),
      reader_(node.limits().handshake_bytes_max),
      last_heard_(node.shard().loop().now()) {}

Connection::~Connection() {
  if (flush_queued_) node_.Forget(*this);
  Close();
}

void Connection::Connect(const SocketAddress& address) {
  stream_ = node_.platform().Connect(node_.shard().loop().poller(), address, {}, this);
}

void Connection::Adopt(std::unique_ptr<PendingStream> pending) {
  connected_ = true;
  stream_ = node_.platform().Adopt(node_.shard().loop().poller(), std::move(pending), {}, this);
}

char* Connection::Append(const Frame& frame, size_t payload_bytes) {
  if (!preamble_sent_) [[unlikely]] {
    preamble_sent_ = true;
    std::memcpy(out_.Grow(kPreamble.size()), kPreamble.data(), kPreamble.size());
  }
  // What is whole by now can be worked on at the other end meanwhile.
  const uint32_t frames_max = TROUPE_BUGGIFY("write each frame") ? 1 : kFlushFrames;
  if ((frames_waiting_ >= frames_max || out_.size() >= kFlushBytes) && connected_ &&
      stalled_since_.is_infinite()) {
    WriteOut();
  }
  ++frames_waiting_;
  const size_t header_bytes = HeaderBytes(frame.flags);
  char* const place = out_.Grow(header_bytes + payload_bytes);
  EncodeHeader(frame, payload_bytes, place);
  if (!flush_queued_) {
    flush_queued_ = true;
    node_.FlushLater(*this);
  }
  return place + header_bytes;
}

void Connection::Append(const Frame& frame, const google::protobuf::MessageLite& payload) {
  const size_t bytes = payload.ByteSizeLong();
  payload.SerializeWithCachedSizesToArray(reinterpret_cast<uint8_t*>(Append(frame, bytes)));
}

void Connection::Flush() {
  flush_queued_ = false;
  if (stream_ == nullptr || !connected_) return;
  // While the kernel is full, OnWritable() says when it is worth trying again.
  if (stalled_since_.is_infinite()) WriteOut();
  TellRoom();
}

void Connection::TellRoom() {
  if (stream_ != nullptr && !lingering_ &&
      out_.size() <= node_.limits().peer_outbound_bytes_max / 4) {
    handler_.OnRoom();
  }
}

void Connection::WriteOut() {
  frames_waiting_ = 0;
  if (!out_.empty()) {
    std::array<std::span<const char>, kPiecesMax> pieces;
    const size_t count = out_.Gather(pieces);
    ++node_.counters().writes;
    const IoResult result = stream_->Write({pieces.data(), count});
    if (result.end) return;  // OnFailed() comes.
    written_ += result.bytes;
    out_.Consume(result.bytes);
    if (out_.empty()) {
      stalled_since_ = Instant::Infinite();
    } else if (result.bytes > 0 || stalled_since_.is_infinite()) {
      stalled_since_ = node_.shard().loop().now();
    }
  }
  if (!reading_ && out_.size() <= node_.limits().peer_outbound_bytes_max / 4) SetReading(true);
  if (out_.empty() && lingering_ && !write_ended_) {
    write_ended_ = true;
    stream_->ShutdownWrite();
  }
  UpdateInterest();
}

void Connection::UpdateInterest() {
  if (stream_ != nullptr && connected_) stream_->Want(reading() || lingering_, !out_.empty());
}

void Connection::SetReading(bool on) {
  if (reading_ == on) return;
  reading_ = on;
  UpdateInterest();
}

void Connection::set_held(bool held) {
  if (held_ == held) return;
  held_ = held;
  UpdateInterest();
}

void Connection::ReleaseIdleMemory() {
  if (out_.empty()) out_.Release();
}

void Connection::Linger() {
  if (lingering_ || stream_ == nullptr) return;
  lingering_ = true;
  if (!flush_queued_) {
    flush_queued_ = true;
    node_.FlushLater(*this);
  }
}

void Connection::Close() {
  stream_.reset();
  out_.Release();
}

void Connection::OnConnected() {
  connected_ = true;
  handler_.OnConnected();
}

void Connection::OnReadable() {
  size_t budget = TROUPE_BUGGIFY("read once a turn") ? 1 : node_.limits().turn_connection_bytes_max;
  while (stream_ != nullptr && budget > 0 && ReadOnce(budget)) {
  }
}

// Whether there may be more.
bool Connection::ReadOnce(size_t& budget) {
  const std::span<char> shared = node_.read_buffer();
  const std::span<char> room = lingering_ ? shared : reader_.Room(shared);
  const IoResult result = stream_->Read(room);
  if (result.bytes > 0) {
    last_heard_ = node_.platform().clock().Now();
    budget -= std::min(budget, result.bytes);
    if (lingering_) {
      Discard(result.bytes);
    } else {
      Take(room.first(result.bytes));
      if (stream_ != nullptr && !lingering_) handler_.AfterRead();
      if (out_.size() > node_.limits().peer_outbound_bytes_max / 2) SetReading(false);
    }
  }
  if (stream_ == nullptr) return false;
  if (result.end) {
    const absl::Status& status = stream_->status();
    Break(status.ok() ? BreakKind::kEnd : BreakKind::kFailed,
          status.ok() ? absl::UnavailableError("the other end closed the connection") : status);
    return false;
  }
  return reading() && result.bytes == room.size();
}

void Connection::Discard(size_t bytes) {
  discarded_ += static_cast<uint32_t>(bytes);
  if (discarded_ > kLingerBytesMax) {
    Break(BreakKind::kEnd, absl::UnavailableError("the other end went on after the end"));
  }
}

void Connection::Take(std::span<const char> bytes) {
  if (preamble_bytes_ < kPreamble.size() && !TakePreamble(bytes)) return;
  const FrameError error = reader_.Take(bytes, [this](const Frame& frame) {
    frame_since_ = Instant::Infinite();
    handler_.OnFrame(frame);
    return stream_ != nullptr && !lingering_;
  });
  if (reader_.mid_frame() && frame_since_.is_infinite()) frame_since_ = last_heard_;
  if (error != FrameError::kNone && stream_ != nullptr && !lingering_) {
    Break(BreakKind::kFraming, absl::DataLossError(AbslView(ToString(error))));
  }
}

// The first bytes; the first one that differs ends it. Moves `bytes` behind them.
bool Connection::TakePreamble(std::span<const char>& bytes) {
  while (!bytes.empty() && preamble_bytes_ < kPreamble.size()) {
    if (bytes.front() != kPreamble[preamble_bytes_]) {
      Break(BreakKind::kNotTroupe, absl::InvalidArgumentError("not a node's connection"));
      return false;
    }
    ++preamble_bytes_;
    bytes = bytes.subspan(1);
  }
  return true;
}

void Connection::OnWritable() {
  WriteOut();
  TellRoom();
}

void Connection::OnFailed() { Break(BreakKind::kFailed, stream_->status()); }

void Connection::Break(BreakKind kind, absl::Status why) {
  handler_.OnBroken(kind, std::move(why));
}

}  // namespace troupe::internal
