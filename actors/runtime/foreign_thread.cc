// What handles do on a thread that is no shard's.

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>

#include "troupe/actors/asks/ask_table.h"
#include "troupe/actors/asks/runtime_wait.h"
#include "troupe/actors/certainty.h"
#include "troupe/actors/mail/dead_letters.h"
#include "troupe/actors/mail/router.h"
#include "troupe/actors/mail/shard_inbox.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/runtime/runtime.h"
#include "troupe/actors/shard/place.h"
#include "troupe/actors/system.h"
#include "troupe/base/check.h"
#include "troupe/loop/loop.h"

namespace troupe::internal {
namespace {

constinit thread_local int64_t job_deadline = kNoDeadline;

// What Wait() waits at most, on this thread.
absl::Duration WaitTime(Runtime& runtime, absl::Duration timeout) {
  // Neither a default nor an infinite time: no thread is held forever by a request.
  if (timeout == kDefaultTimeout || timeout == absl::InfiniteDuration()) {
    timeout = runtime.limits().ask_timeout;
  }
  if (job_deadline == kNoDeadline) return timeout;
  return std::min(timeout, Instant{job_deadline} - runtime.platform().clock().Now());
}

}  // namespace

JobDeadline::JobDeadline(Instant deadline) { job_deadline = deadline.nanos; }
JobDeadline::~JobDeadline() { job_deadline = kNoDeadline; }

Envelope* NewForeignEnvelope(const MessageType* type) {
  auto* const envelope = new Envelope;
  envelope->type = type;
  envelope->sender_slot = kShardSlot;
  return envelope;
}

void FreeForeignEnvelope(Envelope* envelope) {
  if (envelope->flags & kOutOfLine) {
    ::operator delete(*reinterpret_cast<void**>(envelope->inline_payload));
  }
  delete envelope;
}

SendResult SendFromForeignThread(const AnyRef& ref, Envelope* envelope) {
  if (!ref) return SendResult::kGone;
  CheckLives(ref.system(), "Send()");
  Runtime& runtime = ref.system()->runtime();
  if (ref.incarnation() != runtime.incarnation()) {
    // A session belongs to a shard: the first one passes it on.
    Shard& shard = runtime.shard(0);
    const uint32_t bytes = envelope->bytes;
    const auto send = [&shard, ref, envelope] {
      if (shard.SendElsewhere(ref, envelope) != SendResult::kAccepted) {
        shard.dead_letters().Refuse(envelope, absl::UnavailableError("the node is not reachable"),
                                    Certainty::kNotExecuted);
      }
    };
    const bool posted = shard.inbox().Post(send, bytes);
    return posted ? SendResult::kAccepted : SendResult::kFull;
  }
  if (ref.shard() >= runtime.shard_count() || runtime.left()) return SendResult::kGone;
  envelope->slot = ref.slot();
  envelope->generation = ref.generation();
  return runtime.shard(ref.shard()).inbox().PostEnvelope(envelope) ? SendResult::kAccepted
                                                                   : SendResult::kFull;
}

void DiscardUnsent(Envelope* envelope) {
  envelope->type->destroy(*envelope);
  if (Shard* const shard = Shard::Current()) {
    shard->Recycle(envelope);
    return;
  }
  TROUPE_CHECK_MSG(envelope->home == kNoShard,
                   "a call or stream that was made on a shard was dropped, or refused, on a thread "
                   "that is no shard's: make it where it is sent");
  FreeForeignEnvelope(envelope);
}

std::unique_ptr<Event> MakeWaitEvent(const AnyRef& target) {
  if (!target) return nullptr;
  CheckLives(target.system(), "Wait()");
  Runtime& runtime = target.system()->runtime();
  CheckMayBlock(runtime, "Wait()");
  return runtime.platform().MakeEvent();
}

void RunWait(WaitBase& wait, const AnyRef& target, Envelope* envelope, absl::Duration timeout) {
  const auto fail = [&](absl::Status status, Certainty certainty) {
    wait.Fail(WithCertainty(std::move(status), certainty));
  };
  const auto unsent = [&](absl::Status status, Certainty certainty) {
    if (envelope != nullptr) DiscardUnsent(envelope);
    fail(std::move(status), certainty);
    wait.LetGo();
  };
  if (envelope == nullptr) return unsent(NothingToSend(), Certainty::kNotSent);
  if (!target) {
    return unsent(absl::UnavailableError("the handle is empty"), Certainty::kNotExecuted);
  }
  Runtime& runtime = target.system()->runtime();
  const bool local = target.incarnation() == runtime.incarnation();
  Shard& shard =
      runtime.shard(local && target.shard() < runtime.shard_count() ? target.shard() : 0);
  const absl::Duration time = WaitTime(runtime, timeout);
  const Instant deadline = runtime.platform().clock().Now() + time;
  // What of the time has passed when the shard comes to it does not count again.
  const uint32_t bytes = envelope->bytes;
  const std::string_view name = envelope->type->name;
  const bool posted = shard.inbox().Post(
      [&shard, &wait, target, envelope, deadline, time] {
        shard.asks().Start(wait, target, envelope, std::min(time, deadline - shard.loop().now()));
      },
      bytes);
  if (!posted) return unsent(shard.inbox().WhyFull(bytes), Certainty::kNotSent);
  if (wait.event().WaitUntil(deadline)) return;
  fail(NoReplyInTime(name), Certainty::kMaybeExecuted);
}

}  // namespace troupe::internal
