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
struct Envelope;
struct MessageType;
struct Unawaitable;
class Instance;
class Shard;

template <typename R>
inline constexpr bool kIsReply = false;
template <typename T>
inline constexpr bool kIsReply<Reply<T>> = true;
// A function that returns its result: a coroutine could not wait on a worker thread.
template <typename F, typename... Args>
concept Offloads = std::invocable<F, Args...> && !kIsReply<std::invoke_result_t<F, Args...>>;

}  // namespace internal

// A handler's access to the runtime: every effect outside its actor's own state. No call blocks.
//
// Thread:   the actor's shard.
// Lifetime: until the handler has answered and its last coroutine has ended, which may be one that
//           the actor keeps.
class Context {
 public:
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  // --- Who and when. ---

  AnyRef self() const;
  // Returns the typed handle of this handler's actor: cx.Self(this).
  template <typename A>
  Ref<A> Self(const A* self) const;
  // The sender of this one-way message. Empty if no actor of this node sent it, and for a request,
  // which is answered by its reply.
  AnyRef sender() const;
  // The turn's reading of the monotonic clock: the same throughout a turn.
  Instant Now() const;
  absl::Time WallNow() const;
  Random& random();

  // --- The request being handled. ---

  // The time until the caller stops waiting; infinite for a one-way message.
  absl::Duration Remaining() const;
  // Whether nobody wants the outcome any more, since the caller gave up. An actor that is stopped
  // destroys its waiting handlers where they await: what must happen then belongs into destructors
  // of their locals, or into OnStop.
  bool cancelled() const;
  // The number of firings of a periodic timer that were skipped before this one.
  uint32_t missed() const;

  // --- Actors. ---

  // Starts an actor as a child of this one, which outlives it. The handle is usable at once; if the
  // spawn is refused, the handle is dead and its Down says why. The constructor's arguments are
  // copied into each life of the actor.
  template <typename A, typename... Args>
  requires internal::SpawnsFrom<A, Args...> Ref<A> Spawn(SpawnOptions options, Args&&... args);
  // Chosen for options that are `{}`, which then are not even made.
  template <typename A, typename... Args>
  requires internal::SpawnsFrom<A, Args...> Ref<A> Spawn(internal::NoOptions, Args&&... args);
  // Takes arguments that can only be moved. The actor is never restarted.
  template <typename A, typename... Args>
  requires internal::SpawnsOnceFrom<A, Args...> Ref<A> SpawnOnce(SpawnOptions options,
                                                                 Args&&... args);
  // Errors: ALREADY_EXISTS if the name is taken; RESOURCE_EXHAUSTED at a limit; UNAVAILABLE if the
  // system is stopping.
  template <typename A, typename... Args>
  requires internal::SpawnsFrom<A, Args...> absl::StatusOr<Ref<A>> TrySpawn(SpawnOptions options,
                                                                            Args&&... args);
  // Starts a pool of threads for a Worker class, behind one handle.
  template <typename W, typename... Args>
  requires internal::WorksFrom<W, Args...> Ref<W> SpawnWorkers(WorkerOptions options,
                                                               Args&&... args);

  TROUPE_INTERNAL_REFUSE_SPAWNS(Spawn, SpawnOptions, FaultOfSpawn)
  TROUPE_INTERNAL_REFUSE_SPAWNS(SpawnOnce, SpawnOptions, FaultOfSpawnOnce)
  TROUPE_INTERNAL_REFUSE_SPAWNS(TrySpawn, SpawnOptions, FaultOfSpawn)
  TROUPE_INTERNAL_REFUSE_SPAWNS(SpawnWorkers, WorkerOptions, FaultOfWorkers)

  // Ends this actor once the handler has completed, however often the handler waits; the request
  // being handled still gets its reply.
  void Stop();
  // Asks an actor of this node to end. An actor other than this one ends at once: a handler of it
  // that waits is abandoned at its await. Returns kFull if too many control messages wait for its
  // shard.
  SendResult Stop(const AnyRef& other);

  // Finds the living actor with that name, if it serves S, a generated service. FindAny() finds any
  // actor.
  template <typename S>
  std::optional<typename S::Ref> Find(std::string_view name) const;
  std::optional<AnyRef> FindAny(std::string_view name) const;

  // --- Events as messages. `self` is `this`: it says at compile time who will get them. ---

  // Sends this actor `message` once, after `delay` and never earlier.
  template <typename A, typename M>
  requires Handles<A, M> TimerId After(A* self, absl::Duration delay, M message);
  // Sends `message` every `period`. At most one firing waits at a time; missed() counts the others.
  // A period that is not positive sets no timer and logs a line.
  template <typename A, typename M>
  requires(Handles<A, M>&& std::copy_constructible<M>) TimerId
      Every(A* self, absl::Duration period, M message);
  // Returns false if the timer has fired and been handled, or was cancelled. After true, no message
  // of the timer is handled, not even one already queued.
  bool Cancel(TimerId timer);

