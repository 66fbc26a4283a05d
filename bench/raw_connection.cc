#include "troupe/bench/raw_connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace troupe::bench {
namespace {

// An idle connection keeps the first of these; one that is busy grows at its first full read.
constexpr size_t kIdleBytes = 1024;
constexpr size_t kBusyBytes = 72 * 1024;
constexpr size_t kHeaderBytes = 4;
constexpr uint32_t kNoAnswer = 0x80000000;

}  // namespace

RawConnection::RawConnection(int fd) : fd_(fd), in_(kIdleBytes) {
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

RawConnection::~RawConnection() { close(fd_); }

bool RawConnection::Read() {
  const size_t room = in_.size() - in_end_;
  const ssize_t count = recv(fd_, in_.data() + in_end_, room, 0);
  if (count <= 0) return count < 0 && errno == EAGAIN;
  in_end_ += static_cast<size_t>(count);
  if (static_cast<size_t>(count) == room && in_.size() < kBusyBytes) in_.resize(kBusyBytes);
  return true;
}

bool RawConnection::Next(RawFrame& frame) {
  const size_t available = in_end_ - in_begin_;
  uint32_t header = 0;
  if (available >= kHeaderBytes) std::memcpy(&header, in_.data() + in_begin_, kHeaderBytes);
  const size_t bytes = header & ~kNoAnswer;
  if (available < kHeaderBytes || available - kHeaderBytes < bytes) {
    MakeRoom(kHeaderBytes + bytes);
    return false;
  }
  frame.bytes = std::string_view(in_.data() + in_begin_ + kHeaderBytes, bytes);
  frame.answer = (header & kNoAnswer) != 0 ? Answer::kNotWanted : Answer::kWanted;
  in_begin_ += kHeaderBytes + bytes;
  return true;
}

// For a frame of `bytes` that is not there yet, or not whole.
void RawConnection::MakeRoom(size_t bytes) {
  if (in_begin_ == in_end_) {
    in_begin_ = in_end_ = 0;
  } else if (in_.size() - in_begin_ < bytes || in_.size() - in_end_ < in_.size() / 8) {
    std::memmove(in_.data(), in_.data() + in_begin_, in_end_ - in_begin_);
    in_end_ -= in_begin_;
    in_begin_ = 0;
  }
  if (in_.size() < bytes) in_.resize(bytes);
}

void RawConnection::Append(const Msg& msg, Answer answer) {
  const auto bytes = static_cast<uint32_t>(msg.ByteSizeLong());
  const uint32_t header = answer == Answer::kWanted ? bytes : bytes | kNoAnswer;
  const size_t at = out_.size();
  out_.resize(at + kHeaderBytes + bytes);
  std::memcpy(out_.data() + at, &header, kHeaderBytes);
  msg.SerializeWithCachedSizesToArray(reinterpret_cast<uint8_t*>(out_.data() + at) +
                                      kHeaderBytes);
}

bool RawConnection::Flush() {
  waits_for_room_ = false;
  while (out_begin_ < out_.size()) {
    const ssize_t count =
        send(fd_, out_.data() + out_begin_, out_.size() - out_begin_, MSG_NOSIGNAL);
    if (count < 0) {
      waits_for_room_ = errno == EAGAIN;
      return waits_for_room_;
    }
    out_begin_ += static_cast<size_t>(count);
  }
  out_.clear();
  out_begin_ = 0;
  return true;
}

}  // namespace troupe::bench
