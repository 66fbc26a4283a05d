#ifndef TROUPE_LOOP_LOCAL_SOCKET_H_
#define TROUPE_LOOP_LOCAL_SOCKET_H_

#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "troupe/loop/fd.h"
#include "troupe/loop/socket.h"

namespace troupe {

// One end of a connection within this process: a non-blocking stream socket, close-on-exec.
//
// Thread: any, one at a time.
class LocalSocket {
 public:
  // None.
  LocalSocket() = default;
  // Makes both ends. The kernel keeps about `buffer_bytes` unread each way, less for many small
  // writes, within its own bounds.
  // Errors: RESOURCE_EXHAUSTED without descriptors.
  static absl::StatusOr<std::pair<LocalSocket, LocalSocket>> MakePair(size_t buffer_bytes);

  int fd() const { return fd_.get(); }
  bool open() const { return fd_.valid(); }
  // Gives the descriptor to the caller.
  int Release() { return fd_.Release(); }
  void Close() { fd_.Reset(); }

  // Both report by {0, false, true} that the other end is closed: Read() once all that came from
  // there is read. No SIGPIPE.
  IoResult Read(std::span<char> buffer);
  IoResult Write(std::string_view bytes);

 private:
  explicit LocalSocket(int fd) : fd_(fd) {}

  Fd fd_;
};

}  // namespace troupe

#endif  // TROUPE_LOOP_LOCAL_SOCKET_H_
