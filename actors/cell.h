#ifndef TROUPE_ACTORS_CELL_H_
#define TROUPE_ACTORS_CELL_H_

#include <coroutine>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "troupe/actors/any_ref.h"
#include "troupe/actors/backoff_timer.h"
#include "troupe/actors/envelope.h"
#include "troupe/actors/event_record.h"
#include "troupe/actors/instance.h"
#include "troupe/actors/spawn_options.h"
#include "troupe/actors/stop_reason.h"

namespace troupe::internal {

struct Cell;

// One await of a suspended handler, or of a helper coroutine that the handler started and has not
// awaited yet, as the runtime sees it.
//
// Lifetime: in the coroutine's frame; linked to its activation from suspension to resumption.
class Suspension {
 public:
  std::coroutine_handle<> handle;
  struct Activation* activation = nullptr;
  Suspension* next = nullptr;  // Of its activation's, that wait or that are ready.
  Suspension* prev = nullptr;
  bool ready = false;

  // Makes the await end with CANCELLED, and the activation ready.
  virtual void Cancel() = 0;
  // Waits for a function on another thread, which may use the frame: counted in offloads.
  virtual bool InOffload() const { return false; }
  virtual void MoveOffload(struct Activation& to) {}

 protected:
  ~Suspension() = default;
};

// The suspensions of one activation, oldest first.
struct SuspensionList {
  Suspension* head = nullptr;
  Suspension* tail = nullptr;

  bool empty() const { return head == nullptr; }
  void Push(Suspension& suspension) {
    suspension.next = nullptr;
    suspension.prev = tail;
    (tail != nullptr ? tail->next : head) = &suspension;
    tail = &suspension;
  }
  void Remove(Suspension& suspension) {
    (suspension.next != nullptr ? suspension.next->prev : tail) = suspension.prev;
    (suspension.prev != nullptr ? suspension.prev->next : head) = suspension.next;
  }
};

// A handler that waits in the middle of its message.
struct Activation {
  Envelope* envelope = nullptr;
  std::coroutine_handle<> root;  // Null while the handler's first part still runs.
  SuspensionList waiting;
  SuspensionList ready_to_resume;
  Cell* cell = nullptr;
  uint64_t serial = 0;         // Of the shard's activations: never given twice.
  Activation* next = nullptr;  // The cell's list of activations.
  Activation* prev = nullptr;
  Activation* ready_next = nullptr;
  uint32_t offloads = 0;  // Running on worker threads; the frame stays until they are back.
  bool ready = false;     // In the cell's list of ready activations.
  bool cancelled = false;
  bool interleaved = false;
  bool stops_actor = false;  // Once it is through.
  bool doomed = false;       // Its actor's life is over: destroyed once the offloads are back.
};

enum class CellState : uint8_t {
  kFree,      // No actor; no handle reaches it.
  kLeased,    // A handle exists, the actor is on its way: messages wait.
  kStarting,  // OnStart runs.
  kRunning,
  kBackoff,   // Failed; waits to be made anew.
  kStopping,  // Children stop, OnStop runs, then it is gone.
};

// Why a cell is not simply handling its mailbox.
enum CellStall : uint8_t {
  kAttention = 1u << 0,  // Something besides the mailbox is to be done.
  kBlocked = 1u << 1,    // A handler waits, or the actor is not running: the mailbox waits too.
};

// Children on other shards, in the order in which they are told to stop.
struct ByPlace {
  bool operator()(const AnyRef& a, const AnyRef& b) const {
    return std::tuple(a.shard(), a.slot(), a.generation()) <
           std::tuple(b.shard(), b.slot(), b.generation());
  }
};

// What few actors have, or have seldom.
struct CellExtra {
  std::string name;
  RestartOptions restart;
  AnyRef remote_parent;  // On another shard.
  std::set<AnyRef, ByPlace> remote_children;
  // Down messages in reserve, by the watcher's shard and its record.
  std::map<std::pair<uint16_t, uint64_t>, Envelope*> monitors;
  // Supervision.
  std::vector<int64_t> restarts;  // Monotonic nanoseconds of those inside the window.
  uint32_t failures_in_row = 0;
  std::unique_ptr<BackoffTimer> backoff;
  // Stopping.
  StopReason stop_reason = StopReason::kStopped;
  absl::Status stop_status;
  bool restart_after_stop = false;
};

// The runtime's record of one actor: its place in the slot table, its mailbox, its relatives.
//
// Thread: its shard's.
struct alignas(64) Cell {
  // On a message's path.
  Actor* actor = nullptr;
  EnvelopeQueue mailbox;
  Cell* run_next = nullptr;
  uint64_t generation = 0;
  uint32_t messages = 0;
  uint32_t messages_max = 0;
  uint32_t bytes = 0;
  uint32_t bytes_max = 0;
  uint8_t stall = 0;
  bool queued = false;
  CellState state = CellState::kFree;
  bool stop_asked = false;
  bool failed = false;
  bool drop_oldest = false;
  uint16_t blocked_by = 0;  // Handlers that wait and hold the actor.

  // Off it.
  Activation* ready_head = nullptr;
  Activation* ready_tail = nullptr;
  Activation* activations = nullptr;
  std::unique_ptr<Instance> instance;
  std::unique_ptr<CellExtra> extra;
  EventRecord* records = nullptr;
  Cell* parent = nullptr;
  Cell* first_child = nullptr;
  Cell* next_sibling = nullptr;
  Cell* prev_sibling = nullptr;
  uint32_t slot = 0;
  uint32_t children = 0;   // On this shard and on others.
  bool end_asked = false;  // Somebody wants it to go: it is not restarted any more.
  uint32_t asks = 0;       // Pending asks of this actor.
  bool on_stop_called = false;

  CellExtra& Extra() {
    if (extra == nullptr) extra = std::make_unique<CellExtra>();
    return *extra;
  }
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_CELL_H_
