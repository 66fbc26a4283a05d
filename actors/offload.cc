#include "troupe/actors/offload.h"

#include "absl/strings/str_cat.h"
#include "troupe/actors/certainty.h"
#include "troupe/actors/coroutines/activation.h"
#include "troupe/actors/runtime/runtime.h"
#include "troupe/base/text.h"

namespace troupe::internal {

absl::Status OffloadRefused() {
  const Limits& limits = Shard::Current()->limits();
  return WithCertainty(absl::ResourceExhaustedError(
                           absl::StrCat("the blocking pool's queue is full: ", "worker_queue_max (",
                                        limits.worker_queue_max, ") functions wait")),
                       Certainty::kNotExecuted);
}

absl::Status OffloadThrew(std::string_view what) {
  return absl::InternalError(absl::StrCat("the offloaded function threw: ", AbslView(what)));
}

void OffloadWait::Begin(CoroutineFrame& frame, ShardWork* work) {
  Shard& shard = *Shard::Current();
  posted_ =
      !shard.activations().CurrentCancelled() && shard.runtime().blocking_pool().TryPost(work);
  if (!posted_) return frame.WaitForTurn(*this);
  out_ = true;
  frame.BeginOffload();
  frame.Wait(*this);
}

void OffloadWait::Back() {
  out_ = false;
  Shard& shard = *Shard::Current();
  Activation& activation = *frame()->activation();
  Cell& cell = *activation.cell;
  const bool goes_on = !frame()->dropped() && !Activations::Doomed(activation);
  // First, since the frame may be gone afterwards: then it leaves the list again.
  if (goes_on) shard.activations().Resume(*this);
  frame()->EndOffload();
  if (goes_on) return;
  // What waited for the function goes on: a dropped coroutine's owner, the actor's end.
  cell.stall |= kAttention;
  shard.MakeRunnable(cell);
}

}  // namespace troupe::internal
