#ifndef TROUPE_BENCH_ECHO_CALLER_H_
#define TROUPE_BENCH_ECHO_CALLER_H_

#include <cstdint>
#include <vector>

#include "bench/echo.troupe.h"
#include "troupe/actors/actor.h"
#include "troupe/actors/context.h"
#include "troupe/bench/latencies.h"
#include "troupe/bench/net_workload.h"
#include "troupe/bench/stopwatch.h"

namespace troupe::bench {

struct BeginWork {};

// The client's actor for calls: keeps as many under way as the work says, each in a coroutine of
// its own.
class EchoCaller final : public Actor {
 public:
  EchoCaller(Echo::Ref server, NetWork work, Latencies* latencies, Stopwatch* stopwatch)
      : server_(server), work_(work), latencies_(latencies), stopwatch_(stopwatch) {}

  Reply<void> On(Context& cx, const BeginWork&);

 private:
  Reply<void> CallInTurn();

  const Echo::Ref server_;
  const NetWork work_;
  int64_t sent_ = 0;
  Latencies* const latencies_;
  Stopwatch* const stopwatch_;
};

// The client's actor for one-way messages: sends bursts, each of which ends with a call whose
// answer says that the burst was handled. A few bursts are under way.
class EchoPusher final : public Actor {
 public:
  EchoPusher(Echo::Ref server, NetWork work, Stopwatch* stopwatch)
      : server_(server), msg_(MakeMsg(work)), left_(work.messages), stopwatch_(stopwatch) {}

  Reply<void> On(Context& cx, const BeginWork&);

 private:
  // As much as the limits of one actor's mailbox allow with ease.
  static constexpr int kBurstsUnderWay = 4;
  static constexpr size_t kBurstBytes = 1 << 20;
  static constexpr int64_t kBurstMessagesMax = 1000;

  int64_t BurstMessages() const;
  Reply<void> PushInTurn();

  const Echo::Ref server_;
  Msg msg_;
  int64_t left_;
  Stopwatch* const stopwatch_;
};

}  // namespace troupe::bench

#endif  // TROUPE_BENCH_ECHO_CALLER_H_
