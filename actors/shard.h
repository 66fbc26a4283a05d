#ifndef TROUPE_ACTORS_SHARD_H_
#define TROUPE_ACTORS_SHARD_H_

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "troupe/actors/any_ref.h"
#include "troupe/actors/block_pool.h"
#include "troupe/actors/cell.h"
#include "troupe/actors/certainty.h"
#include "troupe/actors/envelope.h"
#include "troupe/actors/envelope_pool.h"
#include "troupe/actors/event_record.h"
#include "troupe/actors/events.h"
#include "troupe/actors/id_table.h"
#include "troupe/actors/instance.h"
#include "troupe/actors/outbox.h"
#include "troupe/actors/pending_ask.h"
#include "troupe/actors/shard_counters.h"
#include "troupe/actors/slot_table.h"
#include "troupe/actors/stop_reason.h"
#include "troupe/actors/worker_pool.h"
#include "troupe/base/limits.h"
#include "troupe/base/random.h"
#include "troupe/loop/lockfree.h"
#include "troupe/loop/loop.h"
#include "troupe/loop/slab_memory.h"

namespace troupe::internal {

class Runtime;
class SinkState;

// The shard whose turn this thread runs, or null on every other thread.
extern constinit thread_local class Shard* current_shard __attribute__((tls_model("initial-exec")));

// One shard: its actors, the messages between them, and its ends of the queues to other shards.
//
// Thread:   one thread runs its turns; what others may call says so.
// Lifetime: made before any shard runs, destroyed after all have left.
class Shard final : public LoopTask, public LoopClient {
 public:
  Shard(Runtime& runtime, uint16_t index, uint16_t count, const Limits& limits, uint64_t seed);
  ~Shard();
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  static Shard* Current() { return current_shard; }

  // Once, before the shards run.
  void Connect();

  // --- A message's path. ---

  // A fresh envelope from the current handler to nobody yet.
  Envelope* NewEnvelope(const MessageType* type) {
    Envelope* const envelope = envelopes_.Allocate();
    if (envelope == nullptr) [[unlikely]]
      return NewEnvelopeSlow(type);
    envelope->type = type;
    envelope->deadline = kNoDeadline;
    envelope->ask = 0;
    envelope->flags = 0;
    envelope->sender_shard = index_;
    if (current_cell_ != nullptr) {
      envelope->sender_slot = current_cell_->slot;
      envelope->sender_generation = current_cell_->generation;
    } else {
      envelope->sender_slot = kShardSlot;
      envelope->sender_generation = 0;
    }
    return envelope;
  }

  // Constructs the payload; its bytes are what the mailbox is charged.
  template <typename M>
  void SetPayload(Envelope* envelope, M&& message, size_t extra_bytes) {
    EmplacePayload<std::remove_cvref_t<M>>(envelope, extra_bytes, std::forward<M>(message));
  }
  template <typename Payload, typename... Args>
  void EmplacePayload(Envelope* envelope, size_t extra_bytes, Args&&... args) {
    Unfilled unfilled(*this, envelope);
    if constexpr (kFitsInline<Payload>) {
      new (envelope->inline_payload) Payload(std::forward<Args>(args)...);
      envelope->bytes = ChargedBytes(sizeof(Envelope) + extra_bytes);
    } else {
      static_assert(alignof(Payload) <= alignof(std::max_align_t));
      void* const block = blocks_.Allocate(sizeof(Payload));
      *reinterpret_cast<void**>(envelope->inline_payload) = block;
      envelope->flags |= kOutOfLine;
      envelope->block_class = BlockPool::ClassOf(sizeof(Payload));
      new (block) Payload(std::forward<Args>(args)...);
      envelope->bytes = ChargedBytes(sizeof(Envelope) + sizeof(Payload) + extra_bytes);
    }
    unfilled.Filled();
  }

  // To an actor of this shard. Takes the envelope unless the result is not kAccepted.
  SendResult Enqueue(Cell& cell, Envelope* envelope) {
    if (cell.messages >= cell.messages_max ||
        uint64_t{cell.bytes} + envelope->bytes > cell.bytes_max) [[unlikely]] {
      return EnqueueOverLimit(cell, envelope);
    }
    EnqueueUnbounded(cell, envelope);
    return SendResult::kAccepted;
  }

  // Events and Downs: bounded by what they report on, and so not counted in the mailbox. What
  // takes a message out counts every one off; for an event that is undone there.
  void EnqueueEvent(Cell& cell, Envelope* envelope) {
    cell.mailbox.Push(envelope);
    MakeRunnable(cell);
  }
  void UncountEvent(Cell& cell, const Envelope& envelope) {
    ++cell.messages;
    cell.bytes += envelope.bytes;
  }

