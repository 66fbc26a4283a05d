// Bounds in bytes, where the cost is bytes; and what is said of a message that can never fit.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/actors/probe.troupe.h"
#include "troupe/actors/actor.h"
#include "troupe/actors/call.h"
#include "troupe/actors/certainty.h"
#include "troupe/actors/context.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/system.h"
#include "troupe/base/limits.h"
#include "troupe/tests/actors/heap_bytes.h"
#include "troupe/tests/actors/probe.h"
#include "troupe/tests/actors/uneven_platform.h"

namespace troupe::test {
namespace {

constexpr uint64_t kMiB = 1u << 20;

// Says that it is large, and costs nothing to make.
struct Claim {
  int64_t bytes;
};
size_t TroupeBytes(const Claim& claim) { return static_cast<size_t>(claim.bytes); }

class Claimed final : public Actor {
 public:
  explicit Claimed(int* handled) : handled_(handled) {}
  void On(Context&, const Claim&) { ++*handled_; }

 private:
  int* const handled_;
};

// `limits` with that bound for what other threads have for a shard, where there is such a bound.
template <typename L>
L WithInboxBytes(uint64_t bytes, L limits) {
  if constexpr (requires { limits.inbox_bytes_max; }) limits.inbox_bytes_max = bytes;
  return limits;
}

Number Padded(size_t bytes) {
  Number number;
  number.set_padding(std::string(bytes, 'x'));
  return number;
}

// --- F123: what is held while a shard takes nothing. ---

using BytesTest = UnevenTest;

TEST_F(BytesTest, F123_MessagesFromOtherThreadsAreBoundedInBytes) {
  Start(1, WithInboxBytes<Limits>(8 * kMiB, {.mailbox_bytes_max = 64 * kMiB}));
  int handled = 0;
  const Ref<Claimed> actor = system_->Spawn<Claimed>({}, &handled);
  simulation_.RunFor(absl::Milliseconds(1));
  platform_.Hold(0);
  int accepted = 0;
  while (accepted < 64 && actor.Send(Claim{kMiB}) == SendResult::kAccepted) ++accepted;
  EXPECT_GE(accepted, 7);
  EXPECT_LE(accepted, 8) << "messages of 1 MiB, with inbox_bytes_max at 8 MiB";
  platform_.Release(0);
  simulation_.RunFor(absl::Milliseconds(10));
  EXPECT_EQ(handled, accepted);
  // What was taken made room.
  EXPECT_EQ(actor.Send(Claim{kMiB}), SendResult::kAccepted);
}

TEST_F(BytesTest, F123_RepliesToAShardThatTakesNothingAreBounded) {
  constexpr int kAsks = 1024;
  constexpr size_t kReplyBytes = 256u << 10;
  Start(2, {.asks_per_actor_max = kAsks, .outbox_bytes_max = 4 * kMiB});
  const Ref<ProbeActor> callee = system_->Spawn<ProbeActor>(
      OnShard(1),
      Script{.ask = [](Context&, const Number&) -> Reply<Number> { return Padded(kReplyBytes); }});
  const Ref<ProbeActor> asker = system_->Spawn<ProbeActor>(OnShard(0), Script{});
  std::vector<Pending<Number>> pending;
  Perform(asker, [&](ProbeActor&, Context&) {
    for (int i = 0; i < kAsks; ++i) {
      pending.push_back(Probe::Ref(callee).Ask(Num(i)).Within(absl::Hours(1)).Start());
    }
  });
  platform_.Hold(0);
  const int64_t before_bytes = HeapBytes();
  simulation_.RunFor(absl::Milliseconds(100));
  const int64_t grown_bytes = HeapBytes() - before_bytes;
  EXPECT_LT(grown_bytes, static_cast<int64_t>(16 * kMiB)) << "with outbox_bytes_max at 4 MiB";
  platform_.Release(0);
  // Refused or waiting: each request has its one outcome.
  int outcomes = 0;
  asker.Send(Do{[&](ProbeActor&, Context&) -> Reply<void> {
    for (Pending<Number>& each : pending) {
      const absl::StatusOr<Number> reply = co_await each;
      const bool refused = reply.status().code() == absl::StatusCode::kResourceExhausted;
      EXPECT_TRUE(reply.ok() || refused) << reply.status();
      if (refused) {
        EXPECT_EQ(CertaintyOf(reply.status()), Certainty::kMaybeExecuted);
      }
      ++outcomes;
    }
    pending.clear();
    co_return absl::OkStatus();
  }});
  EXPECT_TRUE(simulation_.RunUntil([&] { return outcomes == kAsks; }, absl::Seconds(10)))
      << outcomes << " outcomes of " << kAsks;
}

// --- F156: what can never fit. ---

// That `status` names `limit` and a size of about `bytes`.
void ExpectNames(const absl::Status& status, const std::string& limit, uint64_t bytes) {
  ASSERT_FALSE(status.ok());
  const std::string text(status.message());
  EXPECT_NE(text.find(limit), std::string::npos) << text;
  // Envelope and header come on top of the payload.
  bool named = false;
  for (size_t at = 0; at < text.size();) {
    size_t length = 0;
    uint64_t number = 0;
    while (at + length < text.size() && text[at + length] >= '0' && text[at + length] <= '9') {
      number = number * 10 + static_cast<uint64_t>(text[at + length++] - '0');
    }
    named = named || (number >= bytes && number < bytes + bytes / 8);
    at += length + 1;
  }
  EXPECT_TRUE(named) << "no size of about " << bytes << " bytes: " << text;
  EXPECT_NE(CertaintyOf(status), Certainty::kMaybeExecuted) << status;
}

class NeverFitsTest : public UnevenTest {
 protected:
  // What a request with so many bytes comes to, from one shard to another.
  absl::Status Ask(int from, int to, size_t bytes, MailboxOptions mailbox = {}) {
    const Ref<ProbeActor> callee = system_->Spawn<ProbeActor>(
        {.mailbox = mailbox, .placement = Placement::OnShard(to)},
        Script{.ask = [](Context&, const Number&) -> Reply<Number> { return Num(1); }});
    absl::Status outcome = absl::UnknownError("no outcome");
    bool done = false;
    const Ref<ProbeActor> asker = system_->Spawn<ProbeActor>(OnShard(from), Script{});
    asker.Send(Do{[&, callee, bytes](ProbeActor&, Context&) -> Reply<void> {
      const absl::StatusOr<Number> reply = co_await Probe::Ref(callee).Ask(Padded(bytes));
      outcome = reply.status();
      done = true;
      co_return absl::OkStatus();
    }});
    EXPECT_TRUE(simulation_.RunUntil([&] { return done; }, absl::Seconds(10)));
    return outcome;
  }
};

TEST_F(NeverFitsTest, F156_AMailbox) {
  Start(2, {.mailbox_bytes_max = kMiB});
  ExpectNames(Ask(0, 0, 2 * kMiB), "mailbox_bytes_max", 2 * kMiB);
  ExpectNames(Ask(0, 1, 2 * kMiB), "mailbox_bytes_max", 2 * kMiB);
  EXPECT_TRUE(Ask(0, 1, kMiB / 2).ok());
}

TEST_F(NeverFitsTest, F156_AMailboxWithABoundOfItsOwn) {
  Start(2);
  ExpectNames(Ask(0, 0, kMiB, {.bytes_max = kMiB / 2}), "bytes_max", kMiB);
  ExpectNames(Ask(0, 1, kMiB, {.bytes_max = kMiB / 2}), "bytes_max", kMiB);
}

TEST_F(NeverFitsTest, F156_AnOutbox) {
  Start(2, {.outbox_bytes_max = kMiB});
  ExpectNames(Ask(0, 1, 2 * kMiB), "outbox_bytes_max", 2 * kMiB);
  EXPECT_TRUE(Ask(0, 1, kMiB / 2).ok());
}

TEST_F(NeverFitsTest, F156_AnInbox) {
  Start(1, WithInboxBytes<Limits>(kMiB, {}));
  const Ref<ProbeActor> callee = system_->Spawn<ProbeActor>(
      OnShard(0), Script{.ask = [](Context&, const Number&) -> Reply<Number> { return Num(1); }});
  ExpectNames(Probe::Ref(callee).Ask(Padded(2 * kMiB)).Wait().status(), "inbox_bytes_max",
              2 * kMiB);
  EXPECT_TRUE(Probe::Ref(callee).Ask(Padded(kMiB / 2)).Wait().ok());
}

}  // namespace
}  // namespace troupe::test
