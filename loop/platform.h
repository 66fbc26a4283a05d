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

class MessageTracer;

// The turns of one shard, driven by the platform.
class LoopTask {
 public:
  // Runs one turn; if `may_block`, it may sleep in the poller until Poller::Wake(). Returns false
  // once the task is over and must not be called again.
  virtual bool RunTurn(bool may_block) = 0;

 protected:
  ~LoopTask() = default;
};

// A started thread, or the simulator's stand-in for one.
//
// Lifetime: Join() before destruction.
class Executor {
 public:
  virtual ~Executor() = default;
  virtual void Join() = 0;
};

// A one-time event, awaited by a thread that runs no shard.
class Event {
 public:
  virtual ~Event() = default;
  // Thread: any.
  virtual void Notify() = 0;
  // Returns whether the event was notified by `deadline`. In simulation, drives the simulation.
  virtual bool WaitUntil(Instant deadline) = 0;
};

// A job for a worker thread.
//
// Lifetime: owned by its poster; the pool uses it until Run() or Abandon() returns.
class WorkItem {
 public:
  WorkItem* next_work = nullptr;
  // Called on worker thread number `thread`.
  virtual void Run(int thread) = 0;
  // Called instead of Run() if the pool has ended, on the thread that ended it.
  virtual void Abandon() = 0;

 protected:
  ~WorkItem() = default;
};

// Dedicated threads that run jobs in the order in which they were posted.
//
// Thread: any, except for Stop().
// Bounds: `queue_max` waiting jobs.
class WorkerThreads {
 public:
  virtual ~WorkerThreads() = default;
  // Returns false, without taking `item`, if the queue is full or the pool is stopping.
  virtual bool TryPost(WorkItem* item) = 0;
  // Stops taking jobs; each thread ends once no job waits. Stop() then joins them.
  // Thread: any.
  virtual void Close() = 0;
  // Abandons waiting jobs, lets running ones finish until `deadline`, and joins. Returns the number
  // of threads still stuck in a job: these are detached, and the caller reports them.
  virtual int Stop(Instant deadline) = 0;
};

struct ThreadOptions {
  std::string name;
  bool pin = false;  // To a core of its own, if the process has a free one.
};

// Receives signals of this process.
class SignalHandler {
 public:
  // One call may stand for several signals, as the kernel coalesces them.
  virtual void OnSignal(int signal, int sender_pid) = 0;

 protected:
  ~SignalHandler() = default;
};

// A subscription to signals, delivered to one poller.
//
// Lifetime: destroying it ends the subscription. A signal's action and the masks are restored once
//           the last platform of the process that needs the signal has ended.
class SignalSource {
 public:
  virtual ~SignalSource() = default;
};

// The one seam to everything that is not deterministic: time, randomness, sockets, child processes,
// signals, threads, and the choice of the next shard to run. Production code runs unchanged on the
// operating system's implementation and on the simulator's.
//
// Thread:   any, unless a poller is passed: then that poller's shard.
// Lifetime: outlives every object it made.
class Platform {
 public:
  virtual ~Platform() = default;

  virtual Clock& clock() = 0;

  // Returns a seed from the kernel's entropy, or from the run's seed in simulation.
  virtual uint64_t RandomSeed() = 0;

  // Returns the number of cores that this process may use.
  virtual int usable_cores() = 0;

  // Returns whether this platform or another has pinned a thread of this process.
  virtual bool cores_pinned() = 0;

  // Ends this process at once, without destructors. In simulation it returns and the node is
  // crashed: its threads run only for a wait of the test's own, as in Run() or ~System, and what
  // they do then reaches no other node.
  virtual void EndProcess(int exit_code) = 0;

  // Returns who wants to know what actors do, or null.
  virtual MessageTracer* tracer() { return nullptr; }

  // Returns whether one thread runs all shards, so that pinning and spinning are pointless.
  virtual bool simulated() const = 0;

  // Errors: RESOURCE_EXHAUSTED, naming the call, if the kernel has no descriptor left.
  virtual absl::StatusOr<std::unique_ptr<Poller>> MakePoller(const Limits& limits) = 0;

  // Errors: RESOURCE_EXHAUSTED if no thread could be started.
  virtual absl::StatusOr<std::unique_ptr<Executor>> StartLoop(ThreadOptions options,
                                                              LoopTask* task) = 0;
  virtual absl::StatusOr<std::unique_ptr<WorkerThreads>> StartWorkers(std::string name, int threads,
                                                                      int queue_max) = 0;
  virtual std::unique_ptr<Event> MakeEvent() = 0;

  // Begins to listen before it returns.
  // Errors: the text names the address.
  virtual absl::StatusOr<std::unique_ptr<Listener>> Listen(Poller& poller, TimerWheel& timers,
                                                           const SocketAddress& address,
                                                           int accepts_per_turn_max,
                                                           ListenerHandler* handler) = 0;
  // Calls OnConnected() or OnFailed() later, never before it returns.
  virtual std::unique_ptr<ByteStream> Connect(Poller& poller, const SocketAddress& address,
                                              const ByteStreamOptions& options,
                                              ByteStreamHandler* handler) = 0;
  // Turns an accepted connection into a stream of this poller's shard.
  virtual std::unique_ptr<ByteStream> Adopt(Poller& poller, std::unique_ptr<PendingStream> pending,
                                            const ByteStreamOptions& options,
                                            ByteStreamHandler* handler) = 0;

  // Errors: those of exec (NOT_FOUND, PERMISSION_DENIED, INVALID_ARGUMENT, ...), synchronously.
  virtual absl::StatusOr<std::unique_ptr<ChildProcess>> SpawnChild(Poller& poller,
                                                                   const ChildOptions& options,
                                                                   const Limits& limits,
                                                                   ChildHandler* handler) = 0;

  // Blocks `signals` in the calling thread and in shard threads started later, and keeps them from
  // ending the process where they are not blocked: workers have the original mask of the calling
  // thread.
  virtual void MaskSignals(const std::vector<int>& signals) = 0;

  // Subscribes `handler` to `signals`. Every subscription gets every signal, whichever poller the
  // kernel woke for it.
  // Errors: INVALID_ARGUMENT for a number that is no signal or one that cannot be caught.
  virtual absl::StatusOr<std::unique_ptr<SignalSource>> CatchSignals(
      Poller& poller, const std::vector<int>& signals, SignalHandler* handler) = 0;
};

// Makes the operating system's platform: epoll, POSIX threads, sockets, pidfd, signalfd.
std::unique_ptr<Platform> MakePosixPlatform();

}  // namespace troupe

#endif  // TROUPE_LOOP_PLATFORM_H_