  void EnqueueUnbounded(Cell& cell, Envelope* envelope) {
    ++cell.messages;
    cell.bytes += envelope->bytes;
    cell.mailbox.Push(envelope);
    MakeRunnable(cell);
  }

  void MakeRunnable(Cell& cell) {
    if (cell.queued) return;
    cell.queued = true;
    cell.run_next = nullptr;
    if (run_tail_ != nullptr) {
      run_tail_->run_next = &cell;
    } else {
      run_head_ = &cell;
    }
    run_tail_ = &cell;
  }

  bool IsLocal(const AnyRef& ref) const {
    return ref.incarnation() == incarnation_ && ref.shard() == index_;
  }
  Cell* Find(const AnyRef& ref) const { return slots_.Find(ref.slot(), ref.generation()); }
  Cell* Find(uint32_t slot, uint64_t generation) const { return slots_.Find(slot, generation); }

  // The payload is destroyed already, or never was.
  void Recycle(Envelope* envelope) {
    if (envelope->flags & kAttachments) FreeAttachments(envelope);
    if (envelope->home == index_) [[likely]] {
      envelopes_.Free(envelope);
    } else {
      RecycleForeign(envelope);
    }
  }

  // To an actor elsewhere: another shard or node. Takes the envelope unless the result is not
  // kAccepted.
  SendResult SendElsewhere(const AnyRef& ref, Envelope* envelope);

  // Delivers to wherever `ref` is: takes the envelope and sees to its refusal.
  SendResult Route(const AnyRef& ref, Envelope* envelope);

  // Ends a message that no handler will see: a dead letter or, for an ask, its outcome.
  void Refuse(Envelope* envelope, absl::Status why, Certainty certainty);
  // The same for a message to an actor elsewhere, `target`, that was accepted from its sender: the
  // sender hears of it, wherever it is.
  void RefuseSent(const AnyRef& target, Envelope* envelope, absl::Status why, Certainty certainty);

  // --- Asks: the asker's side. ---

  // Registers `ask` for the current handler, as the asker of `envelope`, and sends it. On a
  // failure the outcome is given through OnReply before the return.
  void StartAsk(PendingAsk& ask, const AnyRef& target, Envelope* envelope, absl::Duration timeout);
  // The outcome came: takes `ask` off the table. Returns null when it is gone: counted as late.
  PendingAsk* TakeAsk(uint64_t id);
  PendingAsk* FindAsk(uint64_t id) { return asks_.Find(id); }
  // Forgets the ask without an outcome and tells the callee, if it is not through.
  void DropAsk(PendingAsk& ask, bool tell_callee);

  // --- Asks: the callee's side. ---

  // Sends an error as the outcome of `request`, when it is an ask.
  void ReplyError(Envelope& request, absl::Status status);
  // A message for another shard's runtime, which is never refused.
  void SendControl(uint16_t shard, Envelope* envelope);
  void CountLateReply() { ++counters_.late_replies; }

  // --- Suspension. ---

  // The running handler waits at `suspension`.
  void Suspend(Suspension& suspension, std::coroutine_handle<> handle);
  // What it waits for is there.
  void Resume(Suspension& suspension);
  // Ends a suspension without resuming: the frame is being destroyed.
  void Unlink(Suspension& suspension);
  // The dispatch of the running handler returned with a suspended coroutine.
  Progress Park(Envelope& envelope, std::coroutine_handle<> root);
  bool CurrentCancelled() const {
    return current_activation_ != nullptr && current_activation_->cancelled;
  }
  Activation* CurrentActivation();
  // An offload of `activation` came back.
  void OffloadBack(Activation& activation);
  // A coroutine that is not through is dropped. True when it is kept until its offload is back.
  bool KeepDropped(std::coroutine_handle<> frame);
  void CancelCall(uint32_t slot, uint64_t generation, uint16_t asker_shard, uint64_t ask);

  // --- Actors. ---

