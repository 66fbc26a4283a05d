#ifndef TROUPE_ACTORS_ENVELOPES_ENVELOPE_H_
#define TROUPE_ACTORS_ENVELOPES_ENVELOPE_H_

#include <algorithm>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>
#include <string_view>
#include <utility>

#include "troupe/actors/context_base.h"
#include "troupe/base/check.h"

namespace troupe {

class Actor;
class Worker;
class WorkerContext;

namespace internal {

struct Cell;
struct CallChain;
struct Envelope;
class MessageOrigin;
struct MethodInfo;
struct SenderTag;

// Whether a handler is done with its message, or waits in the middle of it.
enum class Progress : uint8_t { kDone, kSuspended };

// What the runtime has to know of one kind of message to one kind of actor: made once, by the
// template that sends it.
struct MessageType {
  // Runs the handler. On kDone the payload is destroyed and, for an ask, the reply is sent.
  // `actor` is null for a message to the shard itself.
  Progress (*dispatch)(Actor* actor, Envelope& envelope);
  // Destroys the payload of a message that is not handled.
  void (*destroy)(Envelope& envelope);
  // Takes the outcome of a handler that was suspended and now is done: sends the reply,
  // destroys the coroutine and the payload. Throws what the handler threw.
  void (*complete)(Envelope& envelope, std::coroutine_handle<> root) = nullptr;
  std::string_view name = {};
  // Service methods only: how the message crosses the wire.
  const MethodInfo* method = nullptr;
  // An inline payload may be moved by copying its bytes and forgetting the original.
  bool copy_bytes = false;
};

enum EnvelopeFlags : uint16_t {
  kEvent = 1u << 0,        // Of a timer, monitor, descriptor ...: dropped when `record` is gone.
  kCancelled = 1u << 1,    // Its asker gave up while it waited: only the envelope is left.
  kOutOfLine = 1u << 2,    // The payload is in a block of its own, of `block_class`.
  kInterleaved = 1u << 3,  // Its handler may wait while the actor takes other messages.
  kUnbounded = 1u << 4,    // In reserved space: no limit refuses it.
  kHasChain = 1u << 5,     // An ask made inside another: `chain` is owned.
  kHasOrigin = 1u << 6,    // A one-way message from outside of this process: `origin` is owned.
  kHasStreamCredit = 1u << 7,  // A stream's request: `credit` says how far its writer may be ahead.
  kIndexed = 1u << 8,          // A request in InboundRequests.
  kTaken = 1u << 9,            // Out of its mailbox: it is handled.
  kWaitsForRoom = 1u << 10,    // Not in its mailbox yet, which is full.
  kNotice = 1u << 11,          // Tells of a dead letter, and is none itself.
  kHasTag = 1u << 12,          // A one-way message that its sender has tagged: `tag` is owned.
};
// What has to be freed with the envelope.
constexpr uint16_t kAttachments = kOutOfLine | kHasChain | kHasOrigin | kHasTag | kIndexed;
// Something to look at before the handler may run. Such messages are not counted in the mailbox.
constexpr uint16_t kNeedsCheck = kEvent | kCancelled;

// `slot` of a message to the shard itself.
constexpr uint32_t kShardSlot = 0xffffffffu;
// `home` of an envelope that no shard's pool owns.
constexpr uint16_t kNoShard = 0xffffu;
constexpr int64_t kNoDeadline = std::numeric_limits<int64_t>::max();

// A message on its way and while it is handled. The head fills a cache line; small payloads
// are inline, and the handler's Context is this object.
//
//   offset  0  next        mailbox, outbox, free list: one at a time
//           8  type
//          16  generation  of the target, until it is handled; `cell` from then on
//          24  deadline    monotonic nanoseconds; kNoDeadline when there is none
//          32  slot        of the target; sender_slot
//          40  bytes       charged; sender_shard, home
//          48  ask         in the asker's table, 0 for one-way; the record of an event
//          56  chain       of an ask; sender_generation, tag or origin of a one-way message
//          64  flags, block_class; missed, credit or sender_life
//          72  payload
//
// Lifetime: pooled; after it is pushed to another shard nothing of it is read again.
struct alignas(64) Envelope final : Context {
  static constexpr size_t kInlineBytes = 56;

