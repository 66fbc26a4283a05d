// One-way messages: what Send says, what mailboxes are charged, and how a refusal comes home.

#include <atomic>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/actors/probe.troupe.h"
#include "troupe/actors/actor.h"
#include "troupe/actors/context.h"
#include "troupe/actors/events.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/runtime/runtime.h"
#include "troupe/actors/system.h"
#include "troupe/actors/typing/handles.h"
#include "troupe/base/limits.h"
#include "troupe/tests/actors/probe.h"

namespace troupe::test {
namespace {

struct Text {
  std::string text;
};
size_t TroupeBytes(const Text& text) { return text.text.size(); }

struct Big {
  int64_t numbers[1000] = {};
};

struct Throwing {
  Throwing() = default;
  Throwing(const Throwing&) { throw std::runtime_error("copy"); }
};

struct Base {};
struct Derived : Base {};

class Catcher : public Actor {
 public:
  explicit Catcher(Collected<std::string>* got) : got_(got) {}
  void On(Context&, double value) { got_->Add("double " + std::to_string(value)); }
  void On(Context&, const Text& text) { got_->Add(text.text); }
  void On(Context&, std::unique_ptr<int> owned) { got_->Add("owns " + std::to_string(*owned)); }
  void On(Context&, Big big) { got_->Add("big " + std::to_string(big.numbers[999])); }
  void On(Context&, const Base&) { got_->Add("base"); }
  void On(Context&, const Throwing&) {}

 private:
  Collected<std::string>* got_;
};

static_assert(Handles<Catcher, double>);
static_assert(!Handles<Catcher, int>);
static_assert(!Handles<Catcher, float>);
static_assert(Handles<Catcher, Text>);
static_assert(!Handles<Catcher, std::string>);
static_assert(Handles<Catcher, std::unique_ptr<int>>);
static_assert(!Handles<Catcher, Derived>);
static_assert(!Handles<Catcher, Down>);

// Keeps a shard in a handler until it is let go.
struct Gate {
  explicit Gate(const Ref<ProbeActor>& actor)
      : entered(actor.system()->runtime().platform().MakeEvent()),
        open(actor.system()->runtime().platform().MakeEvent()) {
    actor.Send(Do{[this](ProbeActor&, Context&) -> Reply<void> {
      entered->Notify();
      open->WaitUntil(Instant::Infinite());
      return absl::OkStatus();
    }});
    entered->WaitUntil(Instant::Infinite());
  }
  void Open() { open->Notify(); }

