#include "troupe/loop/posix_thread.h"

#include <sched.h>

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "troupe/base/check.h"
#include "troupe/base/logging.h"
#include "troupe/loop/posix_error.h"

namespace troupe {
namespace {

constexpr size_t kNameCharsMax = 15;

struct StartArguments {
  ThreadOptions options;
  absl::AnyInvocable<void()> body;
};

cpu_set_t UsableSet() {
  cpu_set_t set;
  CPU_ZERO(&set);
  // Fails on a machine with more cores than the set has room for: any core then.
  if (sched_getaffinity(0, sizeof(set), &set) != 0) CPU_SET(0, &set);
  return set;
}

// The number the kernel has for the `nth` core that this process may run on, or -1.
int UsableCore(int nth) {
  const cpu_set_t usable = UsableSet();
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (CPU_ISSET(core, &usable) && nth-- == 0) return core;
  }
  return -1;
}

void PinThisThread(int cpu) {
  const int core = UsableCore(cpu);
  cpu_set_t set;
  CPU_ZERO(&set);
  if (core >= 0) CPU_SET(core, &set);
  if (core < 0 || pthread_setaffinity_np(pthread_self(), sizeof(set), &set) != 0) {
    TROUPE_LOG(kWarning, "a thread runs unpinned: no core number ", cpu);
  }
}

void* RunThread(void* raw) {
  const std::unique_ptr<StartArguments> arguments(static_cast<StartArguments*>(raw));
  const std::string name = arguments->options.name.substr(0, kNameCharsMax);
  pthread_setname_np(pthread_self(), name.c_str());
  if (arguments->options.cpu >= 0) PinThisThread(arguments->options.cpu);
  arguments->body();
  return nullptr;
}

}  // namespace

int UsableCores() {
  const cpu_set_t usable = UsableSet();
  return std::max(CPU_COUNT(&usable), 1);
}

absl::StatusOr<PosixThread> PosixThread::Start(ThreadOptions options,
                                               absl::AnyInvocable<void()> body) {
  const std::string what = absl::StrCat("pthread_create of \"", options.name, "\"");
  // The thread's, once there is one.
  auto* const arguments = new StartArguments{std::move(options), std::move(body)};
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
                                                               LoopTask* task) {
  absl::StatusOr<PosixThread> thread = PosixThread::Start(std::move(options), [task] {
    while (task->RunTurn(/*may_block=*/true)) {
    }
  });
  if (!thread.ok()) return thread.status();
  return std::unique_ptr<Executor>(new PosixExecutor(*std::move(thread)));
}

}  // namespace troupe