  Envelope* next = nullptr;
  const MessageType* type = nullptr;
  union {
    uint64_t generation = 0;
    Cell* cell;
  };
  int64_t deadline = kNoDeadline;
  uint32_t slot = 0;
  uint32_t sender_slot = 0;
  uint32_t bytes = 0;
  uint16_t sender_shard = kNoShard;
  uint16_t home = kNoShard;
  union {
    uint64_t ask = 0;
    uint64_t record;
  };
  union {
    CallChain* chain = nullptr;
    MessageOrigin* origin;
    SenderTag* tag;
    uint64_t sender_generation;
  };
  uint16_t flags = 0;
  uint16_t block_class = 0;
  union {
    uint32_t missed = 0;   // Firings of a periodic timer that were skipped before this one.
    uint32_t credit;       // Of a stream's request.
    uint32_t sender_life;  // Of a one-way message.
  };
  alignas(8) char inline_payload[kInlineBytes];

  void* payload() {
    return (flags & kOutOfLine) ? *reinterpret_cast<void**>(inline_payload)
                                : static_cast<void*>(inline_payload);
  }
};
static_assert(sizeof(Envelope) == 128);

// What a one-way message carries that has a tag: owned by its envelope, which says so by kHasTag.
struct SenderTag {
  uint64_t sender_generation;
  uint64_t value;
};

// Of a message on its way to nobody yet. One from no actor gets none: nobody hears of it.
inline void AttachTag(Envelope& envelope, uint64_t value) {
  if (envelope.sender_shard == kNoShard || envelope.sender_slot == kShardSlot) return;
  envelope.tag = new SenderTag{envelope.sender_generation, value};
  envelope.flags |= kHasTag;
}

// Of a one-way message from an actor of this process.
inline uint64_t SenderGenerationOf(const Envelope& envelope) {
  return (envelope.flags & kHasTag) != 0 ? envelope.tag->sender_generation
                                         : envelope.sender_generation;
}
// 0 without one.
inline uint64_t TagOf(const Envelope& envelope) {
  return (envelope.flags & kHasTag) != 0 ? envelope.tag->value : 0;
}

// Deletes what the envelope owns besides its payload.
void DeleteOwned(Envelope& envelope);

// What a mailbox is charged; more than it can count is charged as the most it can.
inline uint32_t ChargedBytes(size_t bytes) {
  return static_cast<uint32_t>(std::min<size_t>(bytes, std::numeric_limits<uint32_t>::max()));
}

template <typename M>
constexpr bool kFitsInline = sizeof(M) <= Envelope::kInlineBytes && alignof(M) <= 8;

template <typename M>
M& PayloadAs(Envelope& envelope) {
  if constexpr (kFitsInline<M>) {
    return *std::launder(reinterpret_cast<M*>(envelope.inline_payload));
  } else {
    return **reinterpret_cast<M**>(envelope.inline_payload);
  }
}

template <typename M>
void DestroyPayload(Envelope& envelope) {
  PayloadAs<M>(envelope).~M();
}

// A first-in first-out chain of envelopes through `next`.
struct EnvelopeQueue {
  Envelope* head = nullptr;
  Envelope* tail = nullptr;

  bool empty() const { return head == nullptr; }
  void Push(Envelope* envelope) {
    envelope->next = nullptr;
    if (tail != nullptr) {
      tail->next = envelope;
    } else {
      head = envelope;
    }
    tail = envelope;
  }
  Envelope* Pop() {
    Envelope* envelope = head;
    head = envelope->next;
    if (head == nullptr) tail = nullptr;
    return envelope;
  }
};

// The same in one pointer: the last one's `next` is the first one.
class EnvelopeRing {
 public:
  bool empty() const { return tail_ == nullptr; }
  // Null if it is empty.
  Envelope* first() const { return tail_ != nullptr ? tail_->next : nullptr; }
  void Push(Envelope* envelope) {
    if (tail_ != nullptr) {
      envelope->next = tail_->next;
      tail_->next = envelope;
    } else {
      envelope->next = envelope;
    }
    tail_ = envelope;
  }
  Envelope* Pop() {
    Envelope* const envelope = tail_->next;
    if (envelope == tail_) {
      tail_ = nullptr;
    } else {
      tail_->next = envelope->next;
    }
    return envelope;
  }
  // All of it, as a chain, and back.
  EnvelopeQueue TakeAll() {
    EnvelopeQueue all;
    if (tail_ == nullptr) return all;
    all = {.head = tail_->next, .tail = tail_};
    std::exchange(tail_, nullptr)->next = nullptr;
    return all;
  }
  void PutBack(EnvelopeQueue all) {
    tail_ = all.tail;
    if (tail_ != nullptr) tail_->next = all.head;
  }

 private:
  Envelope* tail_ = nullptr;
};

}  // namespace internal
}  // namespace troupe

#endif  // TROUPE_ACTORS_ENVELOPES_ENVELOPE_H_