  std::unique_ptr<Event> entered;
  std::unique_ptr<Event> open;
};

class SendTest : public testing::TestWithParam<int> {
 protected:
  SendTest() : system_(StartSystem(GetParam())) {}
  int last() const { return GetParam() - 1; }
  std::unique_ptr<System> system_;
};

TEST_P(SendTest, EveryKindOfMessageArrivesAsItWasSent) {
  Collected<std::string> got;
  const Ref<Catcher> catcher = system_->Spawn<Catcher>(OnShard(last()), &got);
  const Ref<ProbeActor> sender = system_->Spawn<ProbeActor>(OnShard(0), Script{});
  Perform(sender, [&](ProbeActor&, Context&) {
    const Text kept{std::string(1000, 'x')};
    Big big;
    big.numbers[999] = 7;
    catcher.Send(2.5);
    catcher.Send(kept);
    catcher.Send(std::make_unique<int>(3));
    catcher.Send(big);
    catcher.Send(Base());
    EXPECT_EQ(kept.text.size(), 1000u);
  });
  EXPECT_EQ(got.Wait(5), (std::vector<std::string>{"double 2.500000", std::string(1000, 'x'),
                                                   "owns 3", "big 7", "base"}));
}

TEST_P(SendTest, AnyThreadMaySend) {
  Collected<int64_t> got;
  const Ref<ProbeActor> actor = system_->Spawn<ProbeActor>(
      OnShard(last()), Script{.tick = [&](Context& cx, const Tick& tick) {
        EXPECT_FALSE(cx.sender());
        got.Add(tick.value);
      }});
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 100; ++i) {
        while (actor.Send(Tick{t * 1000 + i}) != SendResult::kAccepted) {
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  const std::vector<int64_t> all = got.Wait(300);
  int64_t next[3] = {0, 1000, 2000};
  for (const int64_t value : all) EXPECT_EQ(value, next[value / 1000]++);
}

TEST_P(SendTest, F53_AnActorMaySendToItselfAndKnowsTheSender) {
  Collected<AnyRef> senders;
  const Ref<ProbeActor> actor = system_->Spawn<ProbeActor>(
      OnShard(last()), Script{.tick = [&](Context& cx, const Tick& tick) {
        senders.Add(cx.sender());
        if (tick.value < 3) Ref<ProbeActor>(cx.self()).Send(Tick{tick.value + 1});
      }});
  actor.Send(Tick{1});
  EXPECT_EQ(senders.Wait(3), (std::vector<AnyRef>{AnyRef(), actor, actor}));
}

TEST_P(SendTest, F53_NobodyIsReachedByAnEmptyOrAStaleHandle) {
  const Ref<ProbeActor> sender = system_->Spawn<ProbeActor>(OnShard(last()), Script{});
  Perform(sender, [&](ProbeActor&, Context&) {
    EXPECT_EQ(Ref<ProbeActor>().Send(Tick{}), SendResult::kGone);
    const Ref<ProbeActor> stale(AnyRef(sender.system(), sender.incarnation(), sender.shard(),
                                       sender.slot(), sender.generation() + 1));
    EXPECT_EQ(stale.Send(Tick{}), SendResult::kGone);
  });
  EXPECT_EQ(Ref<ProbeActor>().Send(Tick{}), SendResult::kGone);
}

TEST_P(SendTest, F53_ADeadActorIsGoneOnItsShardAndADeadLetterElsewhere) {
  const Ref<ProbeActor> actor = system_->Spawn<ProbeActor>(OnShard(0), Script{});
  Collected<Undelivered> refused;
  const Ref<ProbeActor> sender = system_->Spawn<ProbeActor>(
      OnShard(last()),
      Script{.undelivered = [&](Context&, const Undelivered& notice) { refused.Add(notice); }});
  StopAndWait(actor);
  Perform(sender, [&](ProbeActor&, Context&) {
    EXPECT_EQ(actor.Send(Tick{}), last() == 0 ? SendResult::kGone : SendResult::kAccepted);
  });
  if (last() != 0) refused.Wait(1);
  EXPECT_EQ(system_->Counters().dead_letters, 1u);
}

TEST_P(SendTest, F53_AnActorThatStopsIsAsGoneAsADeadOne) {
  Collected<int> stopping;
  std::atomic<bool> go{false};
  const Ref<ProbeActor> actor = system_->Spawn<ProbeActor>(
      OnShard(0), Script{.stop = [&](Context& cx, StopReason) -> Reply<void> {
                           EXPECT_EQ(Ref<ProbeActor>(cx.self()).Send(Tick{}), SendResult::kGone);
                           stopping.Add(1);
                           while (!go) co_await cx.Sleep(absl::Microseconds(100));
                           co_return absl::OkStatus();
                         },
                         .tick = [](Context&, const Tick&) { ADD_FAILURE() << "handled"; }});
  Collected<Undelivered> refused;
  const Ref<ProbeActor> sender = system_->Spawn<ProbeActor>(
      OnShard(last()),
      Script{.undelivered = [&](Context&, const Undelivered& notice) { refused.Add(notice); }});
  Settle(actor);
  system_->Stop(actor);
  stopping.Wait(1);
  Perform(sender, [&](ProbeActor&, Context&) {
    EXPECT_EQ(actor.Send(Tick{}), last() == 0 ? SendResult::kGone : SendResult::kAccepted);
  });
  // Refused while OnStop still waits.
  if (last() > 0) {
    EXPECT_EQ(refused.Wait(1)[0].reason, absl::StatusCode::kUnavailable);
  }
  go = true;
  system_.reset();
}

TEST_P(SendTest, F53_WhatComesBeforeTheStartWaitsInTheMailbox) {
  Collected<int64_t> story;
  std::atomic<bool> go{false};
  const Ref<ProbeActor> sender = system_->Spawn<ProbeActor>(OnShard(0), Script{});
  Ref<ProbeActor> actor;
  Perform(sender, [&](ProbeActor&, Context& cx) {
    actor = cx.Spawn<ProbeActor>(
        OnShard(last()),
        Script{.start = [&](ProbeActor&, Context& cx) -> Reply<void> {
                 story.Add(-1);
                 while (!go) co_await cx.Sleep(absl::Microseconds(100));
                 story.Add(-2);
                 co_return absl::OkStatus();
               },
               .tick = [&](Context&, const Tick& tick) { story.Add(tick.value); }});
    // Before there is an object at all.
    EXPECT_EQ(actor.Send(Tick{1}), SendResult::kAccepted);
  });
  story.Wait(1);
  // While OnStart waits.
  EXPECT_EQ(actor.Send(Tick{2}), SendResult::kAccepted);
  go = true;
  EXPECT_EQ(story.Wait(4), (std::vector<int64_t>{-1, -2, 1, 2}));
  system_.reset();
}

TEST_P(SendTest, F53_ADestructorsMessagesArrive) {
  struct SpeaksAtTheEnd : Actor {
    explicit SpeaksAtTheEnd(Ref<ProbeActor> listener) : listener(listener) {}
    ~SpeaksAtTheEnd() override {
      EXPECT_EQ(listener.Send(Tick{1}), SendResult::kAccepted);
      EXPECT_EQ(self.Send(Tick{}), SendResult::kGone);
    }
    void On(Context& cx, const Tick&) {
      self = cx.Self(this);
      cx.Stop();
    }
    Ref<ProbeActor> listener;
    Ref<SpeaksAtTheEnd> self;
  };
  Collected<int64_t> got;
  const Ref<ProbeActor> listener = system_->Spawn<ProbeActor>(
      OnShard(0), Script{.tick = [&](Context&, const Tick& tick) { got.Add(tick.value); },
                         .down = [&](Context&, const Down&) { got.Add(2); }});
  const Ref<SpeaksAtTheEnd> speaker = system_->Spawn<SpeaksAtTheEnd>(OnShard(last()), listener);
  Perform(listener, [&](ProbeActor& self, Context& cx) { cx.Monitor(&self, speaker); });
  speaker.Send(Tick{});
  // Its last words come before its Down.
  EXPECT_EQ(got.Wait(2), (std::vector<int64_t>{1, 2}));
}

TEST_P(SendTest, APayloadThatCannotBeMadeLeavesNothingBehind) {
  Collected<std::string> got;
  const Ref<Catcher> catcher = system_->Spawn<Catcher>(OnShard(last()), &got);
  const Ref<ProbeActor> sender = system_->Spawn<ProbeActor>(OnShard(0), Script{});
  const Throwing message;
  EXPECT_THROW(catcher.Send(message), std::runtime_error);
  Perform(sender, [&](ProbeActor&, Context&) {
    for (int i = 0; i < 1000; ++i) EXPECT_THROW(catcher.Send(message), std::runtime_error);
  });
  EXPECT_EQ(system_->Counters().dead_letters, 0u);
}

INSTANTIATE_TEST_SUITE_P(Shards, SendTest, testing::Values(1, 2));

TEST(MailboxTest, AFullMailboxSaysFullByMessages) {
  Collected<int64_t> got;
  const auto system = StartSystem(1);
  const Ref<ProbeActor> actor = system->Spawn<ProbeActor>(
      {.mailbox = {.messages_max = 3}},
      Script{.tick = [&](Context&, const Tick& tick) { got.Add(tick.value); }});
  const Ref<ProbeActor> sender = system->Spawn<ProbeActor>({}, Script{});
  Settle(actor);
  Perform(sender, [&](ProbeActor&, Context&) {
    for (int i = 0; i < 3; ++i) EXPECT_EQ(actor.Send(Tick{i}), SendResult::kAccepted);
    EXPECT_EQ(actor.Send(Tick{3}), SendResult::kFull);
  });
  EXPECT_EQ(got.Wait(3).size(), 3u);
  EXPECT_EQ(system->Counters().refused_full, 1u);
}

TEST(MailboxTest, BytesAreTheMessageAndWhatItSaysItTakes) {
  Collected<std::string> got;
  const auto system = StartSystem(1);
  const Ref<Catcher> actor = system->Spawn<Catcher>({.mailbox = {.bytes_max = 100'000}}, &got);
  const Ref<ProbeActor> sender = system->Spawn<ProbeActor>({}, Script{});
  Perform(sender, [&](ProbeActor&, Context&) {
    EXPECT_EQ(actor.Send(Text{std::string(60'000, 'a')}), SendResult::kAccepted);
    EXPECT_EQ(actor.Send(Text{std::string(60'000, 'b')}), SendResult::kFull);
    EXPECT_EQ(actor.Send(Text{std::string(30'000, 'c')}), SendResult::kAccepted);
    EXPECT_EQ(actor.Send(Text{std::string(100'001, 'd')}), SendResult::kFull);
  });
  EXPECT_EQ(got.Wait(2)[1][0], 'c');
}

struct Huge {
  uint64_t bytes = 0;
};
size_t TroupeBytes(const Huge& huge) { return huge.bytes; }

TEST(MailboxTest, ChargesSaturateRatherThanWrap) {
  struct Sink : Actor {
    void On(Context&, const Huge&) {}
  };
  const auto system = StartSystem(1);
  const Ref<Sink> actor = system->Spawn<Sink>({.mailbox = {.bytes_max = 4'000'000'000}});
  const Ref<ProbeActor> sender = system->Spawn<ProbeActor>({}, Script{});
  Perform(sender, [&](ProbeActor&, Context&) {
    EXPECT_EQ(actor.Send(Huge{(uint64_t{1} << 32) + 1}), SendResult::kFull);
    EXPECT_EQ(actor.Send(Huge{3'000'000'000}), SendResult::kAccepted);
    EXPECT_EQ(actor.Send(Huge{2'000'000'000}), SendResult::kFull);
  });
}

TEST(MailboxTest, DropOldestMakesRoomForTheNewest) {
  Collected<int64_t> got;
  const auto system = StartSystem(1);
  const Ref<ProbeActor> actor = system->Spawn<ProbeActor>(
      {.mailbox = {.messages_max = 3, .overflow = Overflow::kDropOldest}},
      Script{.tick = [&](Context&, const Tick& tick) { got.Add(tick.value); }});
  const Ref<ProbeActor> sender = system->Spawn<ProbeActor>({}, Script{});
  Settle(actor);
  Perform(sender, [&](ProbeActor&, Context&) {
    for (int i = 0; i < 6; ++i) EXPECT_EQ(actor.Send(Tick{i}), SendResult::kAccepted);
  });
  EXPECT_EQ(got.Wait(3), (std::vector<int64_t>{3, 4, 5}));
  EXPECT_EQ(system->Counters().dead_letters, 3u);
}

TEST(MailboxTest, ARefusalByAMailboxOnAnotherShardComesHome) {
  Collected<Undelivered> refused;
  Collected<int64_t> got;
  const auto system = StartSystem(2);
  const Ref<ProbeActor> actor = system->Spawn<ProbeActor>(
      {.mailbox = {.messages_max = 2}, .placement = {.shard = 1}},
      Script{.tick = [&](Context&, const Tick& tick) { got.Add(tick.value); }});
  const Ref<ProbeActor> sender = system->Spawn<ProbeActor>(
      OnShard(0),
      Script{.undelivered = [&](Context&, const Undelivered& notice) { refused.Add(notice); }});
  Gate gate(actor);
  Perform(sender, [&](ProbeActor&, Context&) {
    for (int i = 0; i < 5; ++i) EXPECT_EQ(actor.Send(Tick{i}), SendResult::kAccepted);
  });
  gate.Open();
  const std::vector<Undelivered> notices = refused.Wait(3);
  EXPECT_EQ(notices[0].target, actor);
  EXPECT_EQ(notices[0].reason, absl::StatusCode::kResourceExhausted);
  EXPECT_NE(notices[0].message.find("Tick"), std::string_view::npos);
  EXPECT_EQ(got.Wait(2), (std::vector<int64_t>{0, 1}));
  const ShardCounters counters = system->Counters();
  EXPECT_EQ(counters.dead_letters, 3u);
  EXPECT_EQ(counters.undelivered, 3u);
}

TEST(MailboxTest, F53_WhatReachesAnEndedActorElsewhereComesHomeToo) {
  Collected<Undelivered> refused;
  const auto system = StartSystem(2);
  const Ref<ProbeActor> actor = system->Spawn<ProbeActor>(OnShard(1), Script{});
  const Ref<ProbeActor> sender = system->Spawn<ProbeActor>(
      OnShard(0),
      Script{.undelivered = [&](Context&, const Undelivered& notice) { refused.Add(notice); }});
  Perform(actor, [](ProbeActor&, Context& cx) { cx.Stop(); });
  Perform(sender,
          [&](ProbeActor&, Context&) { EXPECT_EQ(actor.Send(Tick{}), SendResult::kAccepted); });
  EXPECT_EQ(refused.Wait(1)[0].reason, absl::StatusCode::kUnavailable);
}

TEST(OutboxTest, AFullOneSaysFullAndIsBoundedInBytesAndMessages) {
  Collected<std::string> got;
  const auto system = StartSystem(
      2, {.shard_ring_messages = 64, .outbox_messages_max = 100, .outbox_bytes_max = 1 << 20});
  const Ref<Catcher> catcher = system->Spawn<Catcher>(OnShard(1), &got);
  const Ref<ProbeActor> busy = system->Spawn<ProbeActor>(OnShard(1), Script{});
  const Ref<ProbeActor> sender = system->Spawn<ProbeActor>(OnShard(0), Script{});
  Gate gate(busy);
  // Over many turns, so that all that the ring takes has been handed over.
  size_t accepted_bytes = 0;
  for (int turn = 0; turn < 10; ++turn) {
    Perform(sender, [&](ProbeActor&, Context&) {
      const Text text{std::string(100'000, 'x')};
      while (catcher.Send(text) == SendResult::kAccepted) accepted_bytes += text.text.size();
    });
  }
  EXPECT_LE(accepted_bytes, size_t{1} << 20);
  EXPECT_GT(accepted_bytes, size_t{900'000});
  size_t accepted = 0;
  for (int turn = 0; turn < 10; ++turn) {
    Perform(sender, [&](ProbeActor&, Context&) {
      while (accepted < 1000 && catcher.Send(1.0) == SendResult::kAccepted) ++accepted;
    });
  }
  EXPECT_GE(accepted, 100u);
  EXPECT_LE(accepted, 300u);
  gate.Open();
  got.Wait(accepted);
  // There is room again.
  Perform(sender,
          [&](ProbeActor&, Context&) { EXPECT_EQ(catcher.Send(1.0), SendResult::kAccepted); });
}

TEST(OutboxTest, TwoShardsThatFillEachOtherGoOn) {
  const auto system = StartSystem(2, {.shard_ring_messages = 4, .outbox_messages_max = 16});
  Collected<int> done;
  std::vector<Ref<ProbeActor>> actors;
  std::atomic<int64_t> handled{0};
  for (int i = 0; i < 2; ++i) {
    actors.push_back(system->Spawn<ProbeActor>(
        OnShard(i), Script{.tick = [&](Context&, const Tick&) { ++handled; },
                           .undelivered = [](Context&, const Undelivered&) {}}));
  }
  int64_t accepted = 0;
  for (int round = 0; round < 200; ++round) {
    for (int i = 0; i < 2; ++i) {
      Perform(actors[i], [&](ProbeActor&, Context&) {
        while (actors[1 - i].Send(Tick{}) == SendResult::kAccepted) ++accepted;
      });
    }
  }
  // Behind everything, on the same way.
  for (int i = 0; i < 2; ++i) {
    while (true) {
      SendResult sent;
      Perform(actors[i], [&](ProbeActor&, Context&) {
        sent = actors[1 - i].Send(Do{[&](ProbeActor&, Context&) -> Reply<void> {
          done.Add(1);
          return absl::OkStatus();
        }});
      });
      if (sent == SendResult::kAccepted) break;
    }
  }
  done.Wait(2);
  EXPECT_EQ(handled, accepted);
}

TEST(EnvelopeTest, MemoryOfAOneWayFlowBetweenShardsStaysBounded) {
  Collected<std::string> got;
  const auto system = StartSystem(2);
  struct Counter : Actor {
    void On(Context&, const Text&) { ++count; }
    Reply<void> Report(Collected<std::string>*) { return absl::OkStatus(); }
    int count = 0;
  };
  const Ref<Counter> sink = system->Spawn<Counter>(OnShard(1));
  const Ref<ProbeActor> sink_mate = system->Spawn<ProbeActor>(OnShard(1), Script{});
  const Ref<ProbeActor> sender = system->Spawn<ProbeActor>(OnShard(0), Script{});
  for (int round = 0; round < 300; ++round) {
    Perform(sender, [&](ProbeActor&, Context&) {
      for (int i = 0; i < 100; ++i) sink.Send(Text{"some text that is longer than inline"});
    });
    Settle(sink_mate);
  }
  size_t slabs = 0;
  Perform(sender, [&](ProbeActor&, Context&) {
    slabs = internal::Shard::Current()->envelopes().slab_count();
  });
  // 30000 messages in slabs of 256; a few hundred were under way at a time.
  EXPECT_LE(slabs, 20u);
}

TEST(DropOldestTest, TheOldestOneWayMessageGoesAlsoFromBehindARequest) {
  Collected<int64_t> seen;
  const auto system = StartSystem(1);
  const Ref<ProbeActor> actor = system->Spawn<ProbeActor>(
      {.mailbox = {.messages_max = 3, .overflow = Overflow::kDropOldest}},
      Script{.ask = [](Context&, const Number& n) -> Reply<Number> { return n; },
             .tick = [&](Context&, const Tick& tick) { seen.Add(tick.value); }});
  const Ref<ProbeActor> sender = system->Spawn<ProbeActor>({}, Script{});
  Perform(sender, [&](ProbeActor&, Context&) {
    const Pending<Number> request = Probe::Ref(actor).Ask(Num(1)).Start();
    for (int i = 0; i < 4; ++i) EXPECT_EQ(actor.Send(Tick{i}), SendResult::kAccepted);
  });
  EXPECT_EQ(seen.Wait(2), (std::vector<int64_t>{2, 3}));
}

struct Hydra;
struct Lair final : Actor {
  explicit Lair(std::vector<int>* seen) : seen(seen) {}
  void On(Context&, const Hydra& hydra);
  std::vector<int>* const seen;
};

// Sends one that does not, when it is destroyed.
struct Hydra {
  explicit Hydra(int number, const Ref<Lair>* lair = nullptr,
                 std::vector<SendResult>* sent = nullptr)
      : number(number), lair(lair), sent(sent) {}
  Hydra(Hydra&& other) noexcept
      : number(other.number), lair(std::exchange(other.lair, nullptr)), sent(other.sent) {}
  ~Hydra() {
    if (lair != nullptr) sent->push_back(lair->Send(Hydra(-number)));
  }

  const int number;
  const Ref<Lair>* lair;
  std::vector<SendResult>* const sent;
};

void Lair::On(Context&, const Hydra& hydra) { seen->push_back(hydra.number); }

TEST(DropOldestTest, WhatTheDestructorOfADroppedMessageSendsDropsNoOther) {
  std::vector<int> seen;
  std::vector<SendResult> sent;
  const auto system = StartSystem(1);
  const Ref<Lair> lair = system->Spawn<Lair>(
      {.mailbox = {.messages_max = 3, .overflow = Overflow::kDropOldest}}, &seen);
  const Ref<ProbeActor> sender = system->Spawn<ProbeActor>({}, Script{});
  Perform(sender, [&](ProbeActor&, Context&) {
    for (int i = 1; i <= 4; ++i) {
      EXPECT_EQ(lair.Send(Hydra(i, &lair, &sent)), SendResult::kAccepted);
    }
    EXPECT_EQ(sent, std::vector({SendResult::kFull}));
  });
  StopAndWait(lair);
  Settle(sender);
  EXPECT_EQ(std::vector(seen.begin(), seen.begin() + 3), std::vector({2, 3, 4}));
}

}  // namespace
}  // namespace troupe::test
