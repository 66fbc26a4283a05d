// What a failing seed gets: it is found, made smaller, and said how to repeat, whatever way it
// fails.

#include "troupe/sim/for_each_seed.h"

#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>

#include "absl/time/time.h"
#include "gtest/gtest-spi.h"
#include "gtest/gtest.h"
#include "troupe/base/check.h"
#include "troupe/base/limits.h"
#include "troupe/sim/seeds/seed_runner.h"
#include "troupe/sim/sim_choices.h"
#include "troupe/sim/sim_run.h"

namespace troupe {
namespace {

// What GoogleTest was told of a scenario with one failure, which is none of this test.
std::string FailureOf(const Scenario& scenario, const SeedOptions& options = {}) {
  ::testing::TestPartResultArray parts;
  {
    const ::testing::ScopedFakeTestPartResultReporter reporter(
        ::testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &parts);
    ForEachSeed(scenario, options);
  }
  EXPECT_EQ(parts.size(), 1);
  return parts.size() == 0 ? "" : parts.GetTestPartResult(0).message();
}

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(ForEachSeedTest, RunsWithoutFailuresPass) {
  ForEachSeed([](SimRun& run) { run.Expect(run.seed() > 0, "seeds begin at 1"); }, {.seeds = 20});
}

TEST(ForEachSeedTest, AFailureIsMadeAsSmallAsItCanBe) {
  const std::string failure = FailureOf([](SimRun& run) {
    const int64_t actors = run.Number("actors", 1, 50);
    const bool streams = run.Chance("streams");
    run.Number("useless", 0, 1000);
    run.Expect(actors < 7 || !streams, "7 actors with streams");
  });
  EXPECT_TRUE(Has(failure, "actors=7, streams=1, 3 other choices at their least")) << failure;
  EXPECT_TRUE(Has(failure, "7 actors with streams")) << failure;
  EXPECT_TRUE(Has(failure, "useless=0")) << failure;
  EXPECT_TRUE(Has(failure, "TROUPE_SIM_SEED=")) << failure;
  EXPECT_TRUE(Has(failure, "--gtest_filter=ForEachSeedTest.AFailureIsMadeAsSmallAsItCanBe"))
      << failure;
}

TEST(ForEachSeedTest, AFailureOfAnotherKindIsNotTakenForTheSame) {
  const std::string failure = FailureOf(
      [](SimRun& run) {
        const int64_t actors = run.Number("actors", 1, 50);
        run.Expect(actors < 7, actors < 20 ? "too few" : "too many");
      },
      {.seeds = 1000});
  EXPECT_TRUE(Has(failure, "actors=7") || Has(failure, "actors=20")) << failure;
  EXPECT_EQ(Has(failure, "actors=20"), Has(failure, "too many")) << failure;
}

TEST(ForEachSeedTest, ManySmallThingsAreLeftOut) {
  const std::string failure = FailureOf([](SimRun& run) {
    const auto happens = run.Each("fault");
    std::set<size_t> left;
    for (size_t fault = 0; fault < 30; ++fault) {
      if (happens(fault)) left.insert(fault);
    }
    run.Expect(!left.contains(4) || !left.contains(23), "two faults together");
  });
  EXPECT_TRUE(Has(failure, "fault-4=1, fault-23=1")) << failure;
  EXPECT_TRUE(Has(failure, "other choices at their least")) << failure;
}

TEST(ForEachSeedTest, WhatGoogleTestSaysInARunFailsIt) {
  const std::string failure =
      FailureOf([](SimRun& run) { ASSERT_LT(run.seed(), 3u) << "a word of it"; });
  EXPECT_TRUE(Has(failure, "seed 3")) << failure;
  EXPECT_TRUE(Has(failure, "a word of it")) << failure;
  EXPECT_TRUE(Has(failure, "for_each_seed_test.cc:")) << failure;
}

TEST(ForEachSeedTest, ACrashFailsOneRunAndIsMadeSmaller) {
  const std::string failure = FailureOf([](SimRun& run) {
    const int64_t actors = run.Number("actors", 1, 50);
    if (actors >= 9) std::_Exit(3);
  });
  EXPECT_TRUE(Has(failure, "actors=9")) << failure;
  EXPECT_TRUE(Has(failure, "the process ended in the run, with code 3")) << failure;
}

TEST(ForEachSeedTest, ABrokenInvariantNamesItsSignal) {
  const std::string failure = FailureOf([](SimRun& run) { TROUPE_CHECK(run.seed() < 2); });
  EXPECT_TRUE(Has(failure, "seed 2")) << failure;
  EXPECT_TRUE(Has(failure, "the process was ended by a signal: Aborted")) << failure;
}

TEST(ForEachSeedTest, AnExceptionFailsOneRunOnly) {
  const std::string failure = FailureOf([](SimRun& run) {
    if (run.seed() == 3) throw std::runtime_error("thrown by seed 3");
  });
  EXPECT_TRUE(Has(failure, "exception: thrown by seed 3")) << failure;
}

TEST(ForEachSeedTest, ARunThatHangsIsKilledAndSaysItsSeed) {
  setenv("TROUPE_SIM_SHRINK_SECONDS", "0", 1);
  const std::string failure = FailureOf(
      [](SimRun& run) {
        while (run.seed() == 2) pause();
      },
      {.run_time_max = std::chrono::seconds(1)});
  unsetenv("TROUPE_SIM_SHRINK_SECONDS");
  EXPECT_TRUE(Has(failure, "seed 2")) << failure;
  EXPECT_TRUE(Has(failure, "the run did not end, and was killed")) << failure;
}

TEST(ForEachSeedTest, AFailureThatIsNotTheSameAgainIsSaidToBe) {
  const std::filesystem::path mark = std::filesystem::path(testing::TempDir()) / "failed-once";
  const std::string failure = FailureOf([&](SimRun& run) {
    if (run.seed() != 2 || std::filesystem::exists(mark)) return;
    std::ofstream(mark) << "now";
    run.Wrong("the first time only");
  });
  std::filesystem::remove(mark);
  EXPECT_TRUE(Has(failure, "the first time only")) << failure;
  EXPECT_TRUE(Has(failure, "made once more it passed")) << failure;
}

TEST(ForEachSeedTest, NoSeedsIsNoTest) {
  for (const char* const variable :
       {"TROUPE_SIM_SEEDS", "TROUPE_SIM_FAILURES", "TROUPE_SIM_PROCESSES"}) {
    setenv(variable, "0", 1);
    EXPECT_DEATH(ForEachSeed([](SimRun&) {}), std::string(variable) + " is 0");
    unsetenv(variable);
  }
  EXPECT_DEATH(ForEachSeed([](SimRun&) {}, {.seeds = 0}), "is 0: no run");
}

TEST(ForEachSeedTest, AProcessWithOtherThreadsIsRefused) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        const std::jthread other([] { pause(); });
        ForEachSeed([](SimRun&) {});
      },
      "which has . threads");
}

