// The floor of the items between two threads: what two cores can do with bare queues, spinning.

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "troupe/bench/floor_items.h"
#include "troupe/bench/latencies.h"
#include "troupe/bench/pinning.h"
#include "troupe/bench/report.h"
#include "troupe/bench/stopwatch.h"
#include "troupe/bench/usage.h"
#include "troupe/bench/workload.h"

namespace troupe::bench {
namespace {

constexpr size_t kCacheLineBytes = 128;  // Two: processors fetch them in pairs.

// Runs `here` on core 0 and `there` on core 1 until both are through.
void RunBoth(const std::function<void()>& here, const std::function<void()>& there) {
  std::thread other([&there] {
    PinThisThread(1);
    there();
  });
  PinThisThread(0);
  here();
  other.join();
}

void AwaitValue(const std::atomic<int64_t>& place, int64_t value) {
  while (place.load(std::memory_order_acquire) != value) {
  }
}

struct Message {
  Message* next;
  int64_t value;
};

// Chains of messages from one thread to another, the newest chain first.
class ChainStack {
 public:
  void Push(Message* first, Message* last) {
    Message* top = top_.load(std::memory_order_relaxed);
    do {
      last->next = top;
    } while (!top_.compare_exchange_weak(top, first, std::memory_order_release));
  }

  Message* TakeAll() {
    if (top_.load(std::memory_order_relaxed) == nullptr) return nullptr;
    return top_.exchange(nullptr, std::memory_order_acquire);
  }

 private:
  alignas(kCacheLineBytes) std::atomic<Message*> top_ = nullptr;
};

// Bursts go over as chains, and their memory comes back as the acknowledgement.
class ChainedFanIn {
 public:
  double RunSeconds() {
    RunBoth([this] { Receive(); }, [this] { Send(); });
    return stopwatch_.AwaitSeconds();
  }

 private:
  static constexpr int64_t kBursts = kFanInSenders * kFanInPerSender / kFanInBurst;

  void SendBurst(Message* first) {
    Message* last = first;
    for (int64_t i = 0; i < kFanInBurst; ++i) {
      last = first + i;
      last->value = kFanInBurst - 1 - i;
      last->next = last + 1;
    }
    there_.Push(first, last);
  }

  void Send() {
    stopwatch_.Begin();
    for (int i = 0; i < kFanInSenders; ++i) SendBurst(&messages_[i * kFanInBurst]);
    for (int64_t sent = kFanInSenders; sent < kBursts;) {
      for (Message* burst = back_.TakeAll(); burst != nullptr && sent < kBursts; ++sent) {
        Message* const next = burst->next;
        SendBurst(burst);
        burst = next;
      }
    }
  }

  void Receive() {
    for (int64_t left = kBursts * kFanInBurst; left > 0;) {
      for (Message* message = there_.TakeAll(); message != nullptr; --left) {
        Message* const next = message->next;
        if (message->value == 0) Acknowledge(message - (kFanInBurst - 1));
        message = next;
      }
    }
    stopwatch_.End();
  }

  void Acknowledge(Message* burst) { back_.Push(burst, burst); }

  std::vector<Message> messages_ = std::vector<Message>(kFanInSenders * kFanInBurst);
  ChainStack there_;
  ChainStack back_;
  Stopwatch stopwatch_;
};

// A ring with one producer and one consumer, each of which publishes its position once a batch.
class BatchRing {
 public:
  static constexpr int64_t kBatch = 64;

  void Produce(int64_t count) {
    int64_t free_until = kPlaces;
    for (int64_t at = 0; at < count; at += kBatch) {
      while (at + kBatch > free_until) {
        free_until = consumed_.load(std::memory_order_acquire) + kPlaces;
      }
      for (int64_t i = at; i < at + kBatch; ++i) places_[Index(i)] = i;
      produced_.store(at + kBatch, std::memory_order_release);
    }
  }

  // Returns the sum, so that the reading is not optimised away.
  int64_t Consume(int64_t count) {
    int64_t sum = 0;
    for (int64_t at = 0; at < count;) {
      const int64_t until = produced_.load(std::memory_order_acquire);
      for (; at < until; ++at) sum += places_[Index(at)];
      consumed_.store(at, std::memory_order_release);
    }
    return sum;
  }

 private:
  static constexpr int64_t kPlaces = 4096;

  static size_t Index(int64_t position) { return static_cast<size_t>(position % kPlaces); }

  std::vector<int64_t> places_ = std::vector<int64_t>(kPlaces);
  alignas(kCacheLineBytes) std::atomic<int64_t> produced_ = 0;
  alignas(kCacheLineBytes) std::atomic<int64_t> consumed_ = 0;
};

}  // namespace

void RunFloorCrossPingPong() {
  alignas(kCacheLineBytes) std::atomic<int64_t> there = 0;
  alignas(kCacheLineBytes) std::atomic<int64_t> back = 0;
  Latencies latencies(kCrossRoundTrips);
  const auto call = [&] {
    int64_t sent_nanos = MonotonicNanos();
    for (int64_t i = 1; i <= kCrossRoundTrips; ++i) {
      there.store(i, std::memory_order_release);
      AwaitValue(back, i);
      const int64_t now_nanos = MonotonicNanos();
      latencies.Add(now_nanos - sent_nanos);
      sent_nanos = now_nanos;
    }
  };
  const auto answer = [&] {
    for (int64_t i = 1; i <= kCrossRoundTrips; ++i) {
      AwaitValue(there, i);
      back.store(i, std::memory_order_release);
    }
  };
  RunBoth(call, answer);
  Report("1b", kFloor, "p50_ns", latencies.Quantile(0.5));
  Report("1b", kFloor, "p99_ns", latencies.Quantile(0.99));
}

void RunFloorCrossFanIn() {
  const auto fan_in = std::make_unique<ChainedFanIn>();
  Report("2b", kFloor, "msg_per_s", kFanInSenders * kFanInPerSender / fan_in->RunSeconds());
}

void RunFloorCrossStream() {
  // Many times the work of the other programs, which would take this one 30 ms.
  constexpr int64_t kMessages = 10 * kStreamMessages;
  static_assert(kMessages % BatchRing::kBatch == 0);
  BatchRing ring;
  Stopwatch stopwatch;
  std::atomic<int64_t> sum = 0;
  const auto produce = [&] {
    stopwatch.Begin();
    ring.Produce(kMessages);
  };
  const auto consume = [&] {
    sum = ring.Consume(kMessages);
    stopwatch.End();
  };
  RunBoth(consume, produce);
  Report("7", kFloor, "msg_per_s", kMessages / stopwatch.AwaitSeconds());
}

}  // namespace troupe::bench
