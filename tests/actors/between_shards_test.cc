// What goes from one shard to another: each sender has its share, nothing is refused while the
// receiver idles, and who cannot go on sleeps.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "troupe/actors/actor.h"
#include "troupe/actors/context.h"
#include "troupe/actors/events.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/system.h"
#include "troupe/base/limits.h"
#include "troupe/tests/actors/uneven_platform.h"

namespace troupe::test {
namespace {

SpawnOptions OnShard(int shard) { return {.placement = Placement::OnShard(shard)}; }

// What became of one sender's messages.
struct Fate {
  int64_t accepted = 0;
  int64_t refused = 0;
  int64_t undelivered = 0;
  int64_t handled = 0;

  void Count(SendResult result) { ++(result == SendResult::kAccepted ? accepted : refused); }
};

struct Work {
  Fate* fate;
};
struct Go {};

class Receiver final : public Actor {
 public:
  void On(Context&, const Work& work) { ++work.fate->handled; }
};

// Sends as much as it can.
class Flooder final : public Actor {
 public:
  Flooder(Ref<Receiver> receiver, Fate* fate, const bool* stop)
      : receiver_(receiver), fate_(fate), stop_(stop) {}

  Reply<void> OnStart(Context& cx) override {
    cx.Self(this).Send(Go{});
    return absl::OkStatus();
  }
  void On(Context& cx, const Go&) {
    if (*stop_) return;
    for (int i = 0; i < 64; ++i) {
      const SendResult sent = receiver_.Send(Work{fate_});
      fate_->Count(sent);
      if (sent != SendResult::kAccepted) break;
    }
    cx.Self(this).Send(Go{});
  }
  void On(Context&, const Undelivered&) { ++fate_->undelivered; }

 private:
  const Ref<Receiver> receiver_;
  Fate* const fate_;
  const bool* const stop_;
};

// Sends one message now and then, far less than its share.
class Polite final : public Actor {
 public:
  Polite(Ref<Receiver> receiver, Fate* fate, const bool* stop)
      : receiver_(receiver), fate_(fate), stop_(stop) {}

  Reply<void> OnStart(Context& cx) override {
    cx.Every(this, absl::Microseconds(200), Go{});
    return absl::OkStatus();
  }
  void On(Context&, const Go&) {
    if (!*stop_) fate_->Count(receiver_.Send(Work{fate_}));
  }
  void On(Context&, const Undelivered&) { ++fate_->undelivered; }

 private:
  const Ref<Receiver> receiver_;
  Fate* const fate_;
  const bool* const stop_;
};

// Always has something to do.
class Busy final : public Actor {
 public:
  explicit Busy(const bool* stop) : stop_(stop) {}

  Reply<void> OnStart(Context& cx) override {
    cx.Self(this).Send(Go{});
    return absl::OkStatus();
  }
  void On(Context& cx, const Go&) {
    if (!*stop_) cx.Self(this).Send(Go{});
  }

 private:
  const bool* const stop_;
};

// --- F115: shares. ---

class SharesTest : public UnevenTest {
 protected:
  static constexpr int64_t kFlood = 100'000;

  // The receiver is on the first shard, which has something else to do as well.
  void StartReceiver(int shards) {
    Start(shards,
          {.turn_messages_max = 128, .outbox_messages_max = 4096, .inbox_messages_max = 4096});
    receiver_ = system_->Spawn<Receiver>(OnShard(0));
    system_->Spawn<Busy>(OnShard(0), &stop_);
  }
  // Lets what was accepted arrive.
  void StopAndSettle() {
    stop_ = true;
    simulation_.RunFor(absl::Seconds(1));
  }
  void ExpectHandled(const Fate& fate, const std::string& who) {
    EXPECT_EQ(fate.undelivered, 0) << who;
    EXPECT_EQ(fate.handled, fate.accepted) << who;
  }
  void ExpectPolite(const Fate& fate) {
    EXPECT_GT(fate.accepted, 50) << "the polite sender hardly ran";
    EXPECT_EQ(fate.refused, 0) << "of the polite sender's";
    ExpectHandled(fate, "the polite sender");
  }

