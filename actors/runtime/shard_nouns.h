#ifndef TROUPE_ACTORS_RUNTIME_SHARD_NOUNS_H_
#define TROUPE_ACTORS_RUNTIME_SHARD_NOUNS_H_

#include "troupe/actors/asks/ask_table.h"
#include "troupe/actors/cells/slot_table.h"
#include "troupe/actors/coroutines/activations.h"
#include "troupe/actors/events/event_records.h"
#include "troupe/actors/mail/dead_letters.h"
#include "troupe/actors/mail/inbound_links.h"
#include "troupe/actors/mail/mailboxes.h"
#include "troupe/actors/mail/outboxes.h"
#include "troupe/actors/mail/shard_inbox.h"
#include "troupe/actors/runtime/shard_turn.h"
#include "troupe/actors/shard/shard.h"
#include "troupe/actors/supervision/births.h"
#include "troupe/actors/supervision/monitors.h"
#include "troupe/actors/supervision/supervisor.h"
#include "troupe/base/limits.h"
#include "troupe/base/random.h"

namespace troupe::internal {

// What a shard owns besides a message's path. Apart from it, so that users' files do not pay for
// it.
struct ShardNouns {
  ShardNouns(Shard& shard, SlabMemory& memory, uint16_t count, const Limits& limits, uint64_t seed)
      : activations(shard),
        asks(shard, limits.asks_per_shard_max, memory, shard.index(), count),
        births(shard, slots, supervisor, count),
        dead_letters(shard),
        records(shard, limits.records_per_shard_max, memory, shard.index(), count),
        inbound(shard, count),
        inbox(shard, limits),
        mailboxes(shard),
        monitors(shard),
        outboxes(shard, count),
        random(seed),
        slots(shard.slots(), limits.actors_per_shard_max, limits.mailbox_messages_max,
              ChargedBytes(limits.mailbox_bytes_max)),
        supervisor(shard, slots),
        turn(shard) {}

  Activations activations;
  AskTable asks;
  Births births;
  DeadLetters dead_letters;
  EventRecords records;
  InboundLinks inbound;
  ShardInbox inbox;
  Mailboxes mailboxes;
  Monitors monitors;
  Outboxes outboxes;
  Random random;
  SlotTable slots;
  Supervisor supervisor;
  ShardTurn turn;
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_RUNTIME_SHARD_NOUNS_H_
