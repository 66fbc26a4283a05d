// The end of very many actors.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "troupe/actors/actor.h"
#include "troupe/actors/context.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/stop_reason.h"
#include "troupe/actors/system.h"
#include "troupe/base/limits.h"
#include "troupe/sim/test_simulation.h"
#include "troupe/tests/actors/heap_bytes.h"

namespace troupe::test {
namespace {

class Idler final : public Actor {
 public:
  explicit Idler(int* alive) : alive_(alive) { ++*alive_; }
  ~Idler() override { --*alive_; }

 private:
  int* const alive_;
};

// Has so many children.
class Nursery final : public Actor {
 public:
  Nursery(int count, int* alive) : count_(count), alive_(alive) {}

  Reply<void> OnStart(Context& cx) override {
    for (int i = 0; i < count_; ++i) cx.Spawn<Idler>({}, alive_);
    return absl::OkStatus();
  }

 private:
  const int count_;
  int* const alive_;
};

class MassEndTest : public testing::Test {
 protected:
  static constexpr int kActors = 200'000;

  MassEndTest()
      : simulation_({.record_trace = true, .trace_lines_max = 1000, .log_to_stderr = false}) {}

  void Start(const Limits& limits = {}) {
    auto system = System::Start({.shards = 1, .limits = limits, .platform = &platform_});
    ASSERT_TRUE(system.ok()) << system.status();
    system_ = *std::move(system);
  }
  // Expects that the end needs less than a tenth of what the actors take.
  void ExpectFrugalEnd(int64_t before_bytes) {
    const int64_t taken_bytes = HeapBytes() - before_bytes;
    TakeHeapPeakBytes();
    const int64_t at_rest_bytes = HeapBytes();
    system_->Shutdown();
    EXPECT_EQ(system_->Run(), 0);
    EXPECT_EQ(alive_, 0);
    EXPECT_LT(TakeHeapPeakBytes() - at_rest_bytes, taken_bytes / 10)
        << "beside the " << taken_bytes << " bytes of " << kActors << " actors";
  }

  TestSimulation simulation_;
  Platform& platform_ = simulation_.AddNode("node");
  std::unique_ptr<System> system_;
  int alive_ = 0;
};

TEST_F(MassEndTest, F121_TheEndOfVeryManyChildrenTakesLittleMemory) {
  Start();
  const int64_t before_bytes = HeapBytes();
  system_->Spawn<Nursery>({}, kActors, &alive_);
  ASSERT_TRUE(simulation_.RunUntil([&] { return alive_ == kActors; }, absl::Minutes(1)));
  ExpectFrugalEnd(before_bytes);
}

TEST_F(MassEndTest, F121_TheEndOfVeryManyRootsTakesLittleMemory) {
  Start();
  const int64_t before_bytes = HeapBytes();
  for (int i = 0; i < kActors; ++i) {
    system_->Spawn<Idler>({}, &alive_);
    if (i % 1000 == 0) simulation_.RunUntil([&] { return alive_ == i + 1; }, absl::Minutes(1));
  }
  ASSERT_TRUE(simulation_.RunUntil([&] { return alive_ == kActors; }, absl::Minutes(1)));
  ExpectFrugalEnd(before_bytes);
}

// Does not end by itself.
class Stubborn final : public Actor {
 public:
  explicit Stubborn(int* alive) : alive_(alive) { ++*alive_; }
  ~Stubborn() override { --*alive_; }

  Reply<void> OnStop(Context& cx, StopReason) override {
    co_await cx.Sleep(absl::Hours(1));
    co_return absl::OkStatus();
  }

 private:
  int* const alive_;
};

int CountOf(std::string_view word, std::string_view line) {
  int count = 0;
  for (size_t at = line.find(word); at != line.npos; at = line.find(word, at + 1)) ++count;
  return count;
}

// As a word of its own, so that no stamp is taken for it.
bool HasNumber(std::string_view line, int number) {
  const std::string digits = absl::StrCat(number);
  const size_t at = line.find(" " + digits);
  if (at == line.npos) return false;
  const size_t after = at + 1 + digits.size();
  return after == line.size() || line[after] < '0' || line[after] > '9';
}

TEST_F(MassEndTest, F121_ADrainThatFailsNamesTheFirstAndCountsTheOthers) {
  constexpr int kStubborn = 5'000;
  Start({.drain_timeout = absl::Seconds(1)});
  for (int i = 0; i < kStubborn; ++i) system_->Spawn<Stubborn>({}, &alive_);
  ASSERT_TRUE(simulation_.RunUntil([&] { return alive_ == kStubborn; }, absl::Minutes(1)));
  system_->Shutdown();
  EXPECT_EQ(system_->Run(), 1);
  EXPECT_EQ(alive_, 0);
  int named = 0;
  bool counted = false;
  for (const std::string& line : simulation_.trace()) {
    named += CountOf("Stubborn", line);
    // The log may count all, or those that it does not name.
    counted = counted || HasNumber(line, kStubborn) || HasNumber(line, kStubborn - 20);
  }
  EXPECT_EQ(named, 20);
  EXPECT_TRUE(counted) << "no line says how many did not stop";
}

}  // namespace
}  // namespace troupe::test
