// What a message within a shard costs in allocations once its memory is there: none.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/actors/probe.troupe.h"
#include "troupe/actors/actor.h"
#include "troupe/actors/context.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/system.h"
#include "troupe/tests/actors/probe.h"

namespace {

thread_local int64_t allocations = 0;

void* Count(size_t bytes) {
  ++allocations;
  void* const block = std::malloc(bytes);
  if (block == nullptr) std::abort();
  return block;
}

void* CountAligned(size_t bytes, std::align_val_t alignment) {
  ++allocations;
  const auto align = static_cast<size_t>(alignment);
  void* const block = std::aligned_alloc(align, (bytes + align - 1) / align * align);
  if (block == nullptr) std::abort();
  return block;
}

}  // namespace

void* operator new(size_t bytes) { return Count(bytes); }
void* operator new[](size_t bytes) { return Count(bytes); }
void* operator new(size_t bytes, std::align_val_t alignment) {
  return CountAligned(bytes, alignment);
}
void* operator new[](size_t bytes, std::align_val_t alignment) {
  return CountAligned(bytes, alignment);
}
void operator delete(void* block) noexcept { std::free(block); }
void operator delete[](void* block) noexcept { std::free(block); }
void operator delete(void* block, size_t) noexcept { std::free(block); }
void operator delete[](void* block, size_t) noexcept { std::free(block); }
void operator delete(void* block, std::align_val_t) noexcept { std::free(block); }
void operator delete[](void* block, std::align_val_t) noexcept { std::free(block); }
void operator delete(void* block, size_t, std::align_val_t) noexcept { std::free(block); }
void operator delete[](void* block, size_t, std::align_val_t) noexcept { std::free(block); }

namespace troupe::test {
namespace {

constexpr int kWarmRounds = 2'000;
constexpr int kRounds = 10'000;

// Counts what its thread allocates between the first rounds and the last one.
class Meter {
 public:
  // True after the last round.
  bool OnRound() {
    ++rounds_;
    if (rounds_ == kWarmRounds) before_ = allocations;
    if (rounds_ < kWarmRounds + kRounds) return false;
    counted_.Add(allocations - before_);
    return true;
  }
  // Waits for it.
  int64_t Allocations() { return counted_.Wait(1).front(); }

 private:
  int rounds_ = 0;
  int64_t before_ = 0;
  Collected<int64_t> counted_;
};

template <size_t kBytes>
struct Ball {
  AnyRef from = {};
  std::array<char, kBytes> bytes = {};
};

// Two of them throw it back and forth.
template <size_t kBytes>
class Player : public Actor {
 public:
  Player(Ref<Player> first_to, Meter* meter) : first_to_(first_to), meter_(meter) {}

  Reply<void> OnStart(Context& cx) override {
    if (first_to_) first_to_.Send(Ball<kBytes>{.from = cx.self()});
    return absl::OkStatus();
  }
  void On(Context& cx, const Ball<kBytes>& ball) {
    if (first_to_ && meter_->OnRound()) return;
    Ref<Player>(ball.from).Send(Ball<kBytes>{.from = cx.self()});
  }

 private:
  const Ref<Player> first_to_;
  Meter* const meter_;
};

template <size_t kBytes>
int64_t AllocationsOfAGame() {
  Meter meter;
  const std::unique_ptr<System> system = StartSystem(1);
  const Ref<Player<kBytes>> other =
      system->Spawn<Player<kBytes>>({}, Ref<Player<kBytes>>(), &meter);
  system->Spawn<Player<kBytes>>({}, other, &meter);
  return meter.Allocations();
}

TEST(AllocationTest, ASmallMessageAllocatesNothing) { EXPECT_EQ(AllocationsOfAGame<8>(), 0); }

TEST(AllocationTest, ALargerMessageAllocatesNothing) { EXPECT_EQ(AllocationsOfAGame<400>(), 0); }

TEST(AllocationTest, ATimerAllocatesNothing) {
  class Ticker : public Actor {
   public:
    explicit Ticker(Meter* meter) : meter_(meter) {}
    Reply<void> OnStart(Context& cx) override {
      cx.After(this, absl::ZeroDuration(), Tick{});
      return absl::OkStatus();
    }
    void On(Context& cx, const Tick& tick) {
      if (meter_->OnRound()) return;
      cx.Cancel(cx.After(this, absl::Hours(1), Tick{}));
      cx.After(this, absl::ZeroDuration(), tick);
    }

   private:
    Meter* const meter_;
  };
  Meter meter;
  const std::unique_ptr<System> system = StartSystem(1);
  system->Spawn<Ticker>({}, &meter);
  EXPECT_EQ(meter.Allocations(), 0);
}

TEST(AllocationTest, ARequestAllocatesNothing) {
  Meter meter;
  const std::unique_ptr<System> system = StartSystem(1);
  Script doubles;
  doubles.ask = [](Context&, const Number& number) -> Reply<Number> {
    return Num(2 * number.value());
  };
  const Ref<ProbeActor> callee = system->Spawn<ProbeActor>({}, doubles);
  Script asks;
  asks.start = [&meter, callee](ProbeActor&, Context&) -> Reply<void> {
    for (bool more = true; more;) {
      const absl::StatusOr<Number> reply = co_await Probe::Ref(callee).Ask(Num(1));
      if (!reply.ok()) co_return reply.status();
      more = !meter.OnRound();
    }
    co_return absl::OkStatus();
  };
  system->Spawn<ProbeActor>({}, asks);
  EXPECT_EQ(meter.Allocations(), 0);
}

}  // namespace
}  // namespace troupe::test
