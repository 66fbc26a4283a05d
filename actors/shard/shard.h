#ifndef TROUPE_ACTORS_SHARD_SHARD_H_
#define TROUPE_ACTORS_SHARD_SHARD_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "troupe/actors/any_ref.h"
#include "troupe/actors/cells/cell.h"
#include "troupe/actors/cells/run_queue.h"
#include "troupe/actors/cells/slot_index.h"
#include "troupe/actors/envelopes/envelope.h"
#include "troupe/actors/envelopes/envelope_pool.h"
#include "troupe/actors/envelopes/unfilled.h"
#include "troupe/actors/memory/block_pool.h"
#include "troupe/actors/shard/running.h"
#include "troupe/actors/shard_counters.h"
#include "troupe/loop/slab_memory.h"

namespace troupe {

class Loop;
class Random;
struct Limits;

namespace internal {

class Activations;
class AskTable;
class Births;
class DeadLetters;
class EventRecords;
class InboundLinks;
class Mailboxes;
class Monitors;
class Outboxes;
class Runtime;
class ShardInbox;
class ShardTurn;
class SlotTable;
class Supervisor;
struct ShardNouns;

// The shard whose turn this thread runs, or null on every other thread.
extern constinit thread_local class Shard* current_shard __attribute__((tls_model("initial-exec")));

// One shard: its actors, and the way of a message to them. Everything else that a shard does has a
// noun of its own, which it owns.
//
// Thread:   one thread runs its turns; what others may call says so.
// Lifetime: made before any shard runs, destroyed after all have left.
class Shard final {
 public:
  Shard(Runtime& runtime, uint16_t index, uint16_t count, const Limits& limits, uint64_t seed);
  ~Shard();
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  static Shard* Current() { return current_shard; }

  // --- A message's path. ---

