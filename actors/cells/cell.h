#ifndef TROUPE_ACTORS_CELLS_CELL_H_
#define TROUPE_ACTORS_CELLS_CELL_H_

#include <cstdint>

#include "troupe/actors/envelopes/envelope.h"
#include "troupe/actors/stop_reason.h"

namespace troupe {

class Actor;

namespace internal {

class Activation;
class EventRecord;
class Instance;
struct CellExtra;

enum class CellState : uint8_t {
  kFree,      // No actor; no handle reaches it.
  kLeased,    // A handle exists, the actor is on its way: messages wait.
  kStarting,  // OnStart runs.
  kRunning,
  kBackoff,   // Failed; waits for its next life.
  kStopping,  // Children stop, OnStop runs, then it is gone.
};

// Why a cell is not simply handling its mailbox.
enum CellStall : uint8_t {
  kAttention = 1u << 0,  // Something besides the mailbox is to be done.
  kBlocked = 1u << 1,    // A handler waits, or the actor is not running: the mailbox waits too.
  kHeld = 1u << 2,       // It wrote more than an outbox holds: it waits for room.
  kArrivals = 1u << 3,   // Messages from elsewhere wait for room in the mailbox.
};

constexpr uint8_t kMailboxWaits = kBlocked | kHeld;

enum CellMark : uint8_t {
  kStopAsked = 1u << 0,     // Its next visit begins the stop.
  kFailed = 1u << 1,        // Its life ends with a failure.
  kEndAsked = 1u << 2,      // Somebody wants it to end: it is not restarted any more.
  kDropOldest = 1u << 3,    // Overflow::kDropOldest.
  kOnStopCalled = 1u << 4,  // Or it is not called at all.
  kWillRestart = 1u << 5,   // Once it has stopped.
  kQueued = 1u << 6,        // In the run queue.
  kStopsItself = 1u << 7,   // Its handler has called Context::Stop(), and runs still.
};

// How far a stop has got. Each step may take several visits.
enum class StopStep : uint8_t {
  kMailbox,      // What waits is refused.
  kActivations,  // Handlers that wait are ended.
  kRecords,      // Timers, monitors and other event sources end.
  kChildren,     // Children are asked to stop.
  kOnStop,       // Once they are gone.
  kActor,        // The actor is destroyed.
  kFarewell,     // Name, mailbox, monitors, parent.
};

constexpr uint32_t kNoSlot = 0xffffffffu;

// What an actor has once it does more than handle messages: coroutines, records, children,
// requests. Made when it is first needed, so that an idle actor is small.
struct Ties {
  Instance* instance = nullptr;  // Owned.
  CellExtra* extra = nullptr;    // Owned; null for most.
  Activation* activations = nullptr;
  Activation* ready_tail = nullptr;  // Of a circle through ready_next.
  uint64_t doomed_serial = 0;        // Activations up to this one are resumed no more.
  EventRecord* records = nullptr;
  uint32_t first_child = kNoSlot;  // On this shard, by slot.
  uint32_t children = 0;           // On this shard and on others.
  uint32_t asks = 0;               // Requests of this actor without an outcome.
  uint16_t blocked_by = 0;         // Handlers that wait and hold the actor.
  StopStep stop_step = StopStep::kMailbox;
};

// The relatives on this shard of an actor, by slot. Beside its cell, since a message needs none.
struct Kin {
  uint32_t parent = kNoSlot;
  uint32_t next_sibling = kNoSlot;
  uint32_t prev_sibling = kNoSlot;
};

// The runtime's record of one actor: its place in the slot table, its mailbox. One cache line, all
// of which a message's path may need.
//
// Thread: its shard's.
struct alignas(64) Cell {
  union {
    Actor* actor = nullptr;
    Cell* next_free;  // The one behind it, in a list of free ones.
  };
  EnvelopeRing mailbox;
  Cell* run_next = nullptr;
  uint64_t generation = 0;
  uint32_t messages = 0;
  uint32_t messages_max = 0;
  uint32_t bytes = 0;
  uint32_t bytes_max = 0;
  uint32_t slot = kNoSlot;
  uint8_t stall = 0;
  uint8_t life = 0;  // Counts restarts, modulo 256.
  CellState state : 4 = CellState::kFree;
  StopReason reason : 4 = StopReason::kStopped;
  uint8_t marks = 0;
  uintptr_t instance_or_ties = 0;  // Owned; the lowest bit says that it is the Ties.

  bool arrivals_wait() const { return (stall & kArrivals) != 0; }
  bool marked(CellMark mark) const { return (marks & mark) != 0; }
  void Mark(CellMark mark) { marks |= mark; }
  void Unmark(CellMark mark) { marks &= static_cast<uint8_t>(~mark); }

  bool has_ties() const { return (instance_or_ties & kIsTies) != 0; }
  // Requires that it has them.
  Ties& ties() const { return *reinterpret_cast<Ties*>(instance_or_ties - kIsTies); }
  // Made if need be.
  Ties& Tie() {
    if (!has_ties()) [[unlikely]]
      MakeTies();
    return ties();
  }
  Instance* instance() const {
    return has_ties() ? ties().instance : reinterpret_cast<Instance*>(instance_or_ties);
  }
  void set_instance(Instance* instance) {
    if (has_ties()) [[unlikely]] {
      ties().instance = instance;
    } else {
      instance_or_ties = reinterpret_cast<uintptr_t>(instance);
    }
  }
  // What they are while there are no ties as well.
  CellExtra* extra() const { return has_ties() ? ties().extra : nullptr; }
  Activation* activations() const { return has_ties() ? ties().activations : nullptr; }
  Activation* ready_tail() const { return has_ties() ? ties().ready_tail : nullptr; }
  EventRecord* records() const { return has_ties() ? ties().records : nullptr; }
  uint32_t children() const { return has_ties() ? ties().children : 0; }
  uint32_t asks() const { return has_ties() ? ties().asks : 0; }
  uint32_t blocked_by() const { return has_ties() ? ties().blocked_by : 0; }
  StopStep step() const { return has_ties() ? ties().stop_step : StopStep::kMailbox; }
  void set_step(StopStep step) { Tie().stop_step = step; }

  // Made if need be.
  CellExtra& Extra();
  // Its instance is disposed of already, or never was. On its shard, or once that has ended.
  void FreeTies();

 private:
  static constexpr uintptr_t kIsTies = 1;

  void MakeTies();
};
static_assert(sizeof(Cell) == 64);

}  // namespace internal
}  // namespace troupe

#endif  // TROUPE_ACTORS_CELLS_CELL_H_
