#ifndef TROUPE_ACTORS_TYPING_EVENT_CHECK_H_
#define TROUPE_ACTORS_TYPING_EVENT_CHECK_H_

#include <concepts>

#include "troupe/actors/typing/handles.h"

// Overloads of Context's functions that are chosen only to say, at the user's line, which On() is
// missing. They stand in the class itself: with a static_assert, the first error would be in a
// header of Troupe's.
#define TROUPE_INTERNAL_REFUSE_MESSAGE(Function)                                      \
  template <typename A, typename M>                                                   \
  requires(!Handles<A, M>) __attribute__((                                            \
      unavailable("the actor has no public On(troupe::Context&, M) for exactly this " \
                  "message type M that returns void or troupe::Reply<void>: write "   \
                  "one"))) TimerId                                                    \
  Function(A* self, absl::Duration time, M message);

#define TROUPE_INTERNAL_REFUSE_EVENT(Result, Function, Event, ...)                                 \
  template <typename A>                                                                            \
  requires(!Handles<A, Event>) __attribute__((unavailable(                                         \
      "the actor has no public void On(troupe::Context&, troupe::" #Event "): write one"))) Result \
  Function(A* self, __VA_ARGS__);

#define TROUPE_INTERNAL_REFUSE_EVENTS                                                             \
  TROUPE_INTERNAL_REFUSE_MESSAGE(After)                                                           \
  TROUPE_INTERNAL_REFUSE_MESSAGE(Every)                                                           \
  template <typename A, typename M>                                                               \
  requires(Handles<A, M> && !std::copy_constructible<M>)                                          \
      __attribute__((unavailable("Every() sends copies of its message, which can only be moved: " \
                                 "send one that can be copied, or call After() in its On()")))    \
      TimerId                                                                                     \
      Every(A* self, absl::Duration period, M message);                                           \
  TROUPE_INTERNAL_REFUSE_EVENT(FdWatchId, Watch, FdReady, int fd, uint32_t events)                \
  TROUPE_INTERNAL_REFUSE_EVENT(MonitorId, Monitor, Down, const AnyRef& target)                    \
  TROUPE_INTERNAL_REFUSE_EVENT(SubscriptionId, Subscribe, SignalRaised, int signal)               \
  TROUPE_INTERNAL_REFUSE_EVENT(absl::StatusOr<ChildId>, Exec, ChildExited, ChildOptions options)

#endif  // TROUPE_ACTORS_TYPING_EVENT_CHECK_H_