  // An envelope with whatever its last message left in it.
  Envelope* TakeEnvelope() {
    Envelope* const envelope = envelopes_.Allocate();
    return envelope != nullptr ? envelope : TakeEnvelopeSlow();
  }
  // A fresh envelope from the code that runs to nobody yet.
  Envelope* NewEnvelope(const MessageType* type) {
    Envelope* const envelope = TakeEnvelope();
    envelope->type = type;
    envelope->deadline = kNoDeadline;
    envelope->ask = 0;
    envelope->flags = 0;
    envelope->sender_shard = index_;
    if (const Cell* const sender = running_.cell; sender != nullptr) {
      envelope->sender_slot = sender->slot;
      envelope->sender_generation = sender->generation;
      envelope->sender_life = sender->life;
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
    Unfilled<Shard> unfilled(*this, envelope);
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

  bool IsLocal(const AnyRef& ref) const {
    return ref.incarnation() == incarnation_ && ref.shard() == index_;
  }
  Cell* Find(const AnyRef& ref) const { return slots_.Find(ref.slot(), ref.generation()); }
  Cell* Find(uint32_t slot, uint64_t generation) const { return slots_.Find(slot, generation); }

  // To an actor of this shard. Takes the envelope unless the result is not kAccepted.
  SendResult Enqueue(Cell& cell, Envelope* envelope) {
    if (cell.messages >= cell.messages_max ||
        uint64_t{cell.bytes} + envelope->bytes > cell.bytes_max) [[unlikely]] {
      return EnqueueOverLimit(cell, envelope);
    }
    EnqueueUnbounded(cell, envelope);
    return SendResult::kAccepted;
  }
  // Events and Downs: bounded by what they report on, and so not counted in the mailbox.
  void EnqueueEvent(Cell& cell, Envelope* envelope) {
    cell.mailbox.Push(envelope);
    MakeRunnable(cell);
  }
  void MakeRunnable(Cell& cell) { run_queue_.Push(cell); }

  // The payload is destroyed already, or never was.
  void Recycle(Envelope* envelope) {
    if (envelope->flags & kAttachments) FreeAttachments(envelope);
    if (envelope->home == index_) [[likely]] {
      envelopes_.Free(envelope);
    } else {
      RecycleForeign(envelope);
    }
  }

  // Delivers to wherever `ref` is. Takes the envelope unless the result is not kAccepted.
  SendResult Route(const AnyRef& ref, Envelope* envelope);
  // The same for what is not local.
  SendResult SendElsewhere(const AnyRef& ref, Envelope* envelope);
  // What to tell the sender of a message that was refused with kFull or kGone.
  absl::Status WhyFull(const AnyRef& ref, const Envelope& envelope);
  absl::Status WhyGone(const AnyRef& ref);
  // A message that came from shard `from`, or kNoShard, or one for the shard itself. Returns
  // whether it waits for room and is charged to its sender still.
  bool Deliver(Envelope* envelope, uint16_t from);
  // Takes the oldest message out of the mailbox.
  Envelope* TakeFirst(Cell& cell);

  // --- To other shards. ---

  bool HasShard(size_t shard) const { return shard < shard_count_; }
  // In the order of messages and replies to that shard; never refused.
  void PushTo(uint16_t shard, Envelope* envelope);
  // In the lane of what runtimes say to each other; see Outboxes::ControlRoom().
  void PushControlTo(uint16_t shard, Envelope* envelope);

  // --- The actor's turn. ---

  // Runs actors that have something to do, for up to `budget` messages. Returns how many it took.
  uint32_t RunReady(uint32_t budget);
  // Runs OnStop, which is no message.
  void RunEvent(Cell& cell, Envelope* envelope);
  // The handler of an event has ended.
  void AfterHandler(const Envelope& envelope);
  // The handler of `envelope`, which it takes, waits, or has coroutines or requests.
  void LeaveHandler(Envelope* envelope, Progress progress);

  // --- What it owns. ---

  Runtime& runtime() const { return runtime_; }
  uint16_t index() const { return index_; }
  uint64_t incarnation() const { return incarnation_; }
  const Limits& limits() const { return limits_; }
  Running& running() { return running_; }
  RunQueue& run_queue() { return run_queue_; }
  SlotIndex& slots() { return slots_; }
  EnvelopePool& envelopes() { return envelopes_; }
  BlockPool& blocks() { return blocks_; }
  ShardCounters& counters() { return counters_; }
  // Whose code runs when it is no actor's: the destructor of a message that reaches nobody.
  Cell& limbo() { return limbo_; }
  AnyRef RefOf(const Cell& cell) const {
    return AnyRef(system_, incarnation_, index_, cell.slot, cell.generation);
  }

  Activations& activations() { return *activations_; }
  AskTable& asks() { return *asks_; }
  Births& births() { return *births_; }
  DeadLetters& dead_letters();
  EventRecords& records();
  InboundLinks& inbound();
  ShardInbox& inbox();
  Loop& loop() { return *loop_; }
  Mailboxes& mailboxes();
  Monitors& monitors();
  Outboxes& outboxes();
  Random& random();
  SlotTable& slots_table();
  Supervisor& supervisor() { return *supervisor_; }
  ShardTurn& turn();
  void set_loop(std::unique_ptr<Loop> loop);
  int64_t now_nanos() const;

 private:
  Envelope* TakeEnvelopeSlow();
  void EnqueueUnbounded(Cell& cell, Envelope* envelope) {
    ++cell.messages;
    cell.bytes += envelope->bytes;
    cell.mailbox.Push(envelope);
    MakeRunnable(cell);
  }
  SendResult EnqueueOverLimit(Cell& cell, Envelope* envelope);
  void FreeAttachments(Envelope* envelope);
  void RecycleForeign(Envelope* envelope);
  uint32_t Visit(Cell& cell, uint32_t budget, bool traced);
  void RunMessage(Cell& cell, Envelope* envelope);
  bool PassesChecks(Cell& cell, Envelope* envelope);
  // Does what is to be done besides the mailbox. Returns `handled` and what that took.
  uint32_t SeeToAttention(Cell& cell, uint32_t handled, uint32_t limit, uint32_t kept_max);

  // Set once.
  Runtime& runtime_;
  System* const system_;
  const Limits& limits_;
  const uint64_t incarnation_;
  const uint16_t index_;
  const uint16_t shard_count_;

  // On a message's path.
  Running running_;
  RunQueue run_queue_;
  SlabMemory memory_{SlabMemory::Pages::kSmall};
  EnvelopePool envelopes_;
  BlockPool blocks_;
  SlotIndex slots_;
  ShardCounters counters_;
  Cell limbo_;

  // Off it.
  std::unique_ptr<ShardNouns> nouns_;
  Activations* activations_;
  AskTable* asks_;
  Births* births_;
  Supervisor* supervisor_;
  Loop* loop_ = nullptr;
};

}  // namespace internal
}  // namespace troupe

#endif  // TROUPE_ACTORS_SHARD_SHARD_H_
