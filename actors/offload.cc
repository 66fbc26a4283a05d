#include "troupe/actors/offload.h"

#include "absl/strings/str_cat.h"
#include "troupe/actors/certainty.h"
#include "troupe/actors/runtime.h"
#include "troupe/base/text.h"

namespace troupe::internal {

absl::Status OffloadRefused() {
  return WithCertainty(absl::ResourceExhaustedError("the blocking pool's queue is full"),
                       Certainty::kNotExecuted);
}

absl::Status OffloadThrew(std::string_view what) {
  return absl::InternalError(absl::StrCat("the offloaded function threw: ", AbslView(what)));
}

bool PostToBlockingPool(ShardWork* work) {
  return Shard::Current()->runtime().blocking_pool().TryPost(work);
}

void OffloadWait::Begin(std::coroutine_handle<> handle_to_resume) {
  Shard::Current()->Suspend(*this, handle_to_resume);
  counted_in_ = activation;
  ++counted_in_->offloads;
}

void OffloadWait::Back() {
  Activation* const counted_in = std::exchange(counted_in_, nullptr);
  Shard& shard = *Shard::Current();
  shard.Resume(*this);
  shard.OffloadBack(*counted_in);
}

void OffloadWait::MoveOffload(Activation& to) {
  --counted_in_->offloads;
  counted_in_ = &to;
  ++counted_in_->offloads;
}

OffloadWait::~OffloadWait() {
  if (activation != nullptr) Shard::Current()->Unlink(*this);
  if (counted_in_ != nullptr) --counted_in_->offloads;
}

}  // namespace troupe::internal
