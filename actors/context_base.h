#ifndef TROUPE_ACTORS_CONTEXT_BASE_H_
#define TROUPE_ACTORS_CONTEXT_BASE_H_

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "troupe/actors/any_ref.h"
#include "troupe/actors/child.h"
#include "troupe/actors/ids.h"
#include "troupe/actors/spawn_options.h"
#include "troupe/actors/typing/event_check.h"
#include "troupe/actors/typing/handles.h"
#include "troupe/actors/typing/spawn_check.h"
#include "troupe/base/instant.h"
#include "troupe/base/random.h"
#include "troupe/loop/child_process.h"

namespace troupe {

template <typename A>
class Ref;
class ChildWriter;
class Sleeper;
struct ChildExited;
struct Down;
struct FdReady;
struct SignalRaised;
struct WorkerOptions;
namespace internal {
struct ChildMessages;
struct Envelope;
struct MessageType;
struct Unawaitable;
class Instance;
class Shard;
}  // namespace internal

// What a handler may do besides its own computing: everything that has an effect outside its
// actor's state. All of it returns at once.
//
// Thread:   the actor's shard.
// Lifetime: until the handler's Reply completes, across suspensions; not a moment longer.
class Context {
 public:
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  // --- Who and when. ---

  AnyRef self() const;
  // The handle of the actor whose handler this is: cx.Self(this).
  template <typename A>
  Ref<A> Self(const A* self) const;
  // Whoever sent this one-way message; empty when that was no actor of this node, and for a
  // request, which is answered by its reply.
  AnyRef sender() const;
  // The turn's reading of the monotonic clock: the same for a whole turn.
  Instant Now() const;
  absl::Time WallNow() const;
  Random& random();

  // --- The request being handled. ---

  // How long the caller still waits: infinite for a one-way message.
  absl::Duration Remaining() const;
  // The caller gave up, or the actor is being stopped: nobody wants the outcome.
  bool cancelled() const;
  // Firings of a periodic timer that were skipped before this one.
  uint32_t missed() const;

  // --- Actors. ---

  // Starts an actor; it becomes a child of this one, which outlives it. The handle is good at
  // once; when the spawn is refused the handle is dead from birth, and its Down says why.
  // The constructor's arguments are copied into each life of the actor.
  template <typename A, typename... Args>
  requires internal::SpawnsFrom<A, Args...> Ref<A> Spawn(SpawnOptions options, Args&&... args);
  // For arguments that can only be moved: the actor is never restarted.
  template <typename A, typename... Args>
  requires internal::SpawnsOnceFrom<A, Args...> Ref<A> SpawnOnce(SpawnOptions options,
                                                                 Args&&... args);
  // Errors: ALREADY_EXISTS for a taken name; RESOURCE_EXHAUSTED at the actor limit; UNAVAILABLE
  // in a stopping system.
  template <typename A, typename... Args>
  requires internal::SpawnsFrom<A, Args...> absl::StatusOr<Ref<A>> TrySpawn(SpawnOptions options,
                                                                            Args&&... args);
  // A pool of threads for a Worker class, behind one handle.
  template <typename W, typename... Args>
  requires internal::WorksFrom<W, Args...> Ref<W> SpawnWorkers(WorkerOptions options,
                                                               Args&&... args);

  TROUPE_INTERNAL_REFUSE_SPAWNS(Spawn, SpawnOptions, FaultOfSpawn)
  TROUPE_INTERNAL_REFUSE_SPAWNS(SpawnOnce, SpawnOptions, FaultOfSpawnOnce)
  TROUPE_INTERNAL_REFUSE_SPAWNS(TrySpawn, SpawnOptions, FaultOfSpawn)
  TROUPE_INTERNAL_REFUSE_SPAWNS(SpawnWorkers, WorkerOptions, FaultOfWorkers)

  // Ends this actor when the handler is done, however often that waits: the request it handles
  // still has its reply.
  void Stop();
  // Asks an actor of this node to end. Another one ends at once: a handler of it that waits is
  // ended where it is. kFull if too many orders wait for that actor's shard already.
  SendResult Stop(const AnyRef& other);

  // The living actor of that name, when it serves S, a generated service. FindAny() finds any.
  template <typename S>
  std::optional<typename S::Ref> Find(std::string_view name) const;
  std::optional<AnyRef> FindAny(std::string_view name) const;

  // --- Events as messages. `self` is `this`: it says at compile time who will get them. ---

