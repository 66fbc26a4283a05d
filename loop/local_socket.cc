#include "troupe/loop/local_socket.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <limits>

#include "troupe/loop/posix_error.h"

namespace troupe {
namespace {

IoResult ResultOf(ssize_t count) {
  if (count > 0) return {.bytes = static_cast<size_t>(count)};
  if (count < 0 && errno == EAGAIN) return {.would_block = true};
  return {.end = true};
}

}  // namespace

absl::StatusOr<std::pair<LocalSocket, LocalSocket>> LocalSocket::MakePair(size_t buffer_bytes) {
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0) {
    return StatusFromErrno(errno, "socketpair");
  }
  const int size =
      static_cast<int>(std::min<size_t>(buffer_bytes, std::numeric_limits<int>::max()));
  for (const int fd : fds) setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
  return std::pair(LocalSocket(fds[0]), LocalSocket(fds[1]));
}

IoResult LocalSocket::Read(std::span<char> buffer) {
  ssize_t count;
  do {
    count = recv(fd(), buffer.data(), buffer.size(), 0);
  } while (count < 0 && errno == EINTR);
  return ResultOf(count);
}

IoResult LocalSocket::Write(std::string_view bytes) {
  if (bytes.empty()) return {};
  ssize_t count;
  do {
    count = send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  } while (count < 0 && errno == EINTR);
  return ResultOf(count);
}

}  // namespace troupe