  Ref<Receiver> receiver_;
  Fate flood_;
  Fate polite_;
  bool stop_ = false;
};

class PlacesTest : public SharesTest, public testing::WithParamInterface<int> {};

TEST_P(PlacesTest, F115_AFloodFromOneShardLeavesAPoliteOneItsShare) {
  StartReceiver(3);
  system_->Spawn<Flooder>(OnShard(GetParam()), receiver_, &flood_, &stop_);
  system_->Spawn<Polite>(OnShard(3 - GetParam()), receiver_, &polite_, &stop_);
  ASSERT_TRUE(simulation_.RunUntil([&] { return flood_.handled >= kFlood; }, absl::Minutes(1)));
  StopAndSettle();
  ExpectPolite(polite_);
  ExpectHandled(flood_, "the flood");
}

INSTANTIATE_TEST_SUITE_P(FloodFromShard, PlacesTest, testing::Values(1, 2));

TEST_F(SharesTest, F115_FloodsFromManyShardsGetEqualShares) {
  constexpr int kSenders = 15;
  StartReceiver(1 + kSenders);
  std::vector<Fate> floods(kSenders);
  for (int i = 0; i < kSenders; ++i) {
    system_->Spawn<Flooder>(OnShard(1 + i), receiver_, &floods[static_cast<size_t>(i)], &stop_);
  }
  const auto handled = [&] {
    int64_t sum = 0;
    for (const Fate& fate : floods) sum += fate.handled;
    return sum;
  };
  ASSERT_TRUE(simulation_.RunUntil([&] { return handled() >= kFlood; }, absl::Minutes(1)));
  const auto [least, most] =
      std::minmax_element(floods.begin(), floods.end(),
                          [](const Fate& a, const Fate& b) { return a.handled < b.handled; });
  EXPECT_LE(most->handled, 2 * least->handled);
  StopAndSettle();
  for (int i = 0; i < kSenders; ++i) {
    ExpectHandled(floods[static_cast<size_t>(i)], "flood " + std::to_string(i));
  }
}

TEST_F(SharesTest, F115_AFloodFromOutsideLeavesAPoliteShardItsShare) {
  StartReceiver(2);
  system_->Spawn<Polite>(OnShard(1), receiver_, &polite_, &stop_);
  while (flood_.handled < kFlood) {
    SendResult sent = SendResult::kAccepted;
    while (sent == SendResult::kAccepted) flood_.Count(sent = receiver_.Send(Work{&flood_}));
    simulation_.RunFor(absl::Microseconds(100));
  }
  StopAndSettle();
  ExpectPolite(polite_);
  ExpectHandled(flood_, "the flood");
}

TEST_F(SharesTest, F115_AFloodFromAShardLeavesAForeignThreadItsShare) {
  StartReceiver(2);
  system_->Spawn<Flooder>(OnShard(1), receiver_, &flood_, &stop_);
  while (flood_.handled < kFlood) {
    polite_.Count(receiver_.Send(Work{&polite_}));
    simulation_.RunFor(absl::Microseconds(200));
  }
  StopAndSettle();
  ExpectPolite(polite_);
  ExpectHandled(flood_, "the flood");
}

// --- F116: a fan-out to a shard that idles. ---

// Sends `fan` messages for each one it handles. The other shard keeps up: it has a turn for each
// 256 messages, and could handle four times as many in it.
class FanOut final : public Actor {
 public:
  FanOut(Ref<Receiver> receiver, int fan, UnevenPlatform* platform, Fate* fate,
         int64_t* waiting_max)
      : receiver_(receiver),
        fan_(fan),
        platform_(platform),
        fate_(fate),
        waiting_max_(waiting_max) {}

  static constexpr int64_t kSends = 400'000;

  void On(Context& cx, const Go&) {
    for (int i = 0; i < fan_; ++i) {
      fate_->Count(receiver_.Send(Work{fate_}));
      if (++sends_ % 256 == 0) platform_->RunTurnOf(1);
      *waiting_max_ = std::max(*waiting_max_, fate_->accepted - fate_->handled);
    }
    if (sends_ < kSends) cx.Self(this).Send(Go{});
  }
  void On(Context&, const Undelivered&) { ++fate_->undelivered; }

