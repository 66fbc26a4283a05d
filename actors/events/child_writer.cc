#include "troupe/actors/events/child_writer.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "troupe/actors/coroutines/activations.h"
#include "troupe/actors/events/child_record.h"
#include "troupe/actors/shard/place.h"
#include "troupe/actors/shard/shard.h"
#include "troupe/base/limits.h"

namespace troupe {

using internal::ChildRecord;
using internal::Shard;

ChildWriter::~ChildWriter() { ChildWriter::StopWaiting(); }

bool ChildWriter::await_ready() {
  Shard& shard = internal::ShardHere("co_await of cx.WriteChildAll()");
  if (shard.activations().CurrentCancelled()) return false;
  const absl::StatusOr<ChildRecord*> record = ChildRecord::Find(child_, shard.running().cell);
  if (!record.ok()) {
    status_ = record.status();
    return false;
  }
  // Behind those that wait already.
  if (!(*record)->has_waiters() && Write(**record)) return status_.ok();
  record_ = *record;
  return false;
}

void ChildWriter::Begin(internal::CoroutineFrame& frame) {
  // Without a record it has failed, or is cancelled: that takes a turn.
  if (record_ == nullptr && !status_.ok()) return frame.WaitForTurn(*this);
  if (record_ != nullptr) record_->AddWaiter(*this);
  frame.Wait(*this);
}

bool ChildWriter::Write(ChildRecord& record) {
  // Half of the bound is free whenever the child is said to have room.
  const size_t piece_bytes_max =
      std::max<size_t>(1, Shard::Current()->limits().child_input_bytes_max / 2);
  while (written_bytes_ < bytes_.size()) {
    const auto piece = std::string_view(bytes_).substr(written_bytes_, piece_bytes_max);
    absl::Status status = record.process()->WriteInput(piece);
    if (status.code() == absl::StatusCode::kResourceExhausted) return false;
    if (!status.ok()) {
      status_ = std::move(status);
      return true;
    }
    written_bytes_ += piece.size();
  }
  return true;
}

void ChildWriter::OnRoom(ChildRecord& record) {
  if (!Write(record)) return;
  record.RemoveWaiter(*this);
  record_ = nullptr;
  Shard::Current()->activations().Resume(*this);
}

void ChildWriter::OnEnd() {
  status_ = absl::UnavailableError("the child has ended");
  record_ = nullptr;
  Shard::Current()->activations().Resume(*this);
}

bool ChildWriter::Cancel() {
  status_ = absl::CancelledError("cancelled while a child was written to");
  StopWaiting();
  return true;
}

void ChildWriter::StopWaiting() {
  if (record_ != nullptr) std::exchange(record_, nullptr)->RemoveWaiter(*this);
}

}  // namespace troupe
