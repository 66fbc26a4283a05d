#include "troupe/actors/coroutines/activations.h"

#include <algorithm>
#include <coroutine>
#include <string_view>
#include <utility>

#include "troupe/actors/asks/ask_table.h"
#include "troupe/actors/asks/request_server.h"
#include "troupe/actors/cells/cell.h"
#include "troupe/actors/coroutines/activation.h"
#include "troupe/actors/coroutines/coroutine_frame.h"
#include "troupe/actors/mail/dead_letters.h"
#include "troupe/actors/shard/shard.h"
#include "troupe/actors/supervision/life_events.h"
#include "troupe/actors/supervision/supervisor.h"
#include "troupe/actors/typing/method.h"
#include "troupe/base/check.h"
#include "troupe/base/text.h"

namespace troupe::internal {
namespace {

// The message of code that handles none.
struct LifeEvent {};
constexpr MessageType kLifeType = {.destroy = &DestroyPayload<LifeEvent>,
                                   .name = "the constructor or destructor"};

}  // namespace

void Activations::Scope::Enter(Activation& activation) { activation.running = true; }

bool Activations::RunCode(Cell* cell, absl::FunctionRef<void()> code) {
  Scope scope(shard_, cell, nullptr);
  try {
    code();
    return true;
  } catch (...) {
    shard_.supervisor().HandlerThrew(cell != nullptr ? *cell : shard_.limbo());
    return false;
  }
}

Activation& Activations::Current() {
  Running& running = shard_.running();
  if (running.activation != nullptr) return *running.activation;
  Cell& cell = running.cell != nullptr ? *running.cell : shard_.limbo();
  auto* const activation =
      new (shard_.blocks().Allocate(sizeof(Activation))) Activation{.cell = &cell};
  activation->envelope = running.envelope;
  if (running.envelope == nullptr) {
    Envelope* const envelope = NewLifeEvent(shard_, &kLifeType);
    envelope->cell = &cell;
    activation->envelope = envelope;
    activation->answered = true;
  }
  activation->stops_actor = running.envelope != nullptr && cell.marked(kStopsItself);
  if (activation->stops_actor) cell.Unmark(kStopsItself);
  activation->serial = ++made_;
  activation->running = true;
  Ties& ties = cell.Tie();
  activation->next = ties.activations;
  if (activation->next != nullptr) activation->next->prev = activation;
  ties.activations = activation;
  running.activation = activation;
  if (InboundRequest* const request = shard_.asks().inbound().Of(*activation->envelope)) {
    request->activation = activation;
  }
  return *activation;
}

bool Activations::CurrentCancelled() const {
  const Activation* const activation = shard_.running().activation;
  return activation != nullptr && Cancelled(*activation);
}

void Activations::StopActorAfterwards() {
  const Running& running = shard_.running();
  running.cell->Mark(kEndAsked);
  // An activation is made only for a handler that needs one: until then the actor knows.
  if (running.activation != nullptr) {
    running.activation->stops_actor = true;
  } else {
    running.cell->Mark(kStopsItself);
    running.cell->stall |= kAttention;
  }
}

Progress Activations::Park(Envelope& envelope, CoroutineFrame& root) {
  Activation& activation = Current();
  activation.root = &root;
  root.root_of_ = &activation;
  const MethodInfo* const method = envelope.type->method;
  activation.interleaved =
      (envelope.flags & kInterleaved) != 0 || (method != nullptr && method->interleave);
  if (!activation.interleaved) {
    ++activation.cell->Tie().blocked_by;
    activation.cell->stall |= kBlocked;
  }
  if (root.lost()) MakeReady(activation);
  return Progress::kSuspended;
}

bool Activations::Leave(bool parked) {
  Running& running = shard_.running();
  // Their locals' destructors are users' code, and still the activation's.
  if (buried_ != nullptr) [[unlikely]]
    DestroyBuried();
  Activation& activation = *std::exchange(running.activation, nullptr);
  activation.running = false;
  if (parked || activation.root != nullptr) return true;
  const bool stops_actor = std::exchange(activation.stops_actor, false);
  Cell& cell = *activation.cell;
  const bool was_answered = std::exchange(activation.answered, true);
  // One that is answered owns its envelope; of one that answers now, the caller still does.
  const bool keeps = activation.frames != nullptr || was_answered;
  if (!keeps) activation.envelope = nullptr;
  FreeIfOver(activation);
  if (stops_actor) shard_.supervisor().AskToStop(cell, StopReason::kStopped);
  return keeps;
}

// --- Frames. ---

void Activations::Add(CoroutineFrame& frame) {
  Activation& activation = Current();
  Running& running = shard_.running();
  frame.activation_ = &activation;
  frame.caller_ = std::exchange(running.frame, &frame);
  frame.JoinParent(frame.caller_);
  frame.next_ = activation.frames;
  if (frame.next_ != nullptr) frame.next_->prev_ = &frame;
  activation.frames = &frame;
}

void Activations::Remove(CoroutineFrame& frame) {
  Activation& activation = *frame.activation_;
  if (frame.next_ != nullptr) frame.next_->prev_ = frame.prev_;
  (frame.prev_ != nullptr ? frame.prev_->next_ : activation.frames) = frame.next_;
  if (frame.root_of_ != nullptr) frame.root_of_->root = nullptr;
  // Offloads of its children are theirs alone from now on.
  if (frame.offloads_ > 0) {
    for (CoroutineFrame* each = frame.parent_; each != nullptr; each = each->parent_) {
      each->offloads_ -= frame.offloads_;
      if (each->offloads_ > 0 || !each->dropped_ || each->runs()) continue;
      Current();  // Whose end destroys what is buried.
      Bury(*each);
    }
  }
  frame.LeaveFamily();
  FreeIfOver(activation);
}

void Activations::Bury(CoroutineFrame& frame) {
  frame.DisappointWaiter();
  if (std::exchange(frame.buried_, true)) return;
  // Through the pointer that only a running frame uses.
  frame.caller_ = std::exchange(buried_, &frame);
}

void Activations::DestroyBuried() {
  while (CoroutineFrame* const frame = buried_) {
    buried_ = std::exchange(frame->caller_, nullptr);
    frame->buried_ = false;
    if (frame->offloads_ == 0) {
      frame->handle_.destroy();
    } else if (frame->waits_at_ != nullptr) {
      frame->waits_at_->StopWaiting();
    }
  }
}

// --- Resuming. ---

void Activations::MakeReady(Activation& activation) {
  if (activation.queued || Doomed(activation)) return;
  activation.queued = true;
  Cell& cell = *activation.cell;
  Ties& ties = cell.Tie();
  if (Activation* const tail = ties.ready_tail) {
    activation.ready_next = tail->ready_next;
    activation.ready_prev = tail;
    tail->ready_next->ready_prev = &activation;
    tail->ready_next = &activation;
  } else {
    activation.ready_next = activation.ready_prev = &activation;
  }
  ties.ready_tail = &activation;
  cell.stall |= kAttention;
  shard_.MakeRunnable(cell);
}

void Activations::LeaveReadyList(Activation& activation) {
  if (!std::exchange(activation.queued, false)) return;
  Activation*& tail = activation.cell->Tie().ready_tail;
  // The circle of the doomed has no tail.
  if (tail == &activation) {
    tail = activation.ready_next != &activation ? activation.ready_prev : nullptr;
  }
  activation.ready_next->ready_prev = activation.ready_prev;
  activation.ready_prev->ready_next = activation.ready_next;
}

void Activations::Resume(Suspension& suspension) {
  CoroutineFrame& frame = *suspension.frame_;
  Activation* const activation = frame.activation_;
  if (activation == nullptr || suspension.list_ == &activation->ready) return;
  if (suspension.list_ != nullptr) suspension.list_->Remove(suspension);
  activation->ready.Push(suspension);
  MakeReady(*activation);
}

void Activations::ResumeNextTurn(Suspension& suspension) {
  if (suspension.list_ != nullptr) suspension.list_->Remove(suspension);
  next_turn_.Push(suspension);
}

void Activations::StartTurn() {
  while (!next_turn_.empty()) Resume(*next_turn_.head);
}

void Activations::ResumeOne(Suspension& suspension) {
  CoroutineFrame& frame = *suspension.frame_;
  if (!frame.dropped_ && !suspension.MayResume()) return;  // Stays where it is.
  suspension.list_->Remove(suspension);
  if (frame.dropped_) return;  // It waits for the return of an offload of its own.
  frame.waits_at_ = nullptr;
  shard_.running().frame = &frame;
  frame.handle_.resume();
  shard_.running().frame = nullptr;
  if (buried_ != nullptr) [[unlikely]]
    DestroyBuried();
}

uint32_t Activations::Run(Activation& activation, uint32_t budget) {
  LeaveReadyList(activation);
  shard_.running() = {
      .cell = activation.cell, .envelope = activation.envelope, .activation = &activation};
  activation.running = true;
  const auto root_done = [&] {
    return activation.root != nullptr && activation.root->handle_.done();
  };
  // What becomes ready meanwhile waits for the next visit, as does all of an actor that is held.
  const Cell& cell = *activation.cell;
  const uint32_t most = std::min(activation.ready.count, budget);
  uint32_t resumed = 0;
  while (resumed < most && !root_done() && !activation.ready.empty() &&
         (resumed == 0 || (cell.stall & kHeld) == 0)) {
    ResumeOne(*activation.ready.head);
    ++resumed;
  }
  if (root_done()) Complete(activation);
  if (activation.root != nullptr && activation.root->lost()) LoseRoot(activation);
  if (!activation.ready.empty()) MakeReady(activation);
  Leave(/*parked=*/false);
  shard_.running() = {};
  return resumed;
}

CoroutineFrame& Activations::TakeRoot(Activation& activation) {
  Cell& cell = *activation.cell;
  CoroutineFrame& root = *std::exchange(activation.root, nullptr);
  root.root_of_ = nullptr;
  if (!activation.interleaved && --cell.Tie().blocked_by == 0 &&
      cell.state == CellState::kRunning) {
    cell.stall &= ~kBlocked;
  }
  return root;
}

void Activations::Complete(Activation& activation) {
  Cell& cell = *activation.cell;
  Envelope& envelope = *activation.envelope;
  CoroutineFrame& root = TakeRoot(activation);
  activation.answered = true;
  try {
    envelope.type->complete(envelope, root.handle_);
  } catch (...) {
    shard_.supervisor().HandlerThrew(cell);
  }
  shard_.AfterHandler(envelope);
}

void Activations::LoseRoot(Activation& activation) {
  constexpr std::string_view kWhy = "the coroutine that was to answer has ended with its actor";
  const Envelope& envelope = *activation.envelope;
  GiveUp(activation, kWhy);
  if (envelope.type == &kStartType) {
    shard_.supervisor().StartFailed(*activation.cell, absl::AbortedError(AbslView(kWhy)));
  }
  shard_.AfterHandler(envelope);
}

// --- The end. ---

void Activations::Cancel(Activation& activation) {
  activation.cancelled = true;
  // One that cannot be cut short goes to the end. A cancelled request may end other waits.
  SuspensionList& waiting = activation.waiting;
  for (uint32_t left = waiting.count; left > 0 && !waiting.empty(); --left) {
    Suspension& suspension = *waiting.head;
    waiting.Remove(suspension);
    waiting.Push(suspension);
    if (suspension.Cancel()) Resume(suspension);
  }
}

void Activations::Doom(Cell& cell) {
  if (cell.activations() == nullptr) return;
  cell.ties().doomed_serial = made_;
  cell.ties().ready_tail = nullptr;
}

bool Activations::Doomed(const Activation& activation) {
  return activation.serial <= activation.cell->ties().doomed_serial;
}

bool Activations::Cancelled(const Activation& activation) {
  return activation.cancelled || Doomed(activation);
}

uint32_t Activations::EndSome(Cell& cell, uint32_t budget) {
  uint32_t ended = 0;
  // Destroying one frame may end others of this actor: Free() moves the cursor on.
  for (end_next_ = cell.activations(); end_next_ != nullptr && ended < budget;) {
    Activation& activation = *end_next_;
    end_next_ = activation.next;
    if (!Doomed(activation) || activation.offloads > 0) continue;
    if (activation.root == nullptr && activation.answered) continue;
    End(activation);
    ++ended;
  }
  end_next_ = nullptr;
  return ended;
}

bool Activations::Busy(const Cell& cell) {
  for (const Activation* a = cell.activations(); a != nullptr; a = a->next) {
    if (a->offloads > 0 || a->root != nullptr) return true;
  }
  return false;
}

void Activations::End(Activation& activation) {
  Scope scope(shard_, activation.cell, activation.envelope, &activation);
  GiveUp(activation, "the actor ended while it handled the request");
}

void Activations::GiveUp(Activation& activation, std::string_view why) {
  // One that the actor kept may be of another activation, and in an offload.
  if (activation.root != nullptr) TakeRoot(activation).Drop();
  if (RequestServer* const server = std::exchange(activation.server, nullptr)) server->OnClosed();
  if (!std::exchange(activation.answered, true)) {
    shard_.dead_letters().Abandon(*activation.envelope, why);
  }
}

void Activations::Orphan(Cell& cell) {
  while (Activation* const activation = cell.activations()) {
    while (CoroutineFrame* const frame = activation->frames) {
      activation->frames = frame->next_;
      if (frame->next_ != nullptr) frame->next_->prev_ = nullptr;
      frame->activation_ = nullptr;
      frame->LeaveFamily();
      // Of an actor that lives on, and answers with it.
      if (frame->root_of_ != nullptr) MakeReady(*frame->root_of_);
      if (frame->waiter_elsewhere_) frame->DisappointWaiter();
      Suspension* const at = frame->waits_at_;
      if (at == nullptr) continue;
      if (at->list_ != nullptr) at->list_->Remove(*at);
      at->StopWaiting();
    }
    activation->answered = true;
    FreeIfOver(*activation);
  }
}

void Activations::FreeIfOver(Activation& activation) {
  if (activation.running || activation.frames != nullptr || activation.root != nullptr ||
      activation.offloads > 0 || !activation.answered) {
    return;
  }
  Free(activation);
}

void Activations::Free(Activation& activation) {
  TROUPE_CHECK(activation.waiting.empty() && activation.ready.empty());
  LeaveReadyList(activation);
  if (end_next_ == &activation) end_next_ = activation.next;
  Cell& cell = *activation.cell;
  if (activation.next != nullptr) activation.next->prev = activation.prev;
  (activation.prev != nullptr ? activation.prev->next : cell.Tie().activations) = activation.next;
  if (activation.envelope != nullptr) shard_.Recycle(activation.envelope);
  activation.~Activation();
  shard_.blocks().Free(&activation, BlockPool::ClassOf(sizeof(Activation)));
}

}  // namespace troupe::internal
