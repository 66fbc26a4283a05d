#ifndef TROUPE_ACTORS_TYPING_SPAWN_CHECK_H_
#define TROUPE_ACTORS_TYPING_SPAWN_CHECK_H_

#include <concepts>
#include <cstdint>
#include <type_traits>

#include "troupe/actors/typing/handles.h"

// Finds what is wrong with a spawn, so that the compiler can say it at the user's line.

namespace troupe {

class Actor;
template <typename A>
class Ref;

namespace internal {

enum class SpawnFault : uint8_t {
  kNone,
  kIncomplete,
  kActor,       // Where a Worker belongs.
  kNotAnActor,  // Or a Worker where an actor belongs.
  kAbstract,
  kMoveOnly,
  kNotMoved,
  kReference,
  kConstructor,
};

template <typename A, typename Base>
constexpr SpawnFault ClassFault() {
  if constexpr (!IsComplete<A>) {
    return SpawnFault::kIncomplete;
  } else if constexpr (!std::derived_from<A, Base>) {
    return std::derived_from<A, Actor> ? SpawnFault::kActor : SpawnFault::kNotAnActor;
  } else if constexpr (std::is_abstract_v<A>) {
    return SpawnFault::kAbstract;
  } else {
    return SpawnFault::kNone;
  }
}

// Of a spawn that copies what it keeps of the arguments into each life.
template <typename A, typename... Args>
constexpr SpawnFault FaultOfSpawn() {
  if constexpr (ClassFault<A, Actor>() != SpawnFault::kNone) {
    return ClassFault<A, Actor>();
  } else if constexpr (!(std::is_copy_constructible_v<std::decay_t<Args>> && ...)) {
    return SpawnFault::kMoveOnly;
  } else if constexpr (std::is_constructible_v<A, const std::decay_t<Args>&...>) {
    return SpawnFault::kNone;
  } else if constexpr (std::is_constructible_v<A, std::decay_t<Args>&...>) {
    return SpawnFault::kReference;
  } else if constexpr (std::is_constructible_v<A, std::decay_t<Args>...>) {
    return SpawnFault::kMoveOnly;
  } else {
    return SpawnFault::kConstructor;
  }
}

// Of a spawn that moves them into the only one.
template <typename A, typename... Args>
constexpr SpawnFault FaultOfSpawnOnce() {
  if constexpr (ClassFault<A, Actor>() != SpawnFault::kNone) {
    return ClassFault<A, Actor>();
  } else if constexpr (!(std::is_constructible_v<std::decay_t<Args>, Args> && ...)) {
    return SpawnFault::kNotMoved;
  } else if constexpr (std::is_constructible_v<A, std::decay_t<Args>...>) {
    return SpawnFault::kNone;
  } else if constexpr (std::is_constructible_v<A, std::decay_t<Args>&...>) {
    return SpawnFault::kReference;
  } else {
    return SpawnFault::kConstructor;
  }
}

// Of a pool, which makes one object after the other from the same arguments.
template <typename W, typename... Args>
constexpr SpawnFault FaultOfWorkers() {
  if constexpr (ClassFault<W, Worker>() != SpawnFault::kNone) {
    return ClassFault<W, Worker>();
  } else if constexpr (std::is_constructible_v<W, std::remove_reference_t<Args>&...>) {
    return SpawnFault::kNone;
  } else {
    return SpawnFault::kConstructor;
  }
}

template <typename A, typename... Args>
concept SpawnsFrom = FaultOfSpawn<A, Args...>()
== SpawnFault::kNone;
template <typename A, typename... Args>
concept SpawnsOnceFrom = FaultOfSpawnOnce<A, Args...>()
== SpawnFault::kNone;
template <typename W, typename... Args>
concept WorksFrom = FaultOfWorkers<W, Args...>()
== SpawnFault::kNone;

}  // namespace internal
}  // namespace troupe

// Overloads of one function that are chosen only to say why the real one cannot be. They stand in
// the class itself: with a static_assert, the first error would be in a header of Troupe's.
#define TROUPE_INTERNAL_REFUSE(Function, Options, Fault, kFault, text)    \
  template <typename A, typename... Args>                                 \
  requires(internal::Fault<A, Args...>() == internal::SpawnFault::kFault) \
      __attribute__((unavailable(text))) Ref<A>                           \
      Function(Options options, Args&&... args);

#define TROUPE_INTERNAL_REFUSE_SPAWNS(Function, Options, Fault)                                    \
  template <typename A>                                                                            \
  __attribute__((unavailable("the options come first, {} for none"))) Ref<A> Function();           \
  template <typename A, typename First, typename... Args>                                          \
  requires(!std::is_convertible_v<First&&, Options>)                                               \
      __attribute__((unavailable("the options come first, {} for none"))) Ref<A>                   \
      Function(First&&, Args&&...);                                                                \
  TROUPE_INTERNAL_REFUSE(Function, Options, Fault, kIncomplete,                                    \
                         "the class is only declared here: include its definition")                \
  TROUPE_INTERNAL_REFUSE(Function, Options, Fault, kActor,                                         \
                         "the class is an actor: use Spawn; SpawnWorkers is for classes derived "  \
                         "from troupe::Worker")                                                    \
  TROUPE_INTERNAL_REFUSE(Function, Options, Fault, kNotAnActor,                                    \
                         "the class does not derive publicly from troupe::Actor or a generated "   \
                         "Actor; for a Worker, use SpawnWorkers")                                  \
  TROUPE_INTERNAL_REFUSE(Function, Options, Fault, kAbstract,                                      \
                         "the class is abstract: override every method of its generated base, "    \
                         "with the signature that the .troupe.h shows")                            \
  TROUPE_INTERNAL_REFUSE(Function, Options, Fault, kMoveOnly,                                      \
                         "the constructor's arguments are kept and copied for restarts: take "     \
                         "them by value or const reference, or use SpawnOnce if they can only be " \
                         "moved")                                                                  \
  TROUPE_INTERNAL_REFUSE(Function, Options, Fault, kNotMoved,                                      \
                         "an argument can only be moved: write std::move(argument)")               \
  TROUPE_INTERNAL_REFUSE(Function, Options, Fault, kReference,                                     \
                         "the constructor wants a reference that is not const, but gets the copy " \
                         "that the spawn keeps: pass a pointer or std::ref")                       \
  TROUPE_INTERNAL_REFUSE(Function, Options, Fault, kConstructor,                                   \
                         "the class has no public constructor that takes these arguments")

#endif  // TROUPE_ACTORS_TYPING_SPAWN_CHECK_H_
