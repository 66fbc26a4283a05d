#ifndef TROUPE_ACTORS_SHARD_RUNNING_H_
#define TROUPE_ACTORS_SHARD_RUNNING_H_

#include <string>

namespace troupe::internal {

class Activation;
class CoroutineFrame;
struct Cell;
struct Envelope;

// Whose code a shard runs at this moment. All null between actors.
struct Running {
  Cell* cell = nullptr;
  Envelope* envelope = nullptr;      // Null in a constructor, a destructor, a message's move.
  Activation* activation = nullptr;  // Null until a coroutine is created or a request sent.
  CoroutineFrame* frame = nullptr;   // The innermost coroutine on the stack.
};

// The actor and what of it, for a human; empty between actors.
std::string Describe(const Running& running);

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_SHARD_RUNNING_H_