 private:
  const Ref<Receiver> receiver_;
  const int fan_;
  UnevenPlatform* const platform_;
  Fate* const fate_;
  int64_t* const waiting_max_;
  int64_t sends_ = 0;
};

class FanOutTest : public UnevenTest, public testing::WithParamInterface<int> {};

TEST_P(FanOutTest, F116_NothingIsRefusedWhileTheReceiverIdles) {
  Start(2);
  platform_.KeepAwake(1);
  Fate fate;
  int64_t waiting_max = 0;
  const Ref<Receiver> receiver = system_->Spawn<Receiver>(OnShard(1));
  const Ref<FanOut> source =
      system_->Spawn<FanOut>(OnShard(0), receiver, GetParam(), &platform_, &fate, &waiting_max);
  // As many at once as a turn handles: the shard is busy.
  for (int i = 0; i < 2048; ++i) source.Send(Go{});
  const auto all_sent = [&] { return fate.accepted + fate.refused >= FanOut::kSends; };
  ASSERT_TRUE(simulation_.RunUntil(all_sent, absl::Minutes(1)));
  simulation_.RunFor(absl::Seconds(1));
  EXPECT_EQ(fate.refused, 0) << "of " << FanOut::kSends;
  EXPECT_EQ(fate.undelivered, 0);
  EXPECT_EQ(fate.handled, fate.accepted);
  EXPECT_LE(waiting_max, 16'384) << "messages wait for a shard that idles";
}

INSTANTIATE_TEST_SUITE_P(EachMessage, FanOutTest, testing::Values(1, 2, 4, 16));

// --- F119: a slow shard. ---

// Sends a burst that no ring has room for, and is told what was refused.
class Burst final : public Actor {
 public:
  Burst(Ref<Receiver> receiver, Fate* fate) : receiver_(receiver), fate_(fate) {}

  static constexpr int64_t kMessages = 5'000;

  Reply<void> OnStart(Context&) override {
    for (int64_t i = 0; i < kMessages; ++i) fate_->Count(receiver_.Send(Work{fate_}));
    return absl::OkStatus();
  }
  void On(Context&, const Undelivered&) { ++fate_->undelivered; }

 private:
  const Ref<Receiver> receiver_;
  Fate* const fate_;
};

TEST_F(UnevenTest, F119_ShardsThatWaitForASlowOneSleepAndAreWoken) {
  constexpr int kShards = 16;
  Start(kShards);
  const Ref<Receiver> receiver =
      system_->Spawn<Receiver>({.mailbox = {.messages_max = 1u << 20, .bytes_max = 1u << 30},
                                .placement = Placement::OnShard(0)});
  simulation_.RunFor(absl::Milliseconds(10));
  platform_.Hold(0);
  std::vector<Fate> fates(kShards);
  for (int i = 1; i < kShards; ++i) {
    system_->Spawn<Burst>(OnShard(i), receiver, &fates[static_cast<size_t>(i)]);
  }
  simulation_.RunFor(absl::Milliseconds(10));
  std::vector<uint64_t> turns;
  for (size_t i = 0; i < kShards; ++i) turns.push_back(platform_.turns(i));
  simulation_.RunFor(absl::Milliseconds(100));
  for (size_t i = 1; i < kShards; ++i) {
    EXPECT_LE(platform_.turns(i) - turns[i], 4u) << "shard " << i << " turns while it waits";
  }
  platform_.Release(0);
  const auto all_handled = [&] {
    return std::all_of(fates.begin() + 1, fates.end(),
                       [](const Fate& fate) { return fate.handled == Burst::kMessages; });
  };
  EXPECT_TRUE(simulation_.RunUntil(all_handled, absl::Seconds(1)))
      << "the waiting shards were not woken: of shard 1's " << fates[1].accepted << " messages "
      << fates[1].handled << " were handled, " << fates[1].undelivered << " undelivered";
}

}  // namespace
}  // namespace troupe::test
