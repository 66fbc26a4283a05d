#ifndef TROUPE_LOOP_SOCKET_H_
#define TROUPE_LOOP_SOCKET_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace troupe {

// Where a node listens or is reached: "127.0.0.1:4500", "[::1]:0". Numeric only.
struct SocketAddress {
  std::string host;
  uint16_t port = 0;

  // Errors: INVALID_ARGUMENT that names `text` and what is wrong with it.
  static absl::StatusOr<SocketAddress> Parse(std::string_view text);
  std::string ToString() const;
  bool is_loopback() const;

  friend bool operator==(const SocketAddress&, const SocketAddress&) = default;
};

struct IoResult {
  size_t bytes = 0;
  bool would_block = false;
  bool end = false;  // Read only: the peer sent its last byte.
};

// Told what happened to a stream.
//
// Lifetime: outlives the stream; may destroy the stream from inside a call.
class ByteStreamHandler {
 public:
  // A connection made by Connect() is established; never called for an accepted one.
  virtual void OnConnected() {}
  virtual void OnReadable() = 0;
  virtual void OnWritable() = 0;
  // The stream failed, `status()` says how; called at most once, and nothing is called after.
  virtual void OnFailed() = 0;

 protected:
  ~ByteStreamHandler() = default;
};

// One TCP connection: non-blocking, first error sticks.
//
// Thread:   the shard it was made on.
// Lifetime: the destructor closes at once; unread input then costs the peer what was still
//           unsent, so a polite end is ShutdownWrite(), reading to the end, then destruction.
// Errors:   UNAVAILABLE for reset, refused and broken; DEADLINE_EXCEEDED when the kernel gave
//           up; the operating system's words are in the message. No SIGPIPE.
class ByteStream {
 public:
  virtual ~ByteStream() = default;

  // At most once each until would_block; after a failure both return {0, false, true}.
  virtual IoResult Read(std::span<char> buffer) = 0;

  // Writes what the kernel takes of `pieces`, gathered in one call.
  virtual IoResult Write(std::span<const std::span<const char>> pieces) = 0;

  // The events that the handler hears of; for a new stream, reading only. Level-triggered: a
  // stream with input left is told again in the next turn.
  virtual void Want(bool readable, bool writable) = 0;

  virtual void ShutdownWrite() = 0;

  virtual const absl::Status& status() const = 0;
  virtual SocketAddress peer_address() const = 0;
  virtual SocketAddress local_address() const = 0;
};

struct ByteStreamOptions {
  int user_timeout_ms = 10'000;  // TCP_USER_TIMEOUT
  int keepalive_idle_s = 5;      // and 1 s apart, 5 probes
};

// An accepted connection that no shard has adopted: it may be handed to another shard's platform
// calls before it becomes a ByteStream. Destroying it closes the connection.
//
// Thread: one at a time, any.
class PendingStream {
 public:
  virtual ~PendingStream() = default;
  virtual SocketAddress peer_address() const = 0;
};

// Told of new connections, at most `accepts_max` a turn.
class ListenerHandler {
 public:
  // `accepted` becomes a stream through Platform::Adopt(), on this shard or on another.
  virtual void OnAccept(std::unique_ptr<PendingStream> accepted) = 0;
  // The listener cannot go on (not: out of descriptors, which pauses and retries).
  virtual void OnListenerFailed(const absl::Status& status) = 0;

 protected:
  ~ListenerHandler() = default;
};

class Listener {
 public:
  virtual ~Listener() = default;
  // With the port the kernel chose, when 0 was asked for.
  virtual SocketAddress local_address() const = 0;
};

}  // namespace troupe

#endif  // TROUPE_LOOP_SOCKET_H_
