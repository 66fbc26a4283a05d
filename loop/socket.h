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

// The address where a node listens or is reached, numeric only: "127.0.0.1:4500", "[::1]:0".
struct SocketAddress {
  std::string host;
  uint16_t port = 0;

  // Errors: INVALID_ARGUMENT, with `text` and what is wrong with it.
  static absl::StatusOr<SocketAddress> Parse(std::string_view text);
  std::string ToString() const;
  bool is_loopback() const;

  friend bool operator==(const SocketAddress&, const SocketAddress&) = default;
};

struct IoResult {
  size_t bytes = 0;
  bool would_block = false;
  bool end = false;  // Of a read only: the peer has sent its last byte.
};

// Receives a stream's events.
//
// Lifetime: outlives the stream; may destroy the stream from inside a call.
class ByteStreamHandler {
 public:
  // Called once a connection made by Connect() is established; never for an accepted one.
  virtual void OnConnected() {}
  virtual void OnReadable() = 0;
  virtual void OnWritable() = 0;
  // Called at most once if the stream fails, with the reason in status(); no other call follows.
  virtual void OnFailed() = 0;

 protected:
  ~ByteStreamHandler() = default;
};

// A non-blocking TCP connection whose first error sticks.
//
// Thread:   the shard it was made on.
// Lifetime: the destructor closes at once; if input is unread, the peer loses the output still
//           unsent, so a polite end is ShutdownWrite(), reading to the end, then destruction.
// Errors:   UNAVAILABLE if reset, refused or broken; DEADLINE_EXCEEDED if the kernel gave up; with
//           the operating system's words. No SIGPIPE.
class ByteStream {
 public:
  virtual ~ByteStream() = default;

  // Reads into `buffer`. Read and Write report a failure by {0, false, true} ever after.
  virtual IoResult Read(std::span<char> buffer) = 0;

  // Writes as much of `pieces` as the kernel takes, gathered in one call.
  virtual IoResult Write(std::span<const std::span<const char>> pieces) = 0;

  // Selects the handler's events; initially reading only. Level-triggered: a stream with input left
  // is reported again in the next turn.
  virtual void Want(bool readable, bool writable) = 0;

  virtual void ShutdownWrite() = 0;

  virtual const absl::Status& status() const = 0;
  virtual SocketAddress peer_address() const = 0;
  virtual SocketAddress local_address() const = 0;
};

struct ByteStreamOptions {
  int user_timeout_ms = 10'000;  // TCP_USER_TIMEOUT
  int keepalive_idle_s = 5;      // Then 5 probes, 1 s apart.
};

// An accepted connection that no shard has adopted: another shard's platform calls may turn it into
// a ByteStream. Destroying it closes the connection.
//
// Thread: any, one at a time.
class PendingStream {
 public:
  virtual ~PendingStream() = default;
  virtual SocketAddress peer_address() const = 0;
};

// Receives new connections, at most `accepts_per_turn_max` a turn.
class ListenerHandler {
 public:
  // Platform::Adopt() turns `accepted` into a stream, on this shard or another.
  virtual void OnAccept(std::unique_ptr<PendingStream> accepted) = 0;
  // Called if the listener cannot go on. Running out of descriptors does not count: it pauses and
  // retries.
  virtual void OnListenerFailed(const absl::Status& status) = 0;

 protected:
  ~ListenerHandler() = default;
};

class Listener {
 public:
  virtual ~Listener() = default;
  // Returns the address, with the port that the kernel chose if 0 was asked for.
  virtual SocketAddress local_address() const = 0;
};

}  // namespace troupe

#endif  // TROUPE_LOOP_SOCKET_H_
