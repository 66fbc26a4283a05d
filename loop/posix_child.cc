#include "troupe/loop/posix_child.h"

#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "troupe/base/check.h"
#include "troupe/base/logging.h"
#include "troupe/base/status_macros.h"
#include "troupe/loop/posix_error.h"

namespace troupe {
namespace {

// How long a destructor waits for the end of a process that was killed: many times what it takes,
// unless the process is huge or in an uninterruptible call. While one is, the others are not waited
// for.
constexpr absl::Duration kEndWait = absl::Milliseconds(100);

// What a pipe holds, unless a child has made it larger.
constexpr size_t kReadBytes = 64 << 10;

ssize_t ReadFd(int fd, char* buffer, size_t size) {
  ssize_t count;
  do {
    count = read(fd, buffer, size);
  } while (count < 0 && errno == EINTR);
  return count;
}

// write() without SIGPIPE, which for a pipe only the thread's mask can hold back; the one it
// caused is taken away again. The process's handler stays as it is.
ssize_t WriteWithoutSigpipe(int fd, std::string_view bytes) {
  sigset_t sigpipe, previous, pending;
  sigemptyset(&sigpipe);
  sigaddset(&sigpipe, SIGPIPE);
  sigpending(&pending);
  const bool was_pending = sigismember(&pending, SIGPIPE) == 1;
  pthread_sigmask(SIG_BLOCK, &sigpipe, &previous);
  ssize_t count;
  do {
    count = write(fd, bytes.data(), bytes.size());
  } while (count < 0 && errno == EINTR);
  const int error = errno;
  if (count < 0 && error == EPIPE && !was_pending) {
    const timespec at_once = {};
    while (sigtimedwait(&sigpipe, nullptr, &at_once) < 0 && errno == EINTR) {
    }
  }
  pthread_sigmask(SIG_SETMASK, &previous, nullptr);
  errno = error;
  return count;
}

}  // namespace

absl::Status PosixChild::Channel::Open(Fd fd, uint32_t events) {
  if (!fd.valid()) return absl::OkStatus();
  owned_ = std::move(fd);
  return Watch(owned_.get(), events);
}

absl::Status PosixChild::Channel::Watch(int fd, uint32_t events) {
  fd_ = fd;
  TROUPE_ASSIGN_OR_RETURN(watch_, child_.poller_.Add(fd, events, this));
  return absl::OkStatus();
}

void PosixChild::Channel::Close() {
  child_.poller_.Remove(std::exchange(watch_, {}));
  fd_ = -1;
  owned_.Reset();
}

void PosixChild::Channel::Want(uint32_t events) {
  // Fails only without memory for a descriptor that is registered already.
  TROUPE_CHECK(child_.poller_.Modify(watch_, events).ok());
}

void PosixChild::Channel::Hold(bool hold) {
  if (held_ == hold) return;
  held_ = hold;
  if (open()) Want(hold ? 0u : kReadable);
}

absl::StatusOr<std::unique_ptr<ChildProcess>> PosixChild::Spawn(PosixPoller& poller,
                                                                const ChildOptions& options,
                                                                const Limits& limits,
                                                                const ChildCount& count,
                                                                ChildHandler* handler) {
  ChildPlace place = ChildPlace::Take(count, limits.children_processes_max);
  if (!place) {
    return absl::ResourceExhaustedError(
        absl::StrCat("children_processes_max: ", limits.children_processes_max));
  }
  std::unique_ptr<PosixChild> child(new PosixChild(poller, limits, std::move(place), handler));
  TROUPE_RETURN_IF_ERROR(child->Start(options));
  return child;
}

PosixChild::PosixChild(PosixPoller& poller, const Limits& limits, ChildPlace place,
                       ChildHandler* handler)
    : poller_(poller),
      handler_(*handler),
      place_(std::move(place)),
      output_bytes_max_(static_cast<size_t>(limits.child_output_bytes_max)),
      input_bytes_max_(static_cast<size_t>(limits.child_input_bytes_max)) {}

PosixChild::~PosixChild() {
  end_.Close();
  if (!started_.process.lost()) End();
}

void PosixChild::End() {
  PosixProcess& process = started_.process;
  if (!group_left_) process.SignalGroup(SIGKILL);
  const int error = exited_ ? 0 : process.Signal(SIGKILL);
  if (error != 0 && error != ESRCH) {
    TROUPE_LOG(kWarning, "child process ", pid(),
               " goes on: ", StatusFromErrno(error, "SIGKILL").message());
  } else if (!AnyReapedLater()) {
    process.AwaitEnd(kEndWait);
  }
  ChildStatus ignored;
  if (!process.Reap(/*block=*/false, ignored)) ReapLater(std::move(process), std::move(place_));
}

// On failure the destructor ends what was started.
absl::Status PosixChild::Start(const ChildOptions& options) {
  TROUPE_ASSIGN_OR_RETURN(started_, StartChild(options));
  has_input_ = options.pipe_input;
  if (!started_.process.lost()) {
    TROUPE_RETURN_IF_ERROR(end_.Watch(started_.process.end_fd(), kReadable));
  } else {
    poller_.Defer(lost_exit_);
  }
  TROUPE_RETURN_IF_ERROR(output_.Open(std::move(started_.output), kReadable));
  TROUPE_RETURN_IF_ERROR(error_.Open(std::move(started_.error), kReadable));
  // Wants nothing, and so hears once that the child closed its end.
  return input_.Open(std::move(started_.input), 0);
}

absl::Status PosixChild::Signal(int signal, SignalTarget target) {
  const PosixProcess& process = started_.process;
  if (exited_ || process.HasEnded()) {
    return absl::NotFoundError(
        absl::StrCat("signal ", signal, " to process ", pid(), ": it has ended"));
  }
  if (signal != 0) asked_to_end_ = true;
  const int error =
      target == SignalTarget::kGroup ? process.SignalGroup(signal) : process.Signal(signal);
  if (error == 0) return absl::OkStatus();
  return StatusFromErrno(error, absl::StrCat("signal ", signal, " to process ", pid()));
}

absl::Status PosixChild::WriteInput(std::string_view bytes) {
  if (!has_input_) return absl::FailedPreconditionError("the child has no pipe_input");
  if (!input_.open() || input_closing_)
    return absl::UnavailableError("the child's input is closed");
  if (bytes.size() > input_bytes_max_) {
    return absl::InvalidArgumentError(absl::StrCat(
        bytes.size(), " bytes at once never fit: child_input_bytes_max is ", input_bytes_max_));
  }
  const size_t unread_bytes = Unwritten().size();
  if (unread_bytes + bytes.size() > input_bytes_max_) {
    wants_room_ = true;
    return absl::ResourceExhaustedError(absl::StrCat("child_input_bytes_max (", input_bytes_max_,
                                                     "): the child has not read ", unread_bytes,
                                                     " bytes"));
  }
  unwritten_.append(bytes);
  if (FlushInput()) return absl::OkStatus();
  // Others who wait for room hear of it from the loop, which has no descriptor to hear it from.
  poller_.Defer(room_notice_);
  return absl::UnavailableError("the child closed its input");
}

void PosixChild::CloseInput() {
  asked_to_end_ = true;
  input_closing_ = true;
  if (Unwritten().empty()) input_.Close();
  if (wants_room_) poller_.Defer(room_notice_);
}

void PosixChild::HoldOutput(bool is_stderr, bool hold) {
  (is_stderr ? error_ : output_).Hold(hold);
}

void PosixChild::OnInput(uint32_t events) {
  if (!Unwritten().empty()) {
    FlushInput();
  } else if (events & (kError | kHangup)) {
    input_.Close();
  } else {
    input_.Want(0u);
  }
  TellRoom();
}

void PosixChild::TellRoom() {
  if (std::exchange(wants_room_, false) && HasInputRoom()) handler_.OnChildInputRoom();
}

bool PosixChild::HasInputRoom() {
  if (Unwritten().size() <= input_bytes_max_ / 2 || input_closing_) return true;
  wants_room_ = true;
  return false;
}

// False when the child has closed its end.
bool PosixChild::FlushInput() {
  while (!Unwritten().empty()) {
    const ssize_t count = WriteWithoutSigpipe(input_.fd(), Unwritten());
    if (count < 0) {
      if (errno == EAGAIN) break;
      ForgetInput();
      return false;
    }
    written_bytes_ += static_cast<size_t>(count);
  }
  // Moved to the front once that is less than has been written.
  if (written_bytes_ * 2 >= unwritten_.size()) {
    unwritten_.erase(0, std::exchange(written_bytes_, 0));
  }
  if (unwritten_.empty() && input_closing_) {
    input_.Close();
  } else {
    // Whoever was refused is told from the loop, also when another write has emptied this.
    input_.Want(unwritten_.empty() && !wants_room_ ? 0u : kWritable);
  }
  return true;
}

void PosixChild::ForgetInput() {
  unwritten_.clear();
  written_bytes_ = 0;
  input_.Close();
}

// A hang-up is told of all the same, and once more when the channel is held no longer.
void PosixChild::ReadUnlessHeld(Channel& channel, bool is_stderr) {
  if (!channel.held()) ReadSome(channel, is_stderr, output_bytes_max_);
}

// Returns the bytes delivered; 0 when there are none, and then `this` is alive.
size_t PosixChild::ReadSome(Channel& channel, bool is_stderr, size_t bytes_wanted) {
  char buffer[kReadBytes];
  const ssize_t count =
      ReadFd(channel.fd(), buffer, std::min({bytes_wanted, output_bytes_max_, sizeof(buffer)}));
  if (count < 0 && errno == EAGAIN) return 0;
  if (count <= 0) {
    channel.Close();
    return 0;
  }
  handler_.OnChildOutput(is_stderr, {buffer, static_cast<size_t>(count)});
  return static_cast<size_t>(count);
}

// What is in the pipe now and no more: a grandchild may go on writing.
void PosixChild::DrainAtExit(Channel& channel, bool is_stderr) {
  int left = 0;
  if (!channel.open() || ioctl(channel.fd(), FIONREAD, &left) != 0) return;
  Liveness::Watch watch(liveness_);
  while (left > 0) {
    const size_t count = ReadSome(channel, is_stderr, static_cast<size_t>(left));
    if (!watch.alive() || count == 0) return;
    left -= static_cast<int>(count);
  }
}

void PosixChild::OnEnd(uint32_t events) {
  ChildStatus status;
  if (!started_.process.Wait(/*block=*/false, status)) return;
  end_.Close();
  // Not reaped, the leader keeps the group's number from being another's. Otherwise the rest of
  // the group is left alone, and its leader need not wait for that.
  if (!asked_to_end_) started_.process.Reap(/*block=*/false, status);
  Exit(status);
}

void PosixChild::Exit(const ChildStatus& status) {
  exited_ = true;
  ForgetInput();
  Liveness::Watch watch(liveness_);
  DrainAtExit(output_, false);
  if (watch.alive()) DrainAtExit(error_, true);
  if (!watch.alive()) return;
  output_.Close();
  error_.Close();
  handler_.OnChildExited(status);
}

}  // namespace troupe
