#ifndef TROUPE_LOOP_FD_H_
#define TROUPE_LOOP_FD_H_

#include <unistd.h>

#include <utility>

namespace troupe {

// Owns a file descriptor, or none (-1).
//
// Thread: any, one at a time.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) Reset(std::exchange(other.fd_, -1));
    return *this;
  }
  ~Fd() { Reset(); }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  // Gives the descriptor to the caller.
  int Release() { return std::exchange(fd_, -1); }

  // close() is not repeated after EINTR: Linux has closed the descriptor by then.
  void Reset(int fd = -1) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
  }

 private:
  int fd_ = -1;
};

}  // namespace troupe

#endif  // TROUPE_LOOP_FD_H_
