#ifndef TROUPE_ACTORS_CONTEXT_H_
#define TROUPE_ACTORS_CONTEXT_H_

// Defines the members of Context; the class itself is in context_base.h.

#include <concepts>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "absl/base/attributes.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "troupe/actors/context_base.h"
#include "troupe/actors/events.h"
#include "troupe/actors/events/child_writer.h"
#include "troupe/actors/events/sleeper.h"
#include "troupe/actors/events/timer_record.h"
#include "troupe/actors/offload.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/shard/shard.h"
#include "troupe/actors/spawn_options.h"
#include "troupe/actors/system.h"
#include "troupe/actors/typing/dispatch.h"
#include "troupe/actors/worker.h"

namespace troupe {

inline internal::Envelope& Context::envelope() { return static_cast<internal::Envelope&>(*this); }
inline const internal::Envelope& Context::envelope() const {
  return static_cast<const internal::Envelope&>(*this);
}

inline internal::Shard& Context::Here() const {
  internal::Shard* const shard = internal::Shard::Current();
  if (shard == nullptr || shard->running().cell != envelope().cell) [[unlikely]]
    Misused();
  return *shard;
}

inline AnyRef Context::self() const { return Here().RefOf(*envelope().cell); }

template <typename A>
Ref<A> Context::Self(const A*) const {
  return Ref<A>(self());
}

namespace internal {

// A spawn with any options.
template <typename A, bool kOnce, typename... Args>
InstancePtr MakeChildInstance(const Placement& placement, Args&&... args) {
  if (placement.shard < 0 || placement.shard == Shard::Current()->index()) {
    return MakeInstance<A, kOnce, true>(std::forward<Args>(args)...);
  }
  return MakeInstance<A, kOnce, false>(std::forward<Args>(args)...);
}

}  // namespace internal

template <typename A, typename... Args>
requires internal::SpawnsFrom<A, Args...> Ref<A> Context::Spawn(SpawnOptions options,
                                                                Args&&... args) {
  Here();
  return Ref<A>(internal::SpawnChild(
      internal::MakeChildInstance<A, false>(options.placement, std::forward<Args>(args)...),
      std::move(options)));
}

// Inlined, so that a handle which nobody keeps costs nothing.
template <typename A, typename... Args>
requires internal::SpawnsFrom<A, Args...> ABSL_ATTRIBUTE_ALWAYS_INLINE inline Ref<A> Context::Spawn(
    internal::NoOptions, Args&&... args) {
  internal::Shard& shard = Here();
  internal::Instance* const instance =
      internal::MakeInstance<A, false, true>(std::forward<Args>(args)...).release();
  const internal::Cell* const cell = internal::SpawnPlainChild(shard, instance);
  if (cell == nullptr) [[unlikely]]
    return Ref<A>(internal::SpawnDefaultChild(instance));
  return Ref<A>(shard.RefOf(*cell));
}

template <typename A, typename... Args>
requires internal::SpawnsOnceFrom<A, Args...> Ref<A> Context::SpawnOnce(SpawnOptions options,
                                                                        Args&&... args) {
  Here();
  return Ref<A>(internal::SpawnChild(
      internal::MakeChildInstance<A, true>(options.placement, std::forward<Args>(args)...),
      std::move(options)));
}

template <typename A, typename... Args>
requires internal::SpawnsFrom<A, Args...> absl::StatusOr<Ref<A>> Context::TrySpawn(
    SpawnOptions options, Args&&... args) {
  Here();
  absl::StatusOr<AnyRef> ref = internal::TrySpawnChild(
      internal::MakeChildInstance<A, false>(options.placement, std::forward<Args>(args)...),
      std::move(options));
  if (!ref.ok()) return std::move(ref).status();
  return Ref<A>(*ref);
}

template <typename W, typename... Args>
requires internal::WorksFrom<W, Args...> Ref<W> Context::SpawnWorkers(WorkerOptions options,
                                                                      Args&&... args) {
  return Ref<W>(internal::SpawnChild(
      internal::MakeWorkerFront<W>(Here().runtime(), options, std::forward<Args>(args)...),
      internal::FrontOptions(options)));
}

template <typename S>
std::optional<typename S::Ref> Context::Find(std::string_view name) const {
  const std::optional<AnyRef> found =
      internal::FindService(Here().runtime(), name, &S::kServiceInfo);
  if (!found.has_value()) return std::nullopt;
  return typename S::Ref(*found);
}

template <typename A, typename M>
requires Handles<A, M> TimerId Context::After(A*, absl::Duration delay, M message) {
  Here();
  return internal::ArmTimer(std::make_unique<internal::OneShotTimer<M>>(
                                &internal::kMessageType<A, M>, std::move(message)),
                            delay);
}

template <typename A, typename M>
requires(Handles<A, M>&& std::copy_constructible<M>) TimerId Context::Every(A*,
                                                                            absl::Duration period,
                                                                            M message) {
  Here();
  return internal::ArmPeriodic(std::make_unique<internal::PeriodicTimer<M>>(
                                   &internal::kMessageType<A, M>, std::move(message), period),
                               period);
}

template <typename A>
requires Handles<A, FdReady> FdWatchId Context::Watch(A*, int fd, uint32_t events) {
  return WatchFd(&internal::kMessageType<A, FdReady>, fd, events);
}

template <typename A>
requires Handles<A, Down> MonitorId Context::Monitor(A*, const AnyRef& target) {
  return MonitorActor(&internal::kMessageType<A, Down>, target);
}

template <typename A>
requires Handles<A, SignalRaised> SubscriptionId Context::Subscribe(A*, int signal) {
  return SubscribeSignal(&internal::kMessageType<A, SignalRaised>, signal);
}

template <typename A>
requires Handles<A, ChildExited> absl::StatusOr<Child> Context::Exec(A*, ChildOptions options) {
  const internal::MessageType* output = nullptr;
  const internal::MessageType* input_room = nullptr;
  if constexpr (internal::HandlesIn<A, Context, ChildOutput>) {
    output = &internal::kMessageType<A, ChildOutput>;
  } else {
    options.capture_output = false;
  }
  if constexpr (internal::HandlesIn<A, Context, ChildInputRoom>) {
    input_room = &internal::kMessageType<A, ChildInputRoom>;
  }
  return ExecChild(internal::kMessageType<A, ChildExited>, output, input_room, options);
}

inline Sleeper Context::Sleep(absl::Duration duration) {
  Here();
  return Sleeper(duration);
}

inline ChildWriter Context::WriteChildAll(ChildId child, std::string bytes) {
  Here();
  return ChildWriter(child, std::move(bytes));
}

template <typename F, typename... Args>
requires internal::Offloads<F, Args...>
auto Context::Offload(F function, Args... args) {
  Here();
  return internal::OffloadAwaiter<F, Args...>(std::move(function), std::move(args)...);
}

}  // namespace troupe

#endif  // TROUPE_ACTORS_CONTEXT_H_
