#include "troupe/bench/raw_loop.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <iterator>
#include <utility>

#include "troupe/base/check.h"

namespace troupe::bench {
namespace {

sockaddr_in Loopback(uint16_t port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void MakeNonBlocking(int fd) { fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); }

}  // namespace

RawLoop::RawLoop(bool spin, FrameBuffer::FrameBytes frame_bytes, OnFrame on_frame)
    : spin_(spin),
      frame_bytes_(frame_bytes),
      on_frame_(std::move(on_frame)),
      epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  TROUPE_CHECK(epoll_ >= 0);
}

RawLoop::~RawLoop() {
  connections_.clear();
  if (listener_ >= 0) close(listener_);
  close(epoll_);
}

uint16_t RawLoop::Listen() {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t address_bytes = sizeof(address);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  TROUPE_CHECK(bind(listener_, generic, address_bytes) == 0);
  TROUPE_CHECK(listen(listener_, SOMAXCONN) == 0);
  TROUPE_CHECK(getsockname(listener_, generic, &address_bytes) == 0);
  Watch(listener_, EPOLLIN, EPOLL_CTL_ADD);
  return ntohs(address.sin_port);
}

RawConnection& RawLoop::Connect(uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Loopback(port);
  TROUPE_CHECK(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
  MakeNonBlocking(fd);
  return Add(fd);
}

void RawLoop::Run() {
  stopped_ = false;
  for (auto& [fd, connection] : connections_) {
    if (connection->unsent_bytes() > 0) TROUPE_CHECK(Flush(*connection));
  }
  epoll_event events[256];
  while (!stopped_) {
    const int count = epoll_wait(epoll_, events, std::size(events), spin_ ? 0 : -1);
    for (int i = 0; i < count && !stopped_; ++i) {
      const int fd = events[i].data.fd;
      fd == listener_ ? Accept() : Serve(fd);
    }
  }
}

void RawLoop::Accept() {
  for (;;) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    Add(fd);
  }
}

RawConnection& RawLoop::Add(int fd) {
  Watch(fd, EPOLLIN, EPOLL_CTL_ADD);
  return *(connections_[fd] = std::make_unique<RawConnection>(fd, frame_bytes_));
}

void RawLoop::Watch(int fd, uint32_t events, int operation) {
  epoll_event event = {};
  event.events = events;
  event.data.fd = fd;
  TROUPE_CHECK(epoll_ctl(epoll_, operation, fd, &event) == 0);
}

void RawLoop::Serve(int fd) {
  RawConnection& connection = *connections_.at(fd);
  bool alive = connection.Read();
  std::string_view frame;
  while (alive && !stopped_ && connection.Next(frame)) on_frame_(connection, frame);
  alive = alive && Flush(connection);
  if (!alive) connections_.erase(fd);
}

bool RawLoop::Flush(RawConnection& connection) {
  const bool waited = connection.waits_for_room();
  if (!connection.Flush()) return false;
  if (connection.waits_for_room() != waited) {
    const uint32_t events = waited ? EPOLLIN : EPOLLIN | EPOLLOUT;
    Watch(connection.fd(), events, EPOLL_CTL_MOD);
  }
  return true;
}

}  // namespace troupe::bench
