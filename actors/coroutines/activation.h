#ifndef TROUPE_ACTORS_COROUTINES_ACTIVATION_H_
#define TROUPE_ACTORS_COROUTINES_ACTIVATION_H_

#include <cstdint>

#include "troupe/actors/coroutines/suspension.h"

namespace troupe::internal {

class CoroutineFrame;
class RequestServer;
struct Cell;
struct Envelope;

// One run of an actor's code that started coroutines: a handler, a constructor, a destructor.
//
// Thread:   shard-affine.
// Lifetime: until its handler has answered and its last frame is gone; a coroutine whose Reply the
//           actor keeps goes on beside later handlers, with the same Context.
class Activation {
 public:
  // --- Set at its creation. ---
  Envelope* envelope = nullptr;  // Owned once the handler has answered.
  Cell* cell = nullptr;
  uint64_t serial = 0;  // Of the shard's activations: from 1 on, never given twice.

  RequestServer* server = nullptr;  // Owned: the writing end of a stream.

  // --- Its coroutines. ---
  CoroutineFrame* root = nullptr;    // The handler, once it has suspended.
  CoroutineFrame* frames = nullptr;  // All of them, through CoroutineFrame::next_.
  SuspensionList waiting;
  SuspensionList ready;
  uint32_t offloads = 0;  // Running on worker threads: the frames stay until they return.

  // --- Its state. ---
  bool running = false;      // On the stack.
  bool queued = false;       // In the cell's list of ready activations.
  bool cancelled = false;    // Nobody wants the outcome; see Activations::Cancelled().
  bool interleaved = false;  // Others of the actor run while it waits.
  bool stops_actor = false;  // Once the handler has answered.
  bool answered = false;     // The handler has its outcome and the payload is destroyed.

  // --- Lists of its cell. ---
  Activation* next = nullptr;
  Activation* prev = nullptr;
  Activation* ready_next = nullptr;
  Activation* ready_prev = nullptr;
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_COROUTINES_ACTIVATION_H_