  // One `message` to this actor after `delay`, never earlier.
  template <typename A, typename M>
  requires Handles<A, M> TimerId After(A* self, absl::Duration delay, M message);
  // `message` every `period`; at most one firing waits at a time, missed() counts the others. A
  // period that is not positive gives no timer, and a log line.
  template <typename A, typename M>
  requires(Handles<A, M>&& std::copy_constructible<M>) TimerId
      Every(A* self, absl::Duration period, M message);
  // False when it has fired and been handled, or was cancelled. After true nothing of it is
  // handled, not even one already queued.
  bool Cancel(TimerId timer);

  // FdReady when `fd` is ready for any of `events` (FdEvents). The descriptor stays the actor's:
  // Unwatch before it is closed.
  template <typename A>
  requires Handles<A, FdReady> FdWatchId Watch(A* self, int fd, uint32_t events);
  bool Unwatch(FdWatchId watch);

  // One Down when `target` ends.
  template <typename A>
  requires Handles<A, Down> MonitorId Monitor(A* self, const AnyRef& target);
  bool Demonitor(MonitorId monitor);

  // SignalRaised at each `signal` of this process that System options name as handled.
  template <typename A>
  requires Handles<A, SignalRaised> SubscriptionId Subscribe(A* self, int signal);
  bool Unsubscribe(SubscriptionId subscription);

  // Runs a child process, which leads a process group of its own; ChildOutput when it writes, if
  // there is an On() for it, and one ChildExited. The child lives as long as the actor: OnStop may
  // end it politely; after OnStop what is left of the group is killed.
  // Errors: what exec says, synchronously.
  template <typename A>
  requires Handles<A, ChildExited> absl::StatusOr<Child> Exec(A* self, ChildOptions options);
  // Errors: NOT_FOUND when the child has ended.
  absl::Status SignalChild(ChildId child, int signal, SignalTarget target = SignalTarget::kGroup);
  // Writes all of `bytes` or nothing.
  // Errors: RESOURCE_EXHAUSTED past child_input_bytes_max, and then ChildInputRoom comes, if there
  // is an On() for it; UNAVAILABLE once the child has closed its input.
  absl::Status WriteChild(ChildId child, std::string_view bytes);
  absl::Status CloseChildInput(ChildId child);

  TROUPE_INTERNAL_REFUSE_EVENTS

  // --- Awaits, for handlers that are coroutines. ---

  // co_await cx.Sleep(duration): resumes in the first turn after it.
  [[nodiscard("co_await it: by itself it does nothing")]] Sleeper Sleep(absl::Duration duration);
  // co_await cx.Offload(fn, args...): runs fn(args...) on the blocking pool; StatusOr of what it
  // returns. Arguments are copied or moved, never referred to.
  // Errors: RESOURCE_EXHAUSTED when the pool's queue is full.
  template <typename F, typename... Args>
  requires std::invocable<F, Args...>
  [[nodiscard("co_await it: by itself it does nothing")]] auto Offload(F function, Args... args);
  // Chosen only to say at the caller's line why the one above cannot be.
  template <typename F, typename... Args>
  requires(!std::invocable<F, Args...>) __attribute__((
      unavailable("the function cannot be called with copies of these arguments: it takes values "
                  "or const references, as many as are given"))) internal::Unawaitable
      Offload(F function, Args... args);
  // co_await cx.WriteChildAll(child, bytes): resumes when all bytes are written or in the child's
  // queue, however many they are; an absl::Status.
  // Errors: those of WriteChild(), but for a lack of room, for which it waits.
  [[nodiscard("co_await it: by itself it does nothing")]] ChildWriter WriteChildAll(
      ChildId child, std::string bytes);

 protected:
  Context() = default;
  ~Context() = default;

 private:
  // The shard that runs this handler. A CHECK on another thread, and in another handler.
  internal::Shard& Here() const;
  [[noreturn]] static void Misused();
  internal::Envelope& envelope();
  const internal::Envelope& envelope() const;
  FdWatchId WatchFd(const internal::MessageType* type, int fd, uint32_t events);
  MonitorId MonitorActor(const internal::MessageType* type, const AnyRef& target);
  SubscriptionId SubscribeSignal(const internal::MessageType* type, int signal);
  absl::StatusOr<Child> ExecChild(const internal::ChildMessages& messages,
                                  const ChildOptions& options);
  bool RemoveRecord(uint64_t id);
};

}  // namespace troupe

#endif  // TROUPE_ACTORS_CONTEXT_BASE_H_
