#ifndef TROUPE_ACTORS_COROUTINES_ACTIVATIONS_H_
#define TROUPE_ACTORS_COROUTINES_ACTIVATIONS_H_

#include <cstdint>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "troupe/actors/coroutines/suspension.h"
#include "troupe/actors/envelopes/envelope.h"
#include "troupe/actors/shard/running.h"
#include "troupe/actors/shard/shard.h"
#include "troupe/base/check.h"

namespace troupe::internal {

class Activation;
class CoroutineFrame;
struct Cell;

// The coroutines of one shard's actors: which activation a frame belongs to, when it is resumed,
// and that it dies before its activation.
//
// Whatever runs users' code does so inside a Scope, or with `running` set as a scope would. An
// activation is made only when that code creates a coroutine or sends a request.
//
// Thread: shard-affine.
// Bounds: a handler holds its actor while it waits, unless it interleaves: then the mailbox does
//         not bound it, but what it waits for does.
class Activations {
 public:
  explicit Activations(Shard& shard) : shard_(shard) {}
  Activations(const Activations&) = delete;
  Activations& operator=(const Activations&) = delete;

  // Runs users' code of `cell`: a null cell stands for the shard itself.
  class Scope {
   public:
    Scope(Shard& shard, Cell* cell, Envelope* envelope, Activation* activation = nullptr)
        : shard_(shard), before_(shard.running()) {
      shard.running() = {.cell = cell, .envelope = envelope, .activation = activation};
      if (activation != nullptr) [[unlikely]]
        Enter(*activation);
    }
    ~Scope() {
      if (shard_.running().activation != nullptr) [[unlikely]]
        shard_.activations().Leave(/*parked=*/false);
      shard_.running() = before_;
    }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    static void Enter(Activation& activation);

    Shard& shard_;
    const Running before_;
  };

  // The same where no users' code runs: in a visit, between an actor's handlers, where all of
  // `running` is null.
  class FirstScope {
   public:
    FirstScope(Shard& shard, Cell* cell) : shard_(shard) {
      Running& running = shard.running();
      TROUPE_DCHECK(running.cell == nullptr && running.envelope == nullptr &&
                    running.activation == nullptr && running.frame == nullptr);
      running.cell = cell;
    }
    ~FirstScope() {
      if (shard_.running().activation != nullptr) [[unlikely]]
        shard_.activations().Leave(/*parked=*/false);
      shard_.running().cell = nullptr;
    }
    FirstScope(const FirstScope&) = delete;
    FirstScope& operator=(const FirstScope&) = delete;

   private:
    Shard& shard_;
  };

  // Runs `code`, which is users' and of `cell`, or of no actor if null. What it throws fails the
  // actor. Returns whether it did not throw.
  bool RunCode(Cell* cell, absl::FunctionRef<void()> code);

  // The one that runs; made if need be.
  Activation& Current();
  bool CurrentCancelled() const;

  // The actor whose handler runs ends once that has completed.
  void StopActorAfterwards();

  // The running handler waits; `root` is its coroutine.
  Progress Park(Envelope& envelope, CoroutineFrame& root);
  // The running code has returned, `parked` or with an answer. True when the activation keeps the
  // envelope.
  bool Leave(bool parked);

  // What `suspension` awaits has happened: its coroutine runs in its actor's next visit.
  void Resume(Suspension& suspension);
  // The same in the shard's next turn.
  void ResumeNextTurn(Suspension& suspension);
  // The turn has begun: those that waited for it are ready.
  void StartTurn();
  bool HasNextTurn() const { return !next_turn_.empty(); }
  // Resumes up to `budget` of its coroutines that are ready. Returns how many.
  uint32_t Run(Activation& activation, uint32_t budget);

  // Ends its awaits with CANCELLED.
  void Cancel(Activation& activation);
  // Their life is over: none of the cell's is resumed any more. However many they are.
  void Doom(Cell& cell);
  static bool Doomed(const Activation& activation);
  // Nobody wants its outcome: each of its awaits ends with CANCELLED.
  static bool Cancelled(const Activation& activation);
  // Destroys up to `budget` doomed ones. Returns how many; 0 when the rest waits for offloads or
  // has frames that the actor's own members hold.
  uint32_t EndSome(Cell& cell, uint32_t budget);
  // Handlers of `cell` that wait, or offloads of it that have not returned.
  static bool Busy(const Cell& cell);
  // The actor is destroyed: frames that somebody else still holds belong to nobody.
  void Orphan(Cell& cell);

 private:
  friend class CoroutineFrame;

  void Add(CoroutineFrame& frame);
  void Remove(CoroutineFrame& frame);
  void Bury(CoroutineFrame& frame);
  void DestroyBuried();
  void MakeReady(Activation& activation);
  void LeaveReadyList(Activation& activation);
  void ResumeOne(Suspension& suspension);
  // The handler waits no longer for its coroutine.
  CoroutineFrame& TakeRoot(Activation& activation);
  // The coroutine that the handler answers with goes on no more: it was of an actor, or of a life,
  // that has ended.
  void LoseRoot(Activation& activation);
  // The handler has ended: its outcome is sent.
  void Complete(Activation& activation);
  void End(Activation& activation);
  // The handler's coroutine is dropped; its request, if it has no outcome yet, is ABORTED.
  void GiveUp(Activation& activation, std::string_view why);
  void FreeIfOver(Activation& activation);
  void Free(Activation& activation);

  Shard& shard_;
  SuspensionList next_turn_;
  CoroutineFrame* buried_ = nullptr;  // Dropped while they ran; destroyed once they do not.
  Activation* end_next_ = nullptr;    // Of EndSome().
  uint64_t made_ = 0;
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_COROUTINES_ACTIVATIONS_H_
