// Asio beside Troupe inside of one process: `asio_inproc [item ...]`. Asio has no actors; what
// stands for a message is a posted handler that carries the same values, and what stands for a
// shard is an io_context with a thread of its own.

#include <asio.hpp>
#include <atomic>
#include <memory>
#include <string_view>
#include <thread>
#include <vector>

#include "troupe/bench/item_runner.h"
#include "troupe/bench/latencies.h"
#include "troupe/bench/pinning.h"
#include "troupe/bench/report.h"
#include "troupe/bench/stopwatch.h"
#include "troupe/bench/usage.h"
#include "troupe/bench/workload.h"

namespace troupe::bench {
namespace {

constexpr std::string_view kAsio = "asio";

// One or two contexts, each run by one thread: the first by main()'s.
class Contexts {
 public:
  explicit Contexts(int count) {
    for (int i = 0; i < count; ++i) {
      contexts_.push_back(std::make_unique<asio::io_context>(1));
      works_.push_back(asio::make_work_guard(*contexts_.back()));
    }
  }

  asio::io_context& At(int index) {
    return *contexts_[static_cast<size_t>(index) % contexts_.size()];
  }

  void RunUntilStop() {
    std::vector<std::thread> others;
    for (size_t i = 1; i < contexts_.size(); ++i) {
      others.emplace_back([this, i] {
        PinThisThread(static_cast<int>(i));
        contexts_[i]->run();
      });
    }
    PinThisThread(0);
    contexts_[0]->run();
    for (std::thread& other : others) other.join();
  }

  // Thread: any.
  void Stop() {
    for (auto& context : contexts_) context->stop();
  }

 private:
  std::vector<std::unique_ptr<asio::io_context>> contexts_;
  std::vector<asio::executor_work_guard<asio::io_context::executor_type>> works_;
};

// --- 1. ---

class PingPong {
 public:
  PingPong(int contexts, int64_t round_trips, Latencies* latencies)
      : contexts_(contexts), left_(round_trips), latencies_(latencies) {}

  double RunSeconds() {
    asio::post(contexts_.At(0), [this] {
      stopwatch_.Begin();
      sent_nanos_ = MonotonicNanos();
      SendPing(0);
    });
    contexts_.RunUntilStop();
    return stopwatch_.AwaitSeconds();
  }

 private:
  void SendPing(int64_t value) {
    asio::post(contexts_.At(1), [this, value] { OnPing(value); });
  }

  void OnPing(int64_t value) {
    asio::post(contexts_.At(0), [this, value] { OnPong(value); });
  }

  void OnPong(int64_t value) {
    if (latencies_ != nullptr) AddLatency();
    if (--left_ > 0) {
      SendPing(value + 1);
      return;
    }
    stopwatch_.End();
    contexts_.Stop();
  }

  void AddLatency() {
    const int64_t now_nanos = MonotonicNanos();
    latencies_->Add(now_nanos - sent_nanos_);
    sent_nanos_ = now_nanos;
  }

  Contexts contexts_;
  int64_t left_;
  int64_t sent_nanos_ = 0;
  Latencies* const latencies_;
  Stopwatch stopwatch_;
};

void RunLocalPingPong() {
  PingPong ping_pong(1, kLocalRoundTrips, nullptr);
  Report("1a", kAsio, "rt_per_s", kLocalRoundTrips / ping_pong.RunSeconds());
}

void RunCrossPingPong() {
  Latencies latencies(kCrossRoundTrips);
  PingPong ping_pong(2, kCrossRoundTrips, &latencies);
  ping_pong.RunSeconds();
  Report("1b", kAsio, "p50_ns", latencies.Quantile(0.5));
  Report("1b", kAsio, "p99_ns", latencies.Quantile(0.99));
}

// --- 2 and 7. ---

class FanIn {
 public:
  FanIn(int contexts, int senders, int64_t messages_per_sender, int64_t burst, int bursts_under_way)
      : contexts_(contexts),
        burst_(burst),
        bursts_under_way_(bursts_under_way),
        bursts_left_(static_cast<size_t>(senders), messages_per_sender / burst),
        messages_(senders * messages_per_sender),
        left_(messages_) {}

  double RunMessagesPerSecond() {
    asio::post(contexts_.At(1), [this] {
      stopwatch_.Begin();
      for (size_t sender = 0; sender < bursts_left_.size(); ++sender) {
        for (int i = 0; i < bursts_under_way_; ++i) PostAcknowledgement(sender);
      }
    });
    contexts_.RunUntilStop();
    return static_cast<double>(messages_) / stopwatch_.AwaitSeconds();
  }

 private:
  void PostAcknowledgement(size_t sender) {
    asio::post(contexts_.At(1), [this, sender] { SendBurst(sender); });
  }

  void SendBurst(size_t sender) {
    if (bursts_left_[sender] == 0) return;
    --bursts_left_[sender];
    for (int64_t i = 1; i < burst_; ++i) {
      asio::post(contexts_.At(0), [this, i] { Receive(i); });
    }
    asio::post(contexts_.At(0), [this, sender] {
      PostAcknowledgement(sender);
      Receive(0);
    });
  }

