#include "troupe/actors/mail/outboxes.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "troupe/actors/cells/cell.h"
#include "troupe/actors/mail/inbound_links.h"
#include "troupe/actors/runtime/runtime.h"
#include "troupe/actors/shard/shard.h"
#include "troupe/base/buggify.h"
#include "troupe/loop/loop.h"

namespace troupe::internal {

Outbox& Outboxes::Make(size_t shard) {
  Runtime& runtime = shard_.runtime();
  Shard& to = runtime.shard(shard);
  outboxes_[shard] =
      std::make_unique<Outbox>(runtime.links().Make(shard_.index(), shard), to.loop().waker(),
                               to.inbound().senders(), shard_.index(), shard_.limits());
  made_.push_back(outboxes_[shard].get());
  destinations_.push_back(static_cast<uint16_t>(shard));
  return *outboxes_[shard];
}

void Outboxes::PushControl(size_t shard, Envelope* envelope) {
  Outbox& outbox = To(shard);
  List(outbox);
  outbox.PushControl(envelope);
}

void Outboxes::HoldIfFull(size_t shard) {
  Outbox& outbox = To(shard);
  Cell* const cell = shard_.running().cell;
  if (cell == nullptr || cell->instance() == nullptr || (cell->stall & kHeld) != 0) return;
  if (!outbox.RepliesFull()) return;
  cell->stall |= kHeld;
  List(outbox);
  outbox.Hold(cell->slot, cell->generation);
}

void Outboxes::ReleaseHeld(Outbox& outbox) {
  if (!outbox.holds_any() || outbox.RepliesFull()) return;
  for (const auto& [slot, generation] : outbox.TakeHeld()) {
    Cell* const cell = shard_.Find(slot, generation);
    if (cell == nullptr) continue;
    cell->stall &= static_cast<uint8_t>(~kHeld);
    shard_.MakeRunnable(*cell);
  }
}

void Outboxes::Flush(bool idle) {
  // What is pending keeps the shard awake.
  if (TROUPE_BUGGIFY("hand over a turn later")) return;
  for (size_t i = 0; i < listed_.size();) {
    Outbox& outbox = *listed_[i];
    outbox.Flush(shard_);
    ReleaseHeld(outbox);
    if (!outbox.empty() || outbox.holds_any()) {
      ++i;
      continue;
    }
    outbox.listed = false;
    listed_[i] = listed_.back();
    listed_.pop_back();
  }
  if (!idle) return;
  for (Outbox* const outbox : made_) outbox->FlushReturns();
}

bool Outboxes::CanFlush() {
  bool room = false;
  for (Outbox* const outbox : listed_) room |= outbox->AskForRoom();
  return room;
}

bool Outboxes::HasReturns() const {
  return std::any_of(made_.begin(), made_.end(),
                     [](const Outbox* outbox) { return !outbox->returns_empty(); });
}

uint64_t Outboxes::BytesOnTheirWay() const {
  uint64_t bytes = 0;
  for (const Outbox* const outbox : made_) bytes += outbox->BytesOnTheirWay();
  return bytes;
}

bool Outboxes::TakeReturns() {
  // Only those that this shard sent to have envelopes of it. One chain at a time: the pool is
  // filled before the caches are emptied.
  for (size_t looked = 0; looked < destinations_.size(); ++looked) {
    if (++next_return_ >= destinations_.size()) next_return_ = 0;
    ShardLink* const link =
        shard_.runtime().links().Find(destinations_[next_return_], shard_.index());
    Envelope* chain = nullptr;
    if (link == nullptr || link->returns.Pop(&chain, 1) == 0) continue;
    while (chain != nullptr) {
      Envelope* const next = chain->next;
      shard_.Recycle(chain);
      chain = next;
    }
    return true;
  }
  return false;
}

absl::Status Outboxes::ControlRoom(uint16_t shard) {
  if (shard == shard_.index() || !To(shard).ControlFull()) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat("outbox_control_max (",
                                                   shard_.limits().outbox_control_max,
                                                   ") orders wait for shard ", shard));
}

absl::Status Outboxes::ReplyRoom(uint16_t shard, size_t bytes) {
  if (shard == shard_.index() || !To(shard).RepliesOverflow(ChargedBytes(bytes))) {
    return absl::OkStatus();
  }
  const uint64_t most = shard_.limits().outbox_bytes_max;
  return absl::ResourceExhaustedError(
      bytes > 2 * most
          ? absl::StrCat("a reply of ", bytes,
                         " bytes can never fit: it is more than twice outbox_bytes_max (", most,
                         ")")
          : absl::StrCat("a reply of ", bytes,
                         " bytes found no room: more than twice outbox_bytes_max (", most,
                         ") would wait for shard ", shard));
}

}  // namespace troupe::internal
