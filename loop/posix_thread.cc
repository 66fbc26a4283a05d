#include "troupe/loop/posix_thread.h"

#include <sched.h>
#include <signal.h>

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "troupe/base/check.h"
#include "troupe/loop/core_pin.h"
#include "troupe/loop/posix_error.h"
#include "troupe/loop/thread_mask.h"

namespace troupe {
namespace {

constexpr size_t kNameCharsMax = 15;

struct StartArguments {
  ThreadOptions options;
  absl::AnyInvocable<void()> body;
  // What the thread that starts this one has of its own.
  std::optional<cpu_set_t> cores;
  sigset_t mask;
  CorePin pin;
};

void* RunThread(void* raw) {
  const std::unique_ptr<StartArguments> arguments(static_cast<StartArguments*>(raw));
  const std::string name = arguments->options.name.substr(0, kNameCharsMax);
  pthread_setname_np(pthread_self(), name.c_str());
  if (arguments->cores.has_value()) {
    // Best effort, as the kernel had given them to the thread that started this one.
    pthread_setaffinity_np(pthread_self(), sizeof(*arguments->cores), &*arguments->cores);
  }
  pthread_sigmask(SIG_SETMASK, &arguments->mask, nullptr);
  arguments->pin.Apply();
  arguments->body();
  return nullptr;
}

}  // namespace

absl::StatusOr<PosixThread> PosixThread::Start(ThreadOptions options,
                                               absl::AnyInvocable<void()> body) {
  const std::string what = absl::StrCat("pthread_create of \"", options.name, "\"");
  // The thread's, once there is one.
  auto* const arguments = new StartArguments{.options = std::move(options),
                                             .body = std::move(body),
                                             .cores = OwnCores(),
                                             .mask = ThreadMask::OfThisThread()->own(),
                                             .pin = options.pin ? CorePin::Take() : CorePin()};
  pthread_t thread;
  const int error = pthread_create(&thread, nullptr, &RunThread, arguments);
  if (error != 0) {
    delete arguments;
    return StatusFromErrno(error, what);
  }
  return PosixThread(thread);
}

PosixThread::PosixThread(PosixThread&& other) noexcept
    : thread_(other.thread_), joinable_(std::exchange(other.joinable_, false)) {}

PosixThread& PosixThread::operator=(PosixThread&& other) noexcept {
  TROUPE_CHECK(!joinable_);
  thread_ = other.thread_;
  joinable_ = std::exchange(other.joinable_, false);
  return *this;
}

PosixThread::~PosixThread() { TROUPE_CHECK_MSG(!joinable_, "a thread was not joined"); }

void PosixThread::Join() {
  if (!std::exchange(joinable_, false)) return;
  TROUPE_CHECK_MSG(pthread_join(thread_, nullptr) == 0, "pthread_join");
}

void PosixThread::Detach() {
  if (std::exchange(joinable_, false)) pthread_detach(thread_);
}

absl::StatusOr<std::unique_ptr<Executor>> PosixExecutor::Start(ThreadOptions options,
                                                               LoopTask* task,
                                                               std::function<void()> prepare) {
  absl::StatusOr<PosixThread> thread = PosixThread::Start(std::move(options), [task, prepare] {
    if (prepare) prepare();
    while (task->RunTurn(/*may_block=*/true)) {
    }
  });
  if (!thread.ok()) return thread.status();
  return std::unique_ptr<Executor>(new PosixExecutor(*std::move(thread)));
}

}  // namespace troupe