  void Receive(int64_t) {
    if (--left_ > 0) return;
    stopwatch_.End();
    contexts_.Stop();
  }

  Contexts contexts_;
  const int64_t burst_;
  const int bursts_under_way_;
  std::vector<int64_t> bursts_left_;
  const int64_t messages_;
  int64_t left_;
  Stopwatch stopwatch_;
};

void RunFanIn(std::string_view item, int contexts) {
  FanIn fan_in(contexts, kFanInSenders, kFanInPerSender, kFanInBurst, 1);
  Report(item, kAsio, "msg_per_s", fan_in.RunMessagesPerSecond());
}

void RunLocalFanIn() { RunFanIn("2a", 1); }
void RunCrossFanIn() { RunFanIn("2b", 2); }

void RunCrossStream() {
  FanIn stream(2, 1, kStreamMessages, kStreamBurst, kStreamBurstsUnderWay);
  Report("7", kAsio, "msg_per_s", stream.RunMessagesPerSecond());
}

// --- 3. ---

// A token that visits numbered places.
class Ring {
 public:
  double RunSeconds() {
    stopwatch_.Begin();
    Post(0, kRingHops - 1);
    contexts_.RunUntilStop();
    return stopwatch_.AwaitSeconds();
  }

 private:
  void Post(int place, int64_t hops_left) {
    asio::post(contexts_.At(0), [this, place, hops_left] {
      if (hops_left > 0) {
        Post(place + 1 < kRingActors ? place + 1 : 0, hops_left - 1);
        return;
      }
      stopwatch_.End();
      contexts_.Stop();
    });
  }

  Contexts contexts_{1};
  Stopwatch stopwatch_;
};

void RunRing() {
  Ring ring;
  Report("3a", kAsio, "msg_per_s", kRingHops / ring.RunSeconds());
}

class Big {
 public:
  explicit Big(int contexts) : contexts_(contexts) {
    for (int i = 0; i < kBigActors; ++i) members_.push_back(Member{Draws(i + 1u)});
  }

  double RunSeconds() {
    stopwatch_.Begin();
    for (int i = 0; i < kBigActors; ++i) {
      asio::post(contexts_.At(i), [this, i] { PingAny(i); });
    }
    contexts_.RunUntilStop();
    return stopwatch_.AwaitSeconds();
  }

 private:
  struct Member {
    Draws draws;
    int64_t left = kBigPingsPerActor;
  };

  void PingAny(int from) {
    const int to = static_cast<int>(members_[from].draws.Below(kBigActors));
    asio::post(contexts_.At(to),
               [this, from] { asio::post(contexts_.At(from), [this, from] { OnPong(from); }); });
  }

  void OnPong(int member) {
    if (--members_[member].left > 0) {
      PingAny(member);
    } else if (members_pinging_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      stopwatch_.End();
      contexts_.Stop();
    }
  }

  Contexts contexts_;
  std::vector<Member> members_;
  std::atomic<int> members_pinging_ = kBigActors;
  Stopwatch stopwatch_;
};

void RunBig() {
  constexpr int64_t kMessages = 2 * kBigActors * kBigPingsPerActor;
  Big one(1);
  Report("3b", kAsio, "msg_per_s_1_shard", kMessages / one.RunSeconds());
  Big two(2);
  Report("3b", kAsio, "msg_per_s_2_shards", kMessages / two.RunSeconds());
}

// --- 6. ---

void RunTimers() {
  asio::io_context context(1);
  std::vector<asio::steady_timer> timers;
  for (int64_t i = 0; i < kTimers; ++i) timers.emplace_back(context);
  const std::vector<int64_t> delays_nanos = TimerDelaysNanos();
  const double cpu_before_seconds = ProcessCpuSeconds();
  Stopwatch arming;
  arming.Begin();
  for (size_t i = 0; i < timers.size(); ++i) {
    timers[i].expires_after(std::chrono::nanoseconds(delays_nanos[i]));
    timers[i].async_wait([](const asio::error_code&) {});
  }
  arming.End();
  Stopwatch cancelling;
  cancelling.Begin();
  for (size_t i = 0; i < timers.size(); ++i) {
    if (i % kTimersPerSurvivor != 0) timers[i].cancel();
  }
  cancelling.End();
  context.run();
  Report("6", kAsio, "ns_per_arm", arming.AwaitSeconds() * 1e9 / kTimers);
  Report("6", kAsio, "ns_per_cancel",
         cancelling.AwaitSeconds() * 1e9 / (kTimers - kTimerSurvivors));
  Report("6", kAsio, "cpu_s", ProcessCpuSeconds() - cpu_before_seconds);
}

}  // namespace
}  // namespace troupe::bench

int main(int argc, char** argv) {
  using namespace troupe::bench;  // NOLINT: a table of names and nothing else.
  return RunItems({{"1a", RunLocalPingPong},
                   {"1b", RunCrossPingPong},
                   {"2a", RunLocalFanIn},
                   {"2b", RunCrossFanIn},
                   {"3a", RunRing},
                   {"3b", RunBig},
                   {"6", RunTimers},
                   {"7", RunCrossStream}},
                  argc, argv);
}
