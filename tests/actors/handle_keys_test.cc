// Handles as keys of containers, and the names of enumerations in log lines.

#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/actors/probe.troupe.h"
#include "troupe/actors/any_ref.h"
#include "troupe/actors/certainty.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/spawn_options.h"
#include "troupe/actors/stop_reason.h"
#include "troupe/base/logging.h"

namespace troupe::test {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;

class Declared;  // A handle needs no more.

AnyRef Handle(uint64_t incarnation, uint16_t shard, uint32_t slot, uint64_t generation) {
  return AnyRef(nullptr, incarnation, shard, slot, generation);
}

// Differ in one field each.
std::vector<AnyRef> Different() {
  return {Handle(1, 1, 1, 1), Handle(2, 1, 1, 1), Handle(1, 2, 1, 1), Handle(1, 1, 2, 1),
          Handle(1, 1, 1, 2)};
}

template <typename R>
class HandleKeysTest : public testing::Test {};
using Handles = testing::Types<AnyRef, Ref<Declared>, Probe::Ref>;
TYPED_TEST_SUITE(HandleKeysTest, Handles);

TYPED_TEST(HandleKeysTest, UnorderedContainersTellThemApart) {
  std::unordered_set<TypeParam> set;
  std::unordered_map<TypeParam, int> map;
  absl::flat_hash_set<TypeParam> flat;
  for (int round = 0; round < 2; ++round) {
    for (const AnyRef& ref : Different()) {
      set.insert(TypeParam(ref));
      ++map[TypeParam(ref)];
      flat.insert(TypeParam(ref));
    }
  }
  EXPECT_EQ(set.size(), Different().size());
  EXPECT_EQ(flat.size(), Different().size());
  for (const AnyRef& ref : Different()) EXPECT_EQ(map.at(TypeParam(ref)), 2);
}

TYPED_TEST(HandleKeysTest, OrderedContainersTellThemApart) {
  std::set<TypeParam> set;
  std::map<TypeParam, int> map;
  for (int round = 0; round < 2; ++round) {
    for (const AnyRef& ref : Different()) {
      set.insert(TypeParam(ref));
      ++map[TypeParam(ref)];
    }
  }
  EXPECT_EQ(set.size(), Different().size());
  for (const AnyRef& ref : Different()) EXPECT_EQ(map.at(TypeParam(ref)), 2);
}

TEST(HandleHashTest, NeighboursSpreadOverTheBuckets) {
  std::unordered_set<size_t> low_bits;
  for (uint32_t slot = 0; slot < 4096; ++slot) {
    low_bits.insert(std::hash<AnyRef>()(Handle(7, 0, slot, 1)) % 4096);
  }
  // Of random numbers 2589 differ.
  EXPECT_GT(low_bits.size(), 2400u);
}

// Keeps the lines of one thread.
class Recorder final : public LogSink {
 public:
  Recorder() : before_(SetLogSink(this)) {}
  ~Recorder() override { SetLogSink(before_); }
  void Write(LogLevel, std::string_view line) override { lines.emplace_back(line); }
  void Flush() override {}
  uint64_t dropped_lines() const override { return 0; }

  std::vector<std::string> lines;

 private:
  LogSink* const before_;
};

TEST(HandleLogTest, F157_PublicEnumerationsAndHandlesLogByName) {
  Recorder log;
  TROUPE_LOG(kInfo, StopReason::kFailed, "; ", Certainty::kMaybeExecuted, "; ", SendResult::kFull);
  TROUPE_LOG(kInfo, Overflow::kDropOldest, "; ", RestartKind::kOnFailure, "; ", Probe::Ref());
  EXPECT_THAT(log.lines, ElementsAre(EndsWith("] failed; maybe executed; full"),
                                     EndsWith("] drop oldest; on failure; (none)")));
}

}  // namespace
}  // namespace troupe::test