  // The handle is dead from birth when the status is not OK.
  std::pair<AnyRef, absl::Status> Spawn(std::unique_ptr<Instance> instance, SpawnRequest request);
  // The second half of a spawn, on the actor's own shard.
  void Install(const SlotLease& lease, std::unique_ptr<Instance> instance, SpawnRequest request);
  // OnStart came to `status`.
  void Started(Cell& cell, absl::Status status);
  // OnStop came to `status`.
  void Stopped(Cell& cell, const absl::Status& status);
  void BackoffOver(Cell& cell);
  void ChildGone(const AnyRef& parent, const AnyRef& child);
  void SendDown(Envelope* down, const AnyRef& who, StopReason reason, const absl::Status& status);
  void AskToStop(Cell& cell, StopReason reason);
  // The actor whose handler runs stops when that is through.
  void StopAfterHandler();
  void Stop(const AnyRef& ref, StopReason reason);
  void StopAllActors();
  void KillAllActors();
  std::vector<std::string> ActorsAlive();
  // The actor that runs and what of it, for a human; empty between actors.
  std::string DescribeRunning() const;
  size_t actors_alive() const { return actors_alive_; }

  // --- Events. ---

  uint64_t AddRecord(Cell& cell, EventRecord& record);
  // Unlinks and destroys it. False when it is gone.
  bool RemoveRecord(uint64_t id, const Cell* owner);
  EventRecord* FindRecord(uint64_t id) { return records_.Find(id); }
  void DeliverEvent(Cell& cell, uint64_t record, Envelope* envelope);
  // Keeps `down` until `target` ends; at once when it has.
  void Monitor(const AnyRef& target, Envelope* down);
  void Demonitor(const AnyRef& target, uint16_t watcher_shard, uint64_t record);
  void NoteUndelivered(const AnyRef& sender, Undelivered notice);

  // Runs `task` on this shard, in one of its next turns.
  // Thread: any. False when the inbox is full.
  bool Post(std::function<void()> task);
  // Hands an envelope over from a thread that is no shard's. Thread: any.
  bool PostEnvelope(Envelope* envelope);

  // A worker is through with `work`. Thread: any.
  void TakeBack(ShardWork* work);

  // Runs `task` at the end of this turn: where objects die that may be on the stack now.
  void Defer(std::function<void()> task) { deferred_.push_back(std::move(task)); }

  // --- LoopTask and LoopClient. ---

  bool RunTurn(bool may_block) override;

  void DrainInbound() override;
  size_t RunReady() override;
  void FlushOutbound() override;
  void EndTurn() override;
  bool HasRunnable() const override { return run_head_ != nullptr || newest_ != nullptr; }
  bool InboundPending() const override;
  bool Finished() override;

  Runtime& runtime() { return runtime_; }
  uint16_t index() const { return index_; }
  uint64_t incarnation() const { return incarnation_; }
  const Limits& limits() const { return limits_; }
  Loop& loop() { return *loop_; }
  SlotTable& slots() { return slots_; }
  Outbox& outbox(uint16_t shard) { return outboxes_[shard]; }
  void set_loop(std::unique_ptr<Loop> loop) { loop_ = std::move(loop); }
  int64_t now_nanos() const { return loop_->now().nanos; }
  Random& random() { return random_; }
  BlockPool& blocks() { return blocks_; }
  EnvelopePool& envelopes() { return envelopes_; }
  ShardCounters& counters() { return counters_; }
  Cell* current_cell() { return current_cell_; }
  Envelope* current_envelope() { return current_envelope_; }
  AnyRef RefOf(const Cell& cell) const {
    return AnyRef(system_, incarnation_, index_, cell.slot, cell.generation);
  }
  absl::flat_hash_map<std::pair<uint16_t, uint64_t>, SinkState*>& sinks() { return sinks_; }

  // A turn without timers and I/O, on another thread after all shards have left: what came too late
  // has its outcome. False when nothing is left to do.
  bool RunLastTurn();

 private:
  friend class ActorScope;

  // Takes back an envelope whose payload's constructor throws.
  class Unfilled {
   public:
    Unfilled(Shard& shard, Envelope* envelope) : shard_(shard), envelope_(envelope) {}
    ~Unfilled() {
      if (envelope_ != nullptr) shard_.Recycle(envelope_);
    }
    void Filled() { envelope_ = nullptr; }

   private:
    Shard& shard_;
    Envelope* envelope_;
  };

  // Something waits from or for other shards, or from workers.
  bool ShardsPending() const;

  // Delivery.
  void FreeAttachments(Envelope* envelope);
  void RecycleForeign(Envelope* envelope);
  SendResult EnqueueOverLimit(Cell& cell, Envelope* envelope);
  void TakeReturns();
  Envelope* NewEnvelopeSlow(const MessageType* type);
  static bool Interleaves(const Envelope& envelope);
  // The message at `place`, now in an envelope of this shard or of its sender's.
  Envelope* Received(const RingPlace& place);
  void Deliver(Envelope* envelope);
  void DeadLetter(Envelope& envelope, const absl::Status& why);
  void TellSender(const Envelope& envelope, const AnyRef& target, const absl::Status& why);
  absl::Status CheckCycle(const Cell& target, const Envelope& envelope);
  absl::Status AttachChain(Envelope& envelope);