  // Sends FdReady when `fd` is ready for any of `events` (FdEvents). The descriptor stays the
  // actor's: call Unwatch before closing it.
  template <typename A>
  requires Handles<A, FdReady> FdWatchId Watch(A* self, int fd, uint32_t events);
  bool Unwatch(FdWatchId watch);

  // Sends one Down when `target` ends.
  template <typename A>
  requires Handles<A, Down> MonitorId Monitor(A* self, const AnyRef& target);
  bool Demonitor(MonitorId monitor);

  // Sends SignalRaised for each `signal` of this process. One that SystemOptions list is caught
  // from the System's start on, another one from now on: before, it does what it does by default.
  template <typename A>
  requires Handles<A, SignalRaised> SubscriptionId Subscribe(A* self, int signal);
  bool Unsubscribe(SubscriptionId subscription);

  // Starts a child process that leads a process group of its own. Sends ChildOutput as the child
  // writes, and ChildExited once. Without an On() for ChildOutput, the child writes to this
  // process's standard output and standard error. The child lives as long as the
  // actor: OnStop may end it politely, and what is left of its group after OnStop is killed, unless
  // ChildExited was handled. What it writes once the actor stops is dropped.
  // Errors: those of exec, returned synchronously; RESOURCE_EXHAUSTED at a limit.
  template <typename A>
  requires Handles<A, ChildExited> absl::StatusOr<Child> Exec(A* self, ChildOptions options);
  // Errors: NOT_FOUND if the child has ended.
  absl::Status SignalChild(ChildId child, int signal, SignalTarget target = SignalTarget::kGroup);
  // Writes all of `bytes` or nothing.
  // Errors: RESOURCE_EXHAUSTED past child_input_bytes_max or while a WriteChildAll() waits, after
  // which ChildInputRoom is sent, if the actor has an On() for it; UNAVAILABLE once the child has
  // closed its input.
  absl::Status WriteChild(ChildId child, std::string_view bytes);
  absl::Status CloseChildInput(ChildId child);

  TROUPE_INTERNAL_REFUSE_EVENTS

  // --- Awaits, for handlers that are coroutines. ---

  // co_await cx.Sleep(duration): resumes in the first turn after `duration`, with OK, or earlier
  // with CANCELLED in a handler that is cancelled.
  [[nodiscard("co_await it: by itself it does nothing")]] Sleeper Sleep(absl::Duration duration);
  // co_await cx.Offload(fn, args...): runs fn(args...) on the blocking pool and returns its result
  // as a StatusOr, or as a Status if there is no value. Arguments are copied or moved, never
  // referred to.
  // Errors: RESOURCE_EXHAUSTED if the pool's queue is full.
  template <typename F, typename... Args>
  requires internal::Offloads<F, Args...>
  [[nodiscard("co_await it: by itself it does nothing")]] auto Offload(F function, Args... args);
  // Chosen only to say at the caller's line why the one above cannot be.
  template <typename F, typename... Args>
  requires(std::invocable<F, Args...> && !internal::Offloads<F, Args...>) __attribute__((
      unavailable("a coroutine runs on its shard: co_await it, and offload a plain function")))
  internal::Unawaitable Offload(F function, Args... args);
  template <typename F, typename... Args>
  requires(!std::invocable<F, Args...>) __attribute__((
      unavailable("the function cannot be called with copies of these arguments: it takes values "
                  "or const references, as many as are given"))) internal::Unawaitable
      Offload(F function, Args... args);
  // co_await cx.WriteChildAll(child, bytes): resumes with an absl::Status once all bytes, however
  // many, are written or in the child's queue. A handler that waits here holds its actor, and with
  // it the child's output: a child that writes while it reads may wait for the actor meanwhile.
  // Then await it in a coroutine that the actor keeps. Errors: those of WriteChild(), except that
  // it waits for space.
  [[nodiscard("co_await it: by itself it does nothing")]] ChildWriter WriteChildAll(
      ChildId child, std::string bytes);

 protected:
  Context() = default;
  ~Context() = default;

 private:
  // Returns the shard that runs this handler. CHECKs that the caller is on its thread and in this
  // handler.
  internal::Shard& Here() const;
  [[noreturn]] static void Misused();
  internal::Envelope& envelope();
  const internal::Envelope& envelope() const;
  FdWatchId WatchFd(const internal::MessageType* type, int fd, uint32_t events);
  MonitorId MonitorActor(const internal::MessageType* type, const AnyRef& target);
  SubscriptionId SubscribeSignal(const internal::MessageType* type, int signal);
  // The types are null for events that the actor has no On() for.
  absl::StatusOr<Child> ExecChild(const internal::MessageType& exited,
                                  const internal::MessageType* output,
                                  const internal::MessageType* input_room,
                                  const ChildOptions& options);
  bool RemoveRecord(uint64_t id);
};

}  // namespace troupe

#endif  // TROUPE_ACTORS_CONTEXT_BASE_H_
