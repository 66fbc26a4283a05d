#include "troupe/actors/shard.h"

#include <algorithm>
#include <exception>

#include "absl/base/attributes.h"
#include "absl/strings/str_cat.h"
#include "troupe/actors/call_chain.h"
#include "troupe/actors/dispatch.h"
#include "troupe/actors/frame_memory.h"
#include "troupe/actors/method.h"
#include "troupe/actors/router.h"
#include "troupe/actors/runtime.h"
#include "troupe/actors/service.h"
#include "troupe/actors/stream.h"
#include "troupe/actors/worker.h"
#include "troupe/base/logging.h"
#include "troupe/base/text.h"

namespace troupe::internal {

constinit thread_local Shard* current_shard = nullptr;

Shard::Shard(Runtime& runtime, uint16_t index, uint16_t count, const Limits& limits, uint64_t seed)
    : runtime_(runtime),
      system_(runtime.system()),
      limits_(limits),
      incarnation_(runtime.incarnation()),
      index_(index),
      envelopes_(index, memory_),
      blocks_(memory_),
      slots_(limits.actors_per_shard_max, limits.mailbox_messages_max,
             ChargedBytes(limits.mailbox_bytes_max)),
      asks_(limits.asks_per_shard_max, memory_),
      // An actor may be told the id of another shard's timer: none of its own has the same.
      records_(limits.timers_per_shard_max, memory_, index, count),
      random_(seed),
      inbox_(limits.inbox_messages_max) {}

Shard::~Shard() = default;

// --- One turn. ---

bool Shard::RunTurn(bool may_block) {
  current_shard = this;
  const bool more = loop_->RunTurn(may_block);
  current_shard = nullptr;
  return more;
}

void Shard::DrainInbound() {
  // A ring holds no more than a turn may take.
  for (size_t from = 0; from < runtime_.shard_count(); ++from) {
    if (from == index_) continue;
    ShardLink& link = runtime_.link(from, index_);
    uint64_t bytes = 0;
    link.messages.ConsumeAll([&](const RingPlace& place) {
      Envelope* const envelope = Received(place);
      bytes += envelope->bytes;
      Deliver(envelope);
    });
    if (bytes > 0) link.NoteTaken(bytes);
  }
  Envelope* envelope = nullptr;
  for (size_t i = 0; i < limits_.turn_inbound_messages_max && inbox_.Pop(envelope); ++i) {
    Deliver(envelope);
  }
  if (!completions_.Empty()) {
    for (ShardWork* work = completions_.TakeAll(); work != nullptr;) {
      ShardWork* const next = work->next_done;
      work->Complete(work->abandoned());
      work = next;
    }
  }
}

Envelope* Shard::Received(const RingPlace& place) {
  if (place.envelope != nullptr) return place.envelope;
  Envelope* envelope = envelopes_.Allocate();
  if (envelope == nullptr) [[unlikely]]
    envelope = NewEnvelopeSlow(nullptr);
  place.CopyTo(*envelope);
  return envelope;
}

bool Shard::InboundPending() const { return !inbox_.Empty() || ShardsPending(); }

bool Shard::ShardsPending() const {
  for (size_t other = 0; other < runtime_.shard_count(); ++other) {
    if (other == index_) continue;
    if (!runtime_.link(other, index_).messages.Empty()) return true;
    // Its ring is full: it is awake, and what waits here has to be offered again.
    if (!outboxes_[other].empty()) return true;
  }
  return !completions_.Empty();
}

void Shard::FlushOutbound() {
  for (Outbox& outbox : outboxes_) {
    if (!outbox.empty()) outbox.Flush(envelopes_);
    if (!outbox.returns_empty() && run_head_ == nullptr) outbox.FlushReturns();
  }
}

void Shard::EndTurn() {
  while (!deferred_.empty()) {
    std::vector<std::function<void()>> tasks = std::exchange(deferred_, {});
    for (auto& task : tasks) task();
  }
  if (stop_all_ && !said_empty_ && actors_alive_ == 0) {
    said_empty_ = true;
    runtime_.ActorsGone();
  }
}

bool Shard::Finished() {
  if (!runtime_.leaving()) return false;
  ResolveAllAsks();
  // What is left may be for a shard that has gone, and would wait forever: the last turns take it.
  if (said_quiet_ && runtime_.AllQuiet()) return true;
  // Threads that go on sending hold nothing up: what they send is seen to after the end.
  if (ShardsPending()) return false;
  if (!said_quiet_) {
    said_quiet_ = true;
    runtime_.NoteQuiet();
  }
  return runtime_.AllQuiet();
}

ABSL_ATTRIBUTE_ALWAYS_INLINE inline void Shard::FinishEnvelope(Envelope* envelope) {
  if (envelope->flags & kEvent) [[unlikely]] {
    if (EventRecord* const record = records_.Find(envelope->record)) record->AfterHandler();
  }
  Recycle(envelope);
}

// Inlined, as the three around it: calls and the registers they save are a fifth of what a small
// message costs.
ABSL_ATTRIBUTE_ALWAYS_INLINE inline void Shard::RunMessage(Cell& cell, Envelope* envelope) {
  current_cell_ = &cell;
  current_envelope_ = envelope;
  ++counters_.handled;
  Progress progress = Progress::kDone;
  try {
    progress = envelope->type->dispatch(cell.actor, *envelope);
  } catch (...) {
    HandlerThrew(cell);  // Has the cell's attention.
  }
  if (current_activation_ != nullptr) [[unlikely]]
    DropIdleActivation();
  current_cell_ = nullptr;
  current_envelope_ = nullptr;
  if (progress == Progress::kDone) [[likely]]
    FinishEnvelope(envelope);
}

ABSL_ATTRIBUTE_ALWAYS_INLINE inline uint32_t Shard::VisitCell(Cell& cell, uint32_t budget) {
  const uint32_t limit = std::min(budget, limits_.turn_messages_per_actor_max);
  uint32_t handled = 0;
  if (cell.stall != 0) [[unlikely]] {
    if (!SeeToAttention(cell, handled, limit)) return handled;
  }
  const int64_t now = now_nanos();
  while (Envelope* const envelope = cell.mailbox.head) {
    if (handled >= limit) {
      MakeRunnable(cell);
      break;
    }
    cell.mailbox.Pop();
    --cell.messages;
    cell.bytes -= envelope->bytes;
    envelope->cell = &cell;
    if (envelope->deadline < now || (envelope->flags & kNeedsCheck) != 0) [[unlikely]] {
      if (!PassesChecks(cell, envelope)) continue;
    }
    ++handled;
    RunMessage(cell, envelope);
    if (cell.stall != 0) [[unlikely]] {
      if (!SeeToAttention(cell, handled, limit)) break;
    }
  }
  return handled;
}

uint32_t Shard::RunCell(Cell& cell, uint32_t budget) { return VisitCell(cell, budget); }

size_t Shard::RunReady() {
  // Newest actors first, but the others keep up: a tree of spawns stays as shallow as its
  // parents are fast.
  constexpr uint32_t kStartsInRow = 4;
  uint32_t left = limits_.turn_messages_max;
  while (left > 0) {
    if (newest_ != nullptr && (run_head_ == nullptr || ++spawn_streak_ < kStartsInRow)) {
      left -= std::max<uint32_t>(StartNewest(left), 1);
      continue;
    }
    spawn_streak_ = 0;
    Cell* const cell = run_head_;
    if (cell == nullptr) break;
    run_head_ = cell->run_next;
    if (run_head_ == nullptr) run_tail_ = nullptr;
    cell->queued = false;
    // A visit that handled nothing costs a message too: the turn stays bounded.
    left -= std::max<uint32_t>(VisitCell(*cell, left), 1);
  }
  return limits_.turn_messages_max - left;
}

void Shard::RunEvent(Cell& cell, Envelope* envelope) { RunMessage(cell, envelope); }

bool Shard::PassesChecks(Cell& cell, Envelope* envelope) {
  bool passes = true;
  if (envelope->flags & kEvent) {
    UncountEvent(cell, *envelope);
    EventRecord* const record = records_.Find(envelope->record);
    passes = record != nullptr && record->cell() == &cell;
    if (passes && !record->BeforeHandler(*envelope)) RemoveRecord(record->id(), &cell);
  } else if (envelope->flags & kCancelled) {
    ++counters_.cancelled;
    passes = false;
  } else if (envelope->deadline < now_nanos()) {
    ++counters_.expired;
    passes = false;
  }
  if (!passes) {
    envelope->type->destroy(*envelope);
    Recycle(envelope);
  }
  return passes;
}

// --- Suspended handlers. ---

Activation* Shard::CurrentActivation() {
  if (current_activation_ != nullptr) return current_activation_;
  TROUPE_CHECK_MSG(current_cell_ != nullptr, "co_await outside of an actor's handler");
  auto* const activation = new (blocks_.Allocate(sizeof(Activation))) Activation;
  activation->envelope = current_envelope_;
  activation->cell = current_cell_;
  activation->serial = ++activations_made_;
  activation->next = current_cell_->activations;
  if (activation->next != nullptr) activation->next->prev = activation;
  current_cell_->activations = activation;
  current_activation_ = activation;
  return activation;
}

void Shard::FreeActivation(Activation& activation) {
  Cell& cell = *activation.cell;
  TROUPE_CHECK_MSG(activation.waiting.empty() && activation.ready_to_resume.empty(),
                   "a coroutine waits although the handler that started it has ended: keep its "
                   "Reply inside the handler");
  if (activation.ready) {
    Activation** link = &cell.ready_head;
    Activation* before = nullptr;
    while (*link != &activation) {
      before = *link;
      link = &before->ready_next;
    }
    *link = activation.ready_next;
    if (cell.ready_tail == &activation) cell.ready_tail = before;
  }
  if (activation.next != nullptr) activation.next->prev = activation.prev;
  if (activation.prev != nullptr) {
    activation.prev->next = activation.next;
  } else {
    cell.activations = activation.next;
  }
  activation.~Activation();
  blocks_.Free(&activation, BlockPool::ClassOf(sizeof(Activation)));
}

void Shard::DropIdleActivation() {
  Activation* const activation = std::exchange(current_activation_, nullptr);
  if (activation == nullptr || activation->root) return;
  Cell& cell = *activation->cell;
  const bool stops_actor = activation->stops_actor;
  FreeActivation(*activation);
  if (stops_actor) AskToStop(cell, StopReason::kStopped);
}

void Shard::Suspend(Suspension& suspension, std::coroutine_handle<> handle) {
  Activation* const activation = CurrentActivation();
  suspension.handle = handle;
  suspension.activation = activation;
  suspension.ready = false;
  activation->waiting.Push(suspension);
}

void Shard::Resume(Suspension& suspension) {
  Activation* const activation = suspension.activation;
  if (activation == nullptr || suspension.ready) return;
  activation->waiting.Remove(suspension);
  suspension.ready = true;
  activation->ready_to_resume.Push(suspension);
  if (!activation->ready && !activation->doomed) MakeReady(*activation);
}

void Shard::MakeReady(Activation& ready) {
  Activation* const activation = &ready;
  activation->ready = true;
  activation->ready_next = nullptr;
  Cell& cell = *activation->cell;
  if (cell.ready_tail != nullptr) {
    cell.ready_tail->ready_next = activation;
  } else {
    cell.ready_head = activation;
  }
  cell.ready_tail = activation;
  cell.stall |= kAttention;
  MakeRunnable(cell);
}

void Shard::Unlink(Suspension& suspension) {
  Activation& activation = *suspension.activation;
  (suspension.ready ? activation.ready_to_resume : activation.waiting).Remove(suspension);
  suspension.activation = nullptr;
}

Progress Shard::Park(Envelope& envelope, std::coroutine_handle<> root) {
  Activation* const activation = CurrentActivation();
  activation->root = root;
  const MethodInfo* const method = envelope.type->method;
  activation->interleaved =
      (envelope.flags & kInterleaved) != 0 || (method != nullptr && method->interleave);
  if (!activation->interleaved) {
    ++activation->cell->blocked_by;
    activation->cell->stall |= kBlocked;
  }
  current_activation_ = nullptr;
  return Progress::kSuspended;
}

void Shard::ResumeActivation(Activation& activation) {
  Cell& cell = *activation.cell;
  Envelope* const envelope = activation.envelope;
  if (activation.doomed) return;
  current_cell_ = &cell;
  current_envelope_ = envelope;
  current_activation_ = &activation;
  // What becomes ready meanwhile has made the activation ready again.
  Suspension* const last = activation.ready_to_resume.tail;
  for (bool more = last != nullptr; more && !activation.root.done();) {
    Suspension* const suspension = activation.ready_to_resume.head;
    if (suspension == nullptr) break;
    more = suspension != last;
    Unlink(*suspension);
    suspension->handle.resume();
  }
  bool threw = false;
  if (activation.root.done()) {
    const std::coroutine_handle<> root = activation.root;
    if (!activation.interleaved && --cell.blocked_by == 0 && cell.state == CellState::kRunning) {
      cell.stall &= ~kBlocked;
    }
    current_activation_ = nullptr;
    const bool stops_actor = activation.stops_actor;
    FreeActivation(activation);
    try {
      envelope->type->complete(*envelope, root);
    } catch (...) {
      threw = true;
      HandlerThrew(cell);
    }
    // One that a parameter's destructor began.
    if (current_activation_ != nullptr) [[unlikely]]
      DropIdleActivation();
    if (stops_actor) AskToStop(cell, StopReason::kStopped);
    current_cell_ = nullptr;
    current_envelope_ = nullptr;
    FinishEnvelope(envelope);
  }
  current_cell_ = nullptr;
  current_envelope_ = nullptr;
  current_activation_ = nullptr;
  if (threw && cell.state != CellState::kStopping) BeginStop(cell);
}

void Shard::CancelActivation(Activation& activation) {
  activation.cancelled = true;
  for (Suspension* next = activation.waiting.head; next != nullptr;) {
    Suspension* const suspension = std::exchange(next, next->next);
    suspension->Cancel();
  }
}

void Shard::DestroyActivation(Activation& activation) {
  Envelope* const envelope = activation.envelope;
  Cell& cell = *activation.cell;
  if (!activation.interleaved && activation.root) --cell.blocked_by;
  const std::coroutine_handle<> root = activation.root;
  {
    ActorScope scope(*this, &cell, envelope, &activation);
    if (root) root.destroy();
  }
  FreeActivation(activation);
  if (envelope->type->method != nullptr &&
      envelope->type->method->kind == MethodKind::kServerStream) {
    CloseSink(*envelope);
  }
  // A one-way message was delivered, whatever became of it.
  if ((envelope->flags & kEvent) == 0) {
    ReplyError(*envelope,
               WithCertainty(absl::AbortedError("the actor ended while it handled the request"),
                             Certainty::kMaybeExecuted));
  }
  envelope->type->destroy(*envelope);
  Recycle(envelope);
}

void Shard::OffloadBack(Activation& activation) {
  --activation.offloads;
  if (!activation.doomed) return;
  if (activation.offloads > 0) return;
  Cell& cell = *activation.cell;
  DestroyActivation(activation);
  cell.stall |= kAttention;
  MakeRunnable(cell);
}

namespace {

// An activation of no message: a dropped coroutine that is in an offload.
struct DroppedEvent {};
constexpr MessageType kDroppedType = {.destroy = &DestroyPayload<DroppedEvent>,
                                      .name = "a dropped coroutine"};

// Whether `inner` is `frame` or is awaited by it, over any number of coroutines.
bool IsInside(std::coroutine_handle<> inner, std::coroutine_handle<> frame) {
  while (inner && inner != frame) {
    inner = std::coroutine_handle<ReplyPromiseBase>::from_address(inner.address())
                .promise()
                .continuation();
  }
  return static_cast<bool>(inner);
}

Suspension* FindOffload(Cell& cell, std::coroutine_handle<> frame) {
  for (Activation* a = cell.activations; a != nullptr; a = a->next) {
    if (a->offloads == 0) continue;
    for (Suspension* s = a->waiting.head; s != nullptr; s = s->next) {
      if (s->InOffload() && IsInside(s->handle, frame)) return s;
    }
  }
  return nullptr;
}

}  // namespace

bool Shard::KeepDropped(std::coroutine_handle<> frame) {
  if (current_cell_ == nullptr) return false;
  Suspension* const offload = FindOffload(*current_cell_, frame);
  if (offload == nullptr) return false;
  Activation& before = *offload->activation;
  auto* const kept = new (blocks_.Allocate(sizeof(Activation))) Activation;
  kept->envelope = NewEnvelope(&kDroppedType);
  kept->envelope->flags |= kEvent;
  SetPayload(kept->envelope, DroppedEvent{}, 0);
  kept->cell = current_cell_;
  kept->envelope->cell = current_cell_;
  kept->serial = ++activations_made_;
  kept->root = frame;
  kept->interleaved = true;
  kept->cancelled = true;
  kept->doomed = true;
  kept->next = current_cell_->activations;
  if (kept->next != nullptr) kept->next->prev = kept;
  current_cell_->activations = kept;
  before.waiting.Remove(*offload);
  offload->activation = kept;
  kept->waiting.Push(*offload);
  offload->MoveOffload(*kept);
  if (before.doomed && before.offloads == 0 && &before != current_activation_) {
    // It waited for this one.
    ++before.offloads;
    OffloadBack(before);
  }
  return true;
}

bool Shard::SeeToAttention(Cell& cell, uint32_t& handled, uint32_t limit) {
  if (cell.stall & kAttention) {
    cell.stall &= ~kAttention;
    // Those that become ready meanwhile wait for the actor's next visit.
    uint32_t ready = 0;
    for (Activation* a = cell.ready_head; a != nullptr; a = a->ready_next) ++ready;
    for (; ready > 0 && cell.ready_head != nullptr && handled < limit; --ready) {
      Activation* const activation = cell.ready_head;
      cell.ready_head = activation->ready_next;
      if (cell.ready_head == nullptr) cell.ready_tail = nullptr;
      activation->ready = false;
      ++handled;
      ResumeActivation(*activation);
    }
    if (cell.ready_head != nullptr) {
      cell.stall |= kAttention;
      MakeRunnable(cell);
    }
    if (cell.state == CellState::kLeased) return false;
    if (cell.stop_asked && cell.state != CellState::kStopping) BeginStop(cell);
    if (cell.state == CellState::kStarting && cell.actor == nullptr) RunStart(cell);
    if (cell.state == CellState::kStopping) ContinueStop(cell);
  }
  return (cell.stall & kBlocked) == 0;
}

void Shard::CancelCall(uint32_t slot, uint64_t generation, uint16_t asker_shard, uint64_t ask) {
  Cell* const cell = Find(slot, generation);
  if (cell == nullptr) return;
  const auto matches = [&](const Envelope& envelope) {
    return (envelope.flags & kEvent) == 0 && envelope.ask == ask &&
           envelope.sender_shard == asker_shard;
  };
  for (Activation* a = cell->activations; a != nullptr; a = a->next) {
    if (matches(*a->envelope)) {
      CancelActivation(*a);
      return;
    }
  }
  if (cell->actor != nullptr && IsWorkerFront(*cell)) {
    static_cast<WorkerFront*>(cell->actor)->CancelJob(asker_shard, ask);
  }
  if (Envelope* const request = FindRequest(cell->mailbox, asker_shard, ask)) {
    request->flags |= kCancelled;
  }
}

// --- Frame memory. ---

void DropFrame(std::coroutine_handle<> frame) {
  Shard* const shard = Shard::Current();
  if (shard == nullptr || !shard->KeepDropped(frame)) frame.destroy();
}

void* AllocateFrame(size_t bytes) {
  Shard* const shard = Shard::Current();
  return shard != nullptr ? shard->blocks().Allocate(bytes) : ::operator new(bytes);
}

void FreeFrame(void* frame, size_t bytes) {
  Shard* const shard = Shard::Current();
  if (shard != nullptr) {
    shard->blocks().Free(frame, BlockPool::ClassOf(bytes));
  } else {
    ::operator delete(frame);
  }
}

}  // namespace troupe::internal