  // Running.
  uint32_t RunCell(Cell& cell, uint32_t budget);
  uint32_t VisitCell(Cell& cell, uint32_t budget);  // The same, inlined.
  void RunMessage(Cell& cell, Envelope* envelope);
  // The same for OnStart and OnStop, which are no messages.
  void RunEvent(Cell& cell, Envelope* envelope);
  // What is to be done besides the mailbox. False when the mailbox has to wait.
  bool SeeToAttention(Cell& cell, uint32_t& handled, uint32_t limit);
  void MakeReady(Activation& activation);
  void ResumeActivation(Activation& activation);
  bool PassesChecks(Cell& cell, Envelope* envelope);
  void HandlerThrew(Cell& cell);
  // The handler is through and its payload destroyed.
  void FinishEnvelope(Envelope* envelope);
  void DestroyActivation(Activation& activation);
  void CancelActivation(Activation& activation);
  void FreeActivation(Activation& activation);
  // Frees the activation that a handler which did not suspend may have left.
  void DropIdleActivation();

  // Lifecycle.
  AnyRef RefuseBirth(const absl::Status& why);
  std::optional<SlotLease> LeaseOn(uint16_t shard);
  // Returns how many messages it handled, up to `budget`.
  uint32_t StartNewest(uint32_t budget);
  void RunStart(Cell& cell);
  void Fail(Cell& cell, absl::Status why);
  bool TakeRestart(Cell& cell);
  void BeginStop(Cell& cell);
  void ContinueStop(Cell& cell);
  void EndActivations(Cell& cell);
  void EndRecords(Cell& cell, bool before_on_stop);
  void AwaitBackoff(Cell& cell);
  void FinishStop(Cell& cell);
  void LeaveParent(Cell& cell);
  void NotifyMonitors(Cell& cell);
  void DrainMailbox(Cell& cell, std::string_view why);
  void ResolveAllAsks();

  // Set once.
  Runtime& runtime_;
  System* const system_;
  const Limits& limits_;
  const uint64_t incarnation_;
  const uint16_t index_;

  // This shard.
  Cell* run_head_ = nullptr;
  Cell* run_tail_ = nullptr;
  Cell* newest_ = nullptr;  // Actors to be started, newest first: keeps trees of spawns shallow.
  Cell* current_cell_ = nullptr;
  Envelope* current_envelope_ = nullptr;
  Activation* current_activation_ = nullptr;
  SlabMemory memory_{SlabMemory::Pages::kSmall};
  EnvelopePool envelopes_;
  BlockPool blocks_;
  SlotTable slots_;
  IdTable<PendingAsk> asks_;
  IdTable<EventRecord> records_;
  ShardCounters counters_;
  Random random_;
  size_t actors_alive_ = 0;
  absl::flat_hash_map<std::pair<uint16_t, uint64_t>, SinkState*> sinks_;
  std::vector<std::function<void()>> deferred_;
  std::vector<Outbox> outboxes_;                // By destination; this shard's own is unused.
  std::vector<std::vector<SlotLease>> leases_;  // On other shards, by shard.
  bool said_empty_ = false;
  bool said_quiet_ = false;
  bool stop_all_ = false;
  uint32_t spawn_streak_ = 0;
  uint64_t activations_made_ = 0;

  // Other threads.
  MpscInbox<Envelope*> inbox_;
  CompletionStack completions_;
  std::unique_ptr<Loop> loop_;
};

// Makes `cell`'s handler the running one for as long as the scope lasts.
class ActorScope {
 public:
  ActorScope(Shard& shard, Cell* cell, Envelope* envelope, Activation* activation)
      : shard_(shard),
        cell_(std::exchange(shard.current_cell_, cell)),
        envelope_(std::exchange(shard.current_envelope_, envelope)),
        activation_(std::exchange(shard.current_activation_, activation)) {}
  ~ActorScope() {
    shard_.current_cell_ = cell_;
    shard_.current_envelope_ = envelope_;
    shard_.current_activation_ = activation_;
  }
  ActorScope(const ActorScope&) = delete;
  ActorScope& operator=(const ActorScope&) = delete;

 private:
  Shard& shard_;
  Cell* const cell_;
  Envelope* const envelope_;
  Activation* const activation_;
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_SHARD_H_
