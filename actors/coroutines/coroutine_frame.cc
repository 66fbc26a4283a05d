#include "troupe/actors/coroutines/coroutine_frame.h"

#include <new>
#include <utility>
#include <vector>

#include "troupe/actors/cells/cell.h"
#include "troupe/actors/coroutines/activation.h"
#include "troupe/actors/coroutines/activations.h"
#include "troupe/actors/shard/place.h"
#include "troupe/actors/shard/shard.h"
#include "troupe/actors/supervision/supervisor.h"
#include "troupe/base/check.h"

namespace troupe::internal {
namespace {

// In front of each frame's memory: whose pool it is from; null for the heap.
struct alignas(std::max_align_t) FrameHeader {
  Shard* shard;
};

Activations& Here() { return Shard::Current()->activations(); }

FrameHeader& HeaderOf(void* frame) { return *(static_cast<FrameHeader*>(frame) - 1); }

}  // namespace

void* CoroutineFrame::operator new(size_t bytes) {
  Shard* const shard = Shard::Current();
  bytes += sizeof(FrameHeader);
  void* const block = shard != nullptr ? shard->blocks().Allocate(bytes) : ::operator new(bytes);
  return new (block) FrameHeader{shard} + 1;
}

void CoroutineFrame::operator delete(void* frame, size_t bytes) {
  FrameHeader& header = HeaderOf(frame);
  if (header.shard == nullptr) return ::operator delete(&header);
  header.shard->blocks().Free(&header, BlockPool::ClassOf(bytes + sizeof(FrameHeader)));
}

CoroutineFrame::CoroutineFrame() {
  if (Shard::Current() != nullptr) Here().Add(*this);
}

CoroutineFrame::~CoroutineFrame() {
  DisappointWaiter();
  if (exception_) NoteUntaken();
  if (activation_ != nullptr) Here().Remove(*this);
}

void CoroutineFrame::JoinParent(CoroutineFrame* parent) {
  parent_ = parent;
  if (parent == nullptr) return;
  next_sibling_ = parent->first_child_;
  if (next_sibling_ != nullptr) next_sibling_->prev_sibling_ = this;
  parent->first_child_ = this;
}

void CoroutineFrame::LeaveParent() {
  CoroutineFrame* const parent = std::exchange(parent_, nullptr);
  if (parent == nullptr) return;
  CoroutineFrame* const next = std::exchange(next_sibling_, nullptr);
  CoroutineFrame* const prev = std::exchange(prev_sibling_, nullptr);
  if (next != nullptr) next->prev_sibling_ = prev;
  (prev != nullptr ? prev->next_sibling_ : parent->first_child_) = next;
}

void CoroutineFrame::LeaveFamily() {
  LeaveParent();
  while (first_child_ != nullptr) first_child_->LeaveParent();
}

std::coroutine_handle<> CoroutineFrame::Finish() noexcept {
  if (activation_ == nullptr) return std::noop_coroutine();
  Running& running = Shard::Current()->running();
  running.frame = std::exchange(caller_, nullptr);
  if (root_of_ != nullptr && root_of_ != running.activation) Here().MakeReady(*root_of_);
  if (dropped_) Here().Bury(*this);
  if (waiter_ == nullptr) {
    // One that runs beside later handlers has nobody to be thrown at.
    if (exception_ && root_of_ == nullptr && activation_->answered) NoteUntaken();
    return std::noop_coroutine();
  }
  if (waiter_elsewhere_) {
    // It stays the waiter until it has run: this frame may be destroyed before that.
    Here().Resume(*waiter_);
    return std::noop_coroutine();
  }
  Suspension* const waiter = std::exchange(waiter_, nullptr);
  CoroutineFrame& next = *waiter->frame();
  if (next.dropped_) {
    waiter->StopWaiting();
    return std::noop_coroutine();
  }
  next.waits_at_ = nullptr;
  next.caller_ = std::exchange(running.frame, &next);
  return next.handle_;
}

void CoroutineFrame::StopRunning(Suspension& suspension) {
  TROUPE_CHECK_MSG(activation_ != nullptr, "co_await outside of an actor's handler");
  suspension.frame_ = this;
  waits_at_ = &suspension;
  Shard::Current()->running().frame = std::exchange(caller_, nullptr);
  if (dropped_) Here().Bury(*this);
}

void CoroutineFrame::Wait(Suspension& suspension) {
  StopRunning(suspension);
  if (Activations::Cancelled(*activation_)) {
    suspension.Cancel();
    Here().ResumeNextTurn(suspension);
  } else if (!suspension.suspended()) {
    activation_->waiting.Push(suspension);
  }
}

void CoroutineFrame::WaitForTurn(Suspension& suspension) {
  StopRunning(suspension);
  Here().ResumeNextTurn(suspension);
}

void CoroutineFrame::WaitFor(CoroutineFrame& other, Suspension& suspension) {
  other.CheckHere("co_await of a Reply");
  const bool lost = other.lost();
  other.waiter_elsewhere_ = other.activation_ != activation_;
  if (!other.waiter_elsewhere_ && !lost) {
    // A cancellation ends what the other one awaits.
    StopRunning(suspension);
    other.waiter_ = &suspension;
    return;
  }
  other.waiter_ = &suspension;
  if (!lost) return Wait(suspension);
  suspension.Cancel();
  WaitForTurn(suspension);
}

void CoroutineFrame::BeginOffload() {
  for (CoroutineFrame* frame = this; frame != nullptr; frame = frame->parent_) ++frame->offloads_;
  ++activation_->offloads;
}

void CoroutineFrame::EndOffload() {
  Activation& activation = *activation_;
  --activation.offloads;
  // Each was dropped by an owner of its own: the inner ones die first.
  std::vector<CoroutineFrame*> dropped;
  for (CoroutineFrame* frame = this; frame != nullptr; frame = frame->parent_) {
    if (--frame->offloads_ == 0 && frame->dropped_) dropped.push_back(frame);
  }
  if (dropped.empty()) return;
  Activations::Scope scope(*Shard::Current(), activation.cell, activation.envelope, &activation);
  for (CoroutineFrame* const frame : dropped) frame->handle_.destroy();
}

bool CoroutineFrame::lost() const {
  return activation_ == nullptr || Activations::Doomed(*activation_);
}

void CoroutineFrame::NoteUntaken() const {
  if (lost()) return;
  Cell& cell = *activation_->cell;
  if (cell.state != CellState::kRunning && cell.state != CellState::kStarting) return;
  Shard::Current()->supervisor().CoroutineThrew(cell, exception_);
}

void CoroutineFrame::DisappointWaiter() {
  Suspension* const waiter = std::exchange(waiter_, nullptr);
  if (waiter == nullptr) return;
  waiter->Cancel();
  Here().Resume(*waiter);
}

void CoroutineFrame::CheckHere(std::string_view call) const {
  const Shard* const shard = HeaderOf(handle_.address()).shard;
  CheckIsHere(shard == nullptr || shard == Shard::Current(), call);
}

void CoroutineFrame::Drop() {
  CheckHere("the end of a Reply");
  // Once it is done, what it created is somebody else's. One that runs drops itself: it is buried
  // where it suspends.
  if (!runs() && (handle_.done() || offloads_ == 0)) return handle_.destroy();
  dropped_ = true;
  if (waits_at_ != nullptr) waits_at_->StopWaiting();
  DisappointWaiter();
}

}  // namespace troupe::internal
