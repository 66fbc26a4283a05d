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

// The runtime's record of one actor: its place in the slot table, its mailbox, its relatives.
//
// Thread: its shard's.
struct alignas(64) Cell {
  // --- On a message's path. ---
  Actor* actor = nullptr;
  EnvelopeQueue mailbox;
  Cell* run_next = nullptr;
  uint64_t generation = 0;
  uint32_t messages = 0;
  uint32_t messages_max = 0;
  uint32_t bytes = 0;
  uint32_t bytes_max = 0;
  uint32_t slot = kNoSlot;
  uint8_t stall = 0;
  uint8_t life = 0;  // Counts restarts, modulo 256.
  CellState state = CellState::kFree;
  uint8_t marks = 0;

  // --- Off it. ---
  Instance* instance = nullptr;  // Owned.
  CellExtra* extra = nullptr;    // Owned; null for most.
  Activation* activations = nullptr;
  Activation* ready_tail = nullptr;  // Of a circle through ready_next.
  EventRecord* records = nullptr;
  // Relatives on this shard, by slot.
  uint32_t parent = kNoSlot;
  uint32_t first_child = kNoSlot;
  uint32_t next_sibling = kNoSlot;
  uint32_t prev_sibling = kNoSlot;
  uint32_t children : 26 = 0;  // On this shard and on others.
  uint32_t stop_step : 3 = 0;
  uint32_t stop_reason : 3 = 0;
  uint32_t asks : 24 = 0;       // Requests of this actor without an outcome.
  uint32_t blocked_by : 8 = 0;  // Handlers that wait and hold the actor.

  bool arrivals_wait() const { return (stall & kArrivals) != 0; }
  bool marked(CellMark mark) const { return (marks & mark) != 0; }
  void Mark(CellMark mark) { marks |= mark; }
  void Unmark(CellMark mark) { marks &= static_cast<uint8_t>(~mark); }
  StopStep step() const { return static_cast<StopStep>(stop_step); }
  void set_step(StopStep step) { stop_step = static_cast<uint32_t>(step) & 7u; }
  StopReason reason() const { return static_cast<StopReason>(stop_reason); }
  void set_reason(StopReason reason) { stop_reason = static_cast<uint32_t>(reason) & 7u; }

  // Made if need be.
  CellExtra& Extra();
  void FreeExtra();
};
static_assert(sizeof(Cell) == 128);

}  // namespace internal
}  // namespace troupe

#endif  // TROUPE_ACTORS_CELLS_CELL_H_