TEST(ForEachSeedTest, ANameThatCannotBeWrittenOnACommandLineIsRefused) {
  for (const char* const name : {"", "a,b", "a=b", "it's", " a", "$a"}) {
    EXPECT_DEATH(SimChoices(1, {}).Number(name, 0, 1), "no name of a choice");
  }
}

TEST(ForEachSeedTest, ANumberStaysWithinWhatIsAskedFor) {
  SimChoices choices(1, {{"actors", 50}});
  EXPECT_EQ(choices.Number("actors", 1, 100), 50);
  EXPECT_EQ(choices.Number("actors", 1, 9), 9);
}

// So that a test that asks in another order, or once more, has the same world.
TEST(ForEachSeedTest, LimitsAreTheSeedsAlone) {
  int drawn = 0;
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    SimRun run(seed, {}, {.log_to_stderr = false});
    const Limits first = run.limits(), second = run.limits();
    EXPECT_EQ(first.shard_ring_messages, second.shard_ring_messages);
    EXPECT_EQ(first.turn_messages_max, second.turn_messages_max);
    drawn += first.shard_ring_messages != Limits().shard_ring_messages ? 1 : 0;
  }
  EXPECT_GT(drawn, 0);
}

TEST(ForEachSeedTest, TheTraceOfTheSmallestRunIsLeft) {
  const std::string failure = FailureOf([](SimRun& run) {
    run.AddNode("somewhere");
    run.simulation().Pause("somewhere", absl::Milliseconds(1));
    run.Wrong("always");
  });
  const char* const folder = std::getenv("TEST_UNDECLARED_OUTPUTS_DIR");
  const std::filesystem::path place = folder == nullptr ? testing::TempDir() : folder;
  const std::string file = "ForEachSeedTest.TheTraceOfTheSmallestRunIsLeft-seed-1.txt";
  EXPECT_TRUE(Has(failure, file.substr(0, file.size() - 4) + ".txt and .html")) << failure;
  std::string text;
  std::getline(std::ifstream(place / file), text);
  EXPECT_TRUE(Has(text, "pause of somewhere")) << text;
}

TEST(ForEachSeedTest, ManyFailuresAreCountedAndTheSummaryIsTheSameForEqualPrograms) {
  const SeedRunner runner(
      [](SimRun& run) {
        run.simulation().RunFor(absl::Milliseconds(static_cast<int64_t>(run.seed())));
        run.Expect(run.seed() % 10 != 0, "tens");
      },
      {.log_to_stderr = false});
  const SeedSummary one = runner.RunSeeds(1, 100, 1, 1000);
  const SeedSummary three = runner.RunSeeds(1, 100, 3, 1000);
  EXPECT_EQ(one.runs, 100u);
  EXPECT_EQ(one.failed.size(), 10u);
  EXPECT_EQ(three.failed.size(), 10u);
  EXPECT_EQ(three.failed.front().seed, 10u);
  EXPECT_EQ(three.failed.back().seed, 100u);
  EXPECT_EQ(one.trace_hash, three.trace_hash);
  EXPECT_EQ(runner.RunSeeds(1, 100, 3, 2).failed.back().seed, 20u);
  EXPECT_TRUE(Has(one.ToText(), "100 runs")) << one.ToText();
  EXPECT_TRUE(Has(one.ToText(), "10 failed")) << one.ToText();
}

TEST(ForEachSeedTest, TheEnvironmentMakesOneRunAgain) {
  setenv("TROUPE_SIM_SEED", "17", 1);
  setenv("TROUPE_SIM_CHOICES", "actors=3", 1);
  int runs = 0;
  ForEachSeed([&](SimRun& run) {
    ++runs;  // In this process.
    EXPECT_EQ(run.seed(), 17u);
    EXPECT_EQ(run.Number("actors", 1, 50), 3);
  });
  EXPECT_EQ(runs, 1);
  setenv("TROUPE_SIM_CHOICES", "acters=3", 1);
  testing::internal::CaptureStderr();
  ForEachSeed([](SimRun& run) { run.Number("actors", 1, 50); });
  EXPECT_TRUE(Has(testing::internal::GetCapturedStderr(), "nothing asked for \"acters\""));
  setenv("TROUPE_SIM_CHOICES", "actors", 1);
  EXPECT_TRUE(Has(FailureOf([](SimRun&) {}), "\"actors\" is no choice"));
  unsetenv("TROUPE_SIM_SEED");
  unsetenv("TROUPE_SIM_CHOICES");
}

}  // namespace
}  // namespace troupe
