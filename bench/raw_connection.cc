#include "troupe/bench/raw_connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace troupe::bench {

RawConnection::RawConnection(int fd, FrameBuffer::FrameBytes frame_bytes)
    : fd_(fd), in_(frame_bytes) {
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

RawConnection::~RawConnection() { close(fd_); }

bool RawConnection::Read() {
  const ssize_t count = recv(fd_, in_.room(), in_.room_bytes(), 0);
  if (count <= 0) return count < 0 && errno == EAGAIN;
  in_.Received(static_cast<size_t>(count));
  return true;
}

bool RawConnection::Flush() {
  waits_for_room_ = false;
  while (unsent_bytes() > 0) {
    const ssize_t count = send(fd_, out_.data() + sent_, unsent_bytes(), MSG_NOSIGNAL);
    if (count < 0) {
      waits_for_room_ = errno == EAGAIN;
      return waits_for_room_;
    }
    sent_ += static_cast<size_t>(count);
  }
  out_.clear();
  sent_ = 0;
  return true;
}

}  // namespace troupe::bench
