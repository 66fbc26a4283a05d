#ifndef TROUPE_LOOP_POSIX_THREAD_H_
#define TROUPE_LOOP_POSIX_THREAD_H_

#include <pthread.h>

#include <functional>
#include <memory>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "troupe/loop/platform.h"

namespace troupe {

// A thread of the operating system. Its cores and its signal mask are the starting thread's own,
// without what Troupe changed there.
//
// Thread:   the one that started it.
// Lifetime: Join() or Detach() before destruction.
class PosixThread {
 public:
  // Starts `body`. The thread runs unpinned if the kernel does not pin it. The name is cut to 15
  // characters.
  // Errors: RESOURCE_EXHAUSTED if no thread could be started.
  static absl::StatusOr<PosixThread> Start(ThreadOptions options, absl::AnyInvocable<void()> body);

  PosixThread(PosixThread&& other) noexcept;
  PosixThread& operator=(PosixThread&& other) noexcept;
  ~PosixThread();

  void Join();
  void Detach();

 private:
  explicit PosixThread(pthread_t thread) : thread_(thread), joinable_(true) {}

  pthread_t thread_;
  bool joinable_;
};

// A shard's thread: runs turns until the task is over.
class PosixExecutor final : public Executor {
 public:
  // Runs `prepare` in the thread before its first turn.
  static absl::StatusOr<std::unique_ptr<Executor>> Start(ThreadOptions options, LoopTask* task,
                                                         std::function<void()> prepare = {});
  void Join() override { thread_.Join(); }

 private:
  explicit PosixExecutor(PosixThread thread) : thread_(std::move(thread)) {}

  PosixThread thread_;
};

}  // namespace troupe

#endif  // TROUPE_LOOP_POSIX_THREAD_H_
