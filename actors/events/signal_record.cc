#include "troupe/actors/events/signal_record.h"

#include "troupe/actors/events.h"
#include "troupe/actors/events/event_records.h"
#include "troupe/actors/shard/shard.h"
#include "troupe/actors/typing/dispatch.h"
#include "troupe/base/status_macros.h"
#include "troupe/loop/loop.h"

namespace troupe::internal {

absl::Status SignalRecord::Begin() {
  Loop& loop = Shard::Current()->loop();
  TROUPE_ASSIGN_OR_RETURN(source_, loop.platform().CatchSignals(loop.poller(), {signal_}, this));
  return absl::OkStatus();
}

void SignalRecord::OnSignal(int signal, int sender_pid) {
  if (waiting_) return;
  waiting_ = true;
  Shard& shard = *Shard::Current();
  Envelope* const envelope = shard.NewEnvelope(type_);
  shard.SetPayload(
      envelope,
      SignalRaised{
          .signal = signal, .sender_pid = sender_pid, .subscription = SubscriptionId(id())},
      0);
  shard.records().Deliver(*cell(), id(), envelope);
}

}  // namespace troupe::internal
