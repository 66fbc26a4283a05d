#ifndef TROUPE_TRANSPORT_CONNECTION_H_
#define TROUPE_TRANSPORT_CONNECTION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "google/protobuf/message_lite.h"
#include "troupe/base/instant.h"
#include "troupe/loop/socket.h"
#include "troupe/transport/frame.h"
#include "troupe/transport/frame_reader.h"
#include "troupe/transport/output_queue.h"

namespace troupe::internal {

class NodeShard;

enum class BreakKind : uint8_t {
  kEnd,        // The other end has sent its last byte.
  kFailed,     // Reset, refused, timed out.
  kNotTroupe,  // The other end did not begin with the preamble.
  kFraming,    // The bytes received are not a frame.
};

// Receives what arrives over a connection.
//
// Lifetime: outlives the connection, which it may Close() from inside a call.
class ConnectionHandler {
 public:
  virtual void OnConnected() = 0;
  virtual void OnFrame(const Frame& frame) = 0;
  // Called after all whole frames of one read were handled.
  virtual void AfterRead() = 0;
  // Called once little is left to write. Never called from inside an Append().
  virtual void OnRoom() = 0;
  // Called at most once; no other call follows.
  virtual void OnBroken(BreakKind kind, absl::Status why) = 0;

 protected:
  ~ConnectionHandler() = default;
};

// Carries frames over one TCP connection. What is appended during a turn is written once at its
// end, or earlier if it is much, so that the other end works on it meanwhile.
//
// Thread: its shard's.
// Bounds: reads at most turn_connection_bytes_max a turn, and nothing while more than half of
//         peer_outbound_bytes_max waits. The caller bounds what is appended, by pending_bytes().
class Connection final : private ByteStreamHandler {
 public:
  Connection(NodeShard& node, ConnectionHandler& handler);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void Connect(const SocketAddress& address);
  void Adopt(std::unique_ptr<PendingStream> pending);

  // Appends a frame and returns the place where the caller writes its payload of `payload_bytes`.
  char* Append(const Frame& frame, size_t payload_bytes);
  void Append(const Frame& frame, const google::protobuf::MessageLite& payload);

  // Writes what was appended. Called at the turn's end.
  void Flush();

  // Stops handling frames: writes what was appended, reads the other end to its end, and closes.
  void Linger();
  // Closes at once.
  void Close();
  bool closed() const { return stream_ == nullptr; }
  bool lingering() const { return lingering_; }

  void set_frame_bytes_max(size_t bytes) { reader_.set_frame_bytes_max(bytes); }
  // Releases memory that an idle connection does not need.
  void ReleaseIdleMemory();

  size_t pending_bytes() const { return out_.size(); }
  // Positions in the stream of bytes: all that was appended, and what the kernel has taken of it.
  uint64_t appended() const { return written_ + out_.size(); }
  uint64_t written() const { return written_; }
  Instant last_heard() const { return last_heard_; }
  void set_last_heard(Instant now) { last_heard_ = now; }
  // The instant since which the kernel has taken nothing of what waits; infinite if nothing waits.
  Instant stalled_since() const { return stalled_since_; }
  // Sets whether received frames are held, while nothing is read.
  void set_held(bool held);
  // Whether it reads; false while frames are held or too much waits to be written.
  bool reading() const { return reading_ && !held_; }
  // The instant at which an incomplete frame began to arrive; infinite between frames.
  Instant frame_since() const { return frame_since_; }
  SocketAddress peer_address() const { return stream_->peer_address(); }

 private:
  friend class NodeShard;

  void OnConnected() override;
  void OnReadable() override;
  void OnWritable() override;
  void OnFailed() override;

  void SetReading(bool on);
  bool ReadOnce(size_t& budget);
  void Take(std::span<const char> bytes);
  bool TakePreamble(std::span<const char>& bytes);
  void Discard(size_t bytes);
  void WriteOut();
  void UpdateInterest();
  void TellRoom();
  void Break(BreakKind kind, absl::Status why);

  NodeShard& node_;
  ConnectionHandler& handler_;
  std::unique_ptr<ByteStream> stream_;
  FrameReader reader_;
  OutputQueue out_;
  uint64_t written_ = 0;
  Instant last_heard_;
  Instant stalled_since_ = Instant::Infinite();
  Instant frame_since_ = Instant::Infinite();
  uint32_t discarded_ = 0;
  uint32_t frames_waiting_ = 0;  // Appended since the last write.
  uint8_t preamble_bytes_ = 0;
  bool preamble_sent_ = false;
  bool connected_ = false;
  bool reading_ = true;
  bool held_ = false;
  bool lingering_ = false;
  bool write_ended_ = false;
  bool flush_queued_ = false;
};

}  // namespace troupe::internal

#endif  // TROUPE_TRANSPORT_CONNECTION_H_
