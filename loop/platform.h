#ifndef TROUPE_LOOP_PLATFORM_H_
#define TROUPE_LOOP_PLATFORM_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "troupe/base/clock.h"
#include "troupe/base/limits.h"
#include "troupe/loop/child_process.h"
#include "troupe/loop/poller.h"
#include "troupe/loop/socket.h"
#include "troupe/loop/timer_wheel.h"

namespace troupe {

// One shard's turns, as the platform drives them.
class LoopTask {
 public:
  // Runs one turn; may sleep in the poller until `Poller::Wake()` when `may_block`.
  // Returns false when it is over and must not be called again.
  virtual bool RunTurn(bool may_block) = 0;

 protected:
  ~LoopTask() = default;
};

// A thread that was started, or the simulator's stand-in for one.
//
// Lifetime: Join() before destruction.
class Executor {
 public:
  virtual ~Executor() = default;
  virtual void Join() = 0;
};

// Something that happens once, waited for by a thread that is no shard's.
class Event {
 public:
  virtual ~Event() = default;
  // Thread: any.
  virtual void Notify() = 0;
  // Returns whether it was notified; false when `deadline` came first. In simulation this drives
  // the simulation.
  virtual bool WaitUntil(Instant deadline) = 0;
};

// A job for a worker thread.
//
// Lifetime: owned by whoever posts it; the pool touches it until Run() or Abandon() returns.
class WorkItem {
 public:
  WorkItem* next_work = nullptr;
  // On worker thread number `thread`.
  virtual void Run(int thread) = 0;
  // The pool ended before it ran; on the thread that ended the pool.
  virtual void Abandon() = 0;

 protected:
  ~WorkItem() = default;
};

// Dedicated threads that run jobs in the order they were posted.
//
// Thread: any, but for Stop().
// Bounds: `queue_max` jobs wait.
class WorkerThreads {
 public:
  virtual ~WorkerThreads() = default;
  // False when the queue is full or the pool is stopping; `item` was not taken then.
  virtual bool TryPost(WorkItem* item) = 0;
  // Takes no more jobs; each thread ends when none waits. Stop() then joins them.
  // Thread: any.
  virtual void Close() = 0;
  // Abandons what waits, lets what runs finish until `deadline`, and joins. Returns the number
  // of threads still stuck in a job: these are detached, and the caller names them.
  virtual int Stop(Instant deadline) = 0;
};

struct ThreadOptions {
  std::string name;
  bool pin = false;  // To a core of its own, as long as the process has one that is free.
};

// Told of signals this process got.
class SignalHandler {
 public:
  // Several of one signal may come as one call, as the kernel coalesces them.
  virtual void OnSignal(int signal, int sender_pid) = 0;

 protected:
  ~SignalHandler() = default;
};

// Signals delivered to one poller.
//
// Lifetime: destroying it ends the subscription. A signal's action and the masks are as before
//           once the last platform of the process that needs the signal has ended.
class SignalSource {
 public:
  virtual ~SignalSource() = default;
};

// The one seam for everything that is not deterministic: time, randomness, sockets, child
// processes, signals, threads, and which shard runs next. Production code runs unchanged on the
// operating system's implementation and on the simulator's.
//
// Thread:   any, unless a poller is passed: then that poller's shard.
// Lifetime: outlives every object it made.
class Platform {
 public:
  virtual ~Platform() = default;

  virtual Clock& clock() = 0;

  // From the kernel's entropy; from the run's seed in simulation.
  virtual uint64_t RandomSeed() = 0;

  // Cores this process may run on.
  virtual int usable_cores() = 0;

  // Whether a thread of this process is pinned, by this platform or another.
  virtual bool cores_pinned() = 0;

  // Pins and spins make no sense where one thread plays all shards.
  virtual bool simulated() const = 0;

  // Errors: RESOURCE_EXHAUSTED with the call's name when the kernel has no descriptor to give.
  virtual absl::StatusOr<std::unique_ptr<Poller>> MakePoller(const Limits& limits) = 0;

  // Errors: RESOURCE_EXHAUSTED when no thread could be started.
  virtual absl::StatusOr<std::unique_ptr<Executor>> StartLoop(ThreadOptions options,
                                                              LoopTask* task) = 0;
  virtual absl::StatusOr<std::unique_ptr<WorkerThreads>> StartWorkers(std::string name, int threads,
                                                                      int queue_max) = 0;
  virtual std::unique_ptr<Event> MakeEvent() = 0;

  // Listens at once. Errors: the address stands in the text.
  virtual absl::StatusOr<std::unique_ptr<Listener>> Listen(Poller& poller, TimerWheel& timers,
                                                           const SocketAddress& address,
                                                           int accepts_per_turn_max,
                                                           ListenerHandler* handler) = 0;
  // Calls OnConnected() or OnFailed() later, never from inside.
  virtual std::unique_ptr<ByteStream> Connect(Poller& poller, const SocketAddress& address,
                                              const ByteStreamOptions& options,
                                              ByteStreamHandler* handler) = 0;
  // Makes an accepted connection a stream of this poller's shard.
  virtual std::unique_ptr<ByteStream> Adopt(Poller& poller, std::unique_ptr<PendingStream> pending,
                                            const ByteStreamOptions& options,
                                            ByteStreamHandler* handler) = 0;

  // Errors: what exec said (NOT_FOUND, PERMISSION_DENIED, INVALID_ARGUMENT, ...), synchronously.
  virtual absl::StatusOr<std::unique_ptr<ChildProcess>> SpawnChild(Poller& poller,
                                                                   const ChildOptions& options,
                                                                   const Limits& limits,
                                                                   ChildHandler* handler) = 0;

  // Blocks `signals` in the calling thread and in the shard threads started later, and keeps them
  // from ending the process where they are not blocked: workers have the mask that the calling
  // thread had.
  virtual void MaskSignals(const std::vector<int>& signals) = 0;

  // Every subscription hears every signal, whichever poller the kernel woke for it.
  // Errors: INVALID_ARGUMENT for what is no signal or cannot be caught.
  virtual absl::StatusOr<std::unique_ptr<SignalSource>> CatchSignals(
      Poller& poller, const std::vector<int>& signals, SignalHandler* handler) = 0;
};

// The operating system's: epoll, POSIX threads, sockets, pidfd, signalfd.
std::unique_ptr<Platform> MakePosixPlatform();

}  // namespace troupe

#endif  // TROUPE_LOOP_PLATFORM_H_
