#ifndef TROUPE_ACTORS_TYPING_HANDLES_H_
#define TROUPE_ACTORS_TYPING_HANDLES_H_

#include <concepts>
#include <cstddef>
#include <type_traits>

namespace troupe {

class Context;
class Worker;
class WorkerContext;
template <typename T>
class Reply;

// What a message takes besides its own size: strings, vectors. A message type opts in with a
// free function of this name found by argument-dependent lookup; charged to mailboxes.
template <typename M>
constexpr size_t TroupeBytes(const M&) {
  return 0;
}

namespace internal {

// Becomes an M and nothing that an M merely converts to.
template <typename M>
struct Exactly {
  template <typename T>
  requires std::same_as<std::remove_const_t<T>, M>
  operator T&&() const;
};

// Whatever it returns.
template <typename A, typename Cx, typename M>
concept HandlesIn = requires(A& actor, Cx& context, Exactly<M> message) {
  actor.On(context, message);
};

template <typename R>
concept OneWayResult = std::same_as<R, void> || std::same_as<R, Reply<void>>;
template <typename A, typename M>
concept HandlesOnShard = requires(A& actor, Context& context, Exactly<M> message) {
  { actor.On(context, message) } -> OneWayResult;
};

// Its definition has been seen.
template <typename A>
concept IsComplete = requires {
  sizeof(A);
};

template <typename A>
concept IsWorker = std::derived_from<A, Worker>;

}  // namespace internal

// A has a public On(Context&, M) that returns void or Reply<void> (a Worker: an
// On(WorkerContext&, M)), by value or reference, for exactly M.
template <typename A, typename M>
concept Handles = internal::HandlesOnShard<A, M> || internal::HandlesIn<A, WorkerContext, M>;

}  // namespace troupe

#endif  // TROUPE_ACTORS_TYPING_HANDLES_H_
