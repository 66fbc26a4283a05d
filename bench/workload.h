#ifndef TROUPE_BENCH_WORKLOAD_H_
#define TROUPE_BENCH_WORKLOAD_H_

#include <cstdint>
#include <vector>

namespace troupe::bench {

// How much work each item is: the same for Troupe, the peers and the floor, since a ratio of
// different work says nothing.

// 1: two actors, one message under way.
constexpr int64_t kLocalRoundTrips = 10'000'000;
constexpr int64_t kCrossRoundTrips = 300'000;

// 2: each sender sends a burst, whose last message asks for an acknowledgement, and then waits.
constexpr int kFanInSenders = 100;
constexpr int64_t kFanInPerSender = 100'000;
constexpr int64_t kFanInBurst = 100;
constexpr uint32_t kFanInMailboxMessages = 16'384;

// 3a: one token.
constexpr int kRingActors = 503;
constexpr int64_t kRingHops = 20'000'000;

// 3b: each actor has one ping under way to an actor drawn at random.
constexpr int kBigActors = 120;
constexpr int64_t kBigPingsPerActor = 50'000;

// 4: a tree of tens whose leaves are numbered from 0.
constexpr int64_t kSkynetLeaves = 1'000'000;
constexpr int kSkynetChildren = 10;
constexpr int64_t kSkynetSum = kSkynetLeaves * (kSkynetLeaves - 1) / 2;

// 5.
constexpr int64_t kIdleActors = 1'000'000;

// 6: due between 1 and 10 s from now; all but each tenth are cancelled.
constexpr int64_t kTimers = 1'000'000;
constexpr int64_t kTimersPerSurvivor = 10;
constexpr int64_t kTimerSurvivors = kTimers / kTimersPerSurvivor;
constexpr int64_t kTimerNanosMin = 1'000'000'000;
constexpr int64_t kTimerNanosMax = 10'000'000'000;

// 7: one sender with two bursts under way, each acknowledged.
constexpr int64_t kStreamMessages = 20'000'000;
constexpr int64_t kStreamBurst = 1'000;
constexpr int kStreamBurstsUnderWay = 2;

// 13: members of a circle, one a shard; each round of a member is so many messages to others.
constexpr int kManyShards = 64;
constexpr int64_t kCircleMessagesPerRound = kManyShards - 1;
constexpr int64_t kCircleMessages = kManyShards * kCircleMessagesPerRound * 200;

// 14: steps that wait at once, and messages in all.
constexpr int kFanOutSteps = 4'096;
constexpr int64_t kFanOutMessages = 8'000'000;

// 15: what ends at once.
constexpr int64_t kStallMonitors = 65'536;
constexpr int64_t kStallWatchers = 64;
constexpr int64_t kStallRequests = 16'384;

// Draws that are the same in each program.
// Source: xorshift64, Marsaglia 2003.
class Draws {
 public:
  explicit Draws(uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15u + 1) {}

  uint64_t Next() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_;
  }

  // In [0, end).
  uint64_t Below(uint64_t end) { return Next() % end; }

 private:
  uint64_t state_;
};

// The delays of item 6, in the order in which the timers are armed.
inline std::vector<int64_t> TimerDelaysNanos() {
  Draws draws(1);
  std::vector<int64_t> delays(kTimers);
  for (int64_t& delay : delays) {
    delay = kTimerNanosMin + static_cast<int64_t>(draws.Below(kTimerNanosMax - kTimerNanosMin));
  }
  return delays;
}

}  // namespace troupe::bench

#endif  // TROUPE_BENCH_WORKLOAD_H_
