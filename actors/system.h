#ifndef TROUPE_ACTORS_SYSTEM_H_
#define TROUPE_ACTORS_SYSTEM_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/shard_counters.h"
#include "troupe/actors/spawn_options.h"
#include "troupe/actors/system_options.h"
#include "troupe/actors/typing/spawn_check.h"
#include "troupe/actors/worker.h"

namespace troupe {

namespace internal {
class Runtime;
}

// Runs the actors of a process: its shards, and their orderly end.
//
// Thread:   any, unless stated otherwise.
// Lifetime: outlives everything made from it. The destructor shuts down in this order: refuse new
//           work; stop the actors, children first; flush sessions and say goodbye; stop the
//           workers; let the shards leave; free the memory after all joins.
class System {
 public:
  // Errors: INVALID_ARGUMENT for an option out of range; RESOURCE_EXHAUSTED if the operating system
  // has no thread or descriptor left.
  static absl::StatusOr<std::unique_ptr<System>> Start(SystemOptions options = {});
  ~System();
  System(const System&) = delete;
  System& operator=(const System&) = delete;

  // Like Context::Spawn; outside of the system's handlers, the actor has no parent.
  template <typename A, typename... Args>
  requires internal::SpawnsFrom<A, Args...> Ref<A> Spawn(SpawnOptions options, Args&&... args);
  template <typename A, typename... Args>
  requires internal::SpawnsOnceFrom<A, Args...> Ref<A> SpawnOnce(SpawnOptions options,
                                                                 Args&&... args);
  template <typename A, typename... Args>
  requires internal::SpawnsFrom<A, Args...> absl::StatusOr<Ref<A>> TrySpawn(SpawnOptions options,
                                                                            Args&&... args);
  template <typename W, typename... Args>
  requires internal::WorksFrom<W, Args...> Ref<W> SpawnWorkers(WorkerOptions options,
                                                               Args&&... args);

  TROUPE_INTERNAL_REFUSE_SPAWNS(Spawn, SpawnOptions, FaultOfSpawn)
  TROUPE_INTERNAL_REFUSE_SPAWNS(SpawnOnce, SpawnOptions, FaultOfSpawnOnce)
  TROUPE_INTERNAL_REFUSE_SPAWNS(TrySpawn, SpawnOptions, FaultOfSpawn)
  TROUPE_INTERNAL_REFUSE_SPAWNS(SpawnWorkers, WorkerOptions, FaultOfWorkers)

  // Asks an actor of this system to stop, as Context::Stop() does. A thread that is no shard's
  // waits while the actor's shard has no room in its inbox; on a shard the result is kFull.
  SendResult Stop(const AnyRef& actor);

  template <typename S>
  std::optional<typename S::Ref> Find(std::string_view name) const;
  std::optional<AnyRef> FindAny(std::string_view name) const;

  // Blocks until a shutdown signal or Shutdown(), then drains. Returns 0, or 1 if something did not
  // end in time; the log names it.
  // Thread: not a shard's.
  int Run();

  // Begins the shutdown and returns at once; Run() or the destructor completes it. Idempotent.
  void Shutdown();

  // Returns the sum over the shards, each as of one of its last turns.
  // Thread: not a shard's.
  ShardCounters Counters();

  // Returns what there is now, over all shards, each as of one of its last turns. Looks at every
  // actor, some in a turn.
  // Thread: not a shard's.
  SystemGauges Gauges();

  const Limits& limits() const;
  size_t shard_count() const;
  internal::Runtime& runtime() { return *runtime_; }

 private:
  System();

  std::unique_ptr<internal::Runtime> runtime_;
};

// Implementation details follow.
namespace internal {

// The runtime of the shard that this thread runs.
Runtime& CurrentRuntime();
// Spawns a child of the actor whose handler runs on `shard`, with options that are all defaults.
// Takes `instance`, which is in the shard's memory. Null if it is not as simple as that: then
// SpawnDefaultChild() takes it.
Cell* SpawnPlainChild(Shard& shard, Instance* instance);
AnyRef SpawnDefaultChild(Instance* instance);
// Spawn a child of the actor whose handler runs.
AnyRef SpawnChild(InstancePtr instance, SpawnOptions&& options);
absl::StatusOr<AnyRef> TrySpawnChild(InstancePtr instance, SpawnOptions&& options);
AnyRef SpawnInstance(System& system, InstancePtr instance, SpawnOptions&& options);
absl::StatusOr<AnyRef> TrySpawnInstance(System& system, InstancePtr instance,
                                        SpawnOptions&& options);
std::optional<AnyRef> FindService(Runtime& runtime, std::string_view name,
                                  const ServiceInfo* service);

}  // namespace internal

template <typename A, typename... Args>
requires internal::SpawnsFrom<A, Args...> Ref<A> System::Spawn(SpawnOptions options,
                                                               Args&&... args) {
  return Ref<A>(internal::SpawnInstance(
      *this, internal::MakeInstance<A, false, false>(std::forward<Args>(args)...),
      std::move(options)));
}

template <typename A, typename... Args>
requires internal::SpawnsOnceFrom<A, Args...> Ref<A> System::SpawnOnce(SpawnOptions options,
                                                                       Args&&... args) {
  return Ref<A>(internal::SpawnInstance(
      *this, internal::MakeInstance<A, true, false>(std::forward<Args>(args)...),
      std::move(options)));
}

template <typename A, typename... Args>
requires internal::SpawnsFrom<A, Args...> absl::StatusOr<Ref<A>> System::TrySpawn(
    SpawnOptions options, Args&&... args) {
  absl::StatusOr<AnyRef> ref = internal::TrySpawnInstance(
      *this, internal::MakeInstance<A, false, false>(std::forward<Args>(args)...),
      std::move(options));
  if (!ref.ok()) return std::move(ref).status();
  return Ref<A>(*ref);
}

template <typename W, typename... Args>
requires internal::WorksFrom<W, Args...> Ref<W> System::SpawnWorkers(WorkerOptions options,
                                                                     Args&&... args) {
  return Ref<W>(internal::SpawnInstance(
      *this, internal::MakeWorkerFront<W>(*runtime_, options, std::forward<Args>(args)...),
      internal::FrontOptions(options)));
}

template <typename S>
std::optional<typename S::Ref> System::Find(std::string_view name) const {
  const std::optional<AnyRef> found = internal::FindService(*runtime_, name, &S::kServiceInfo);
  if (!found.has_value()) return std::nullopt;
  return typename S::Ref(*found);
}

}  // namespace troupe

#endif  // TROUPE_ACTORS_SYSTEM_H_
