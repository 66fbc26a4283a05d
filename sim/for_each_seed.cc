#include "troupe/sim/for_each_seed.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest-spi.h"
#include "gtest/gtest.h"
#include "troupe/base/check.h"
#include "troupe/base/text.h"
#include "troupe/sim/seeds/run_report.h"
#include "troupe/sim/seeds/run_shrinker.h"
#include "troupe/sim/sim_choices.h"

namespace troupe {
namespace {

constexpr int kShrinkTriesMax = 400;
constexpr uint64_t kShrinkSecondsMax = 90;

// From so many runs on there is a summary.
constexpr uint64_t kManySeeds = 200;

std::string InEnvironment(const char* variable) {
  const char* const text = std::getenv(variable);
  return text == nullptr ? "" : text;
}

std::string TestName() {
  const ::testing::TestInfo* const test = ::testing::UnitTest::GetInstance()->current_test_info();
  TROUPE_CHECK_MSG(test != nullptr, "ForEachSeed() was called outside of a test");
  return absl::StrCat(test->test_suite_name(), ".", test->name());
}

// What GoogleTest would have printed becomes the run's, so that the process that asked for the run
// can say it.
void RunCaptured(const Scenario& scenario, SimRun& run) {
  ::testing::TestPartResultArray parts;
  {
    const ::testing::ScopedFakeTestPartResultReporter reporter(
        ::testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &parts);
    scenario(run);
  }
  for (int i = 0; i < parts.size(); ++i) {
    const ::testing::TestPartResult& part = parts.GetTestPartResult(i);
    if (!part.failed()) continue;
    run.Wrong(absl::StrCat(part.file_name() == nullptr ? "" : part.file_name(), ":",
                           part.line_number(), ": ", part.message()));
  }
}

std::string WrongText(const RunReport& report) {
  return absl::StrCat("  ", absl::StrJoin(report.wrong, "\n  "));
}

// Where Bazel keeps what a test leaves, or else where other temporary files are.
std::filesystem::path TraceFolder() {
  const std::string kept = InEnvironment("TEST_UNDECLARED_OUTPUTS_DIR");
  return kept.empty() ? std::filesystem::temp_directory_path() : std::filesystem::path(kept);
}

// Of its own for each test and seed.
std::string TraceFiles(uint64_t seed) {
  std::string name = absl::StrCat(TestName(), "-seed-", seed);
  std::replace(name.begin(), name.end(), '/', '-');
  return TraceFolder() / name;
}

// Where a reader finds them: Bazel packs what a test leaves.
std::string TracePlace(const std::string& files) {
  constexpr std::string_view kLogs = "/testlogs/";
  const std::string folder = TraceFolder();
  const size_t logs = folder.find(kLogs);
  if (logs == std::string::npos) return absl::StrCat(files, ".txt and .html");
  return absl::StrCat(std::filesystem::path(files).filename().string(),
                      ".txt and .html in bazel-testlogs/", folder.substr(logs + kLogs.size()),
                      "/outputs.zip");
}

// The test's label if Bazel runs it, else its program.
std::string Command(std::string_view run_under) {
  const std::string filter = absl::StrCat("--gtest_filter=", TestName());
  const std::string target = InEnvironment("TEST_TARGET");
  if (!target.empty()) {
    return absl::StrCat(
        "./bazelw run ",
        run_under.empty() ? "" : absl::StrCat("--run_under='", AbslView(run_under), "' "), target,
        " -- ", filter);
  }
  return absl::StrCat(AbslView(run_under), run_under.empty() ? "" : " ",
                      std::filesystem::read_symlink("/proc/self/exe").string(), " ", filter);
}

std::string HowToRepeat(uint64_t seed, const SimChoices::Given& given) {
  std::string variables = absl::StrCat("TROUPE_SIM_SEED=", seed);
  if (!given.empty()) {
    absl::StrAppend(&variables, " TROUPE_SIM_CHOICES='", SimChoices::ToText(given), "'");
  }
  return absl::StrCat("again:         ", variables, " ", Command(""), "\n",
                      "in a debugger: ", variables, " ", Command("gdb --args"), "\n");
}

std::string ChoicesText(const RunReport& report) {
  std::vector<std::string> made;
  size_t least = 0;
  for (const SimChoice& choice : report.choices) {
    if (choice.value == choice.least) {
      ++least;
    } else {
      made.push_back(absl::StrCat(choice.name, "=", choice.value));
    }
  }
  if (least > 0) made.push_back(absl::StrCat(least, " other choices at their least"));
  return absl::StrJoin(made, ", ");
}

// --- Many seeds. ---

void ExplainFailure(const SeedRunner& runner, const RunReport& failed) {
  std::cerr << "seed " << failed.seed << " fails; making it smaller ...\n"
            << WrongText(failed) << std::endl;
  RunShrinker shrinker(
      failed, {},
      [&](const SimChoices::Given& given) { return runner.RunApart(failed.seed, given); },
      kShrinkTriesMax,
      std::chrono::seconds(SimulationNumber("TROUPE_SIM_SHRINK_SECONDS", kShrinkSecondsMax)));
  const RunReport smallest = shrinker.Shrink();
  SimulationOptions recorded = runner.options();
  recorded.record_trace = true;
  recorded.trace_files = TraceFiles(failed.seed);
  const RunReport again = runner.RunApart(failed.seed, shrinker.given(), recorded);
  ADD_FAILURE() << "seed " << failed.seed << ", after " << shrinker.tries()
                << " runs to make it smaller: " << ChoicesText(smallest) << "\n"
                << WrongText(again.failed() ? again : smallest) << "\n"
                << "trace:         " << TracePlace(recorded.trace_files)
                << (again.ended_badly ? ", of which a crash leaves the first\n" : "\n")
                << HowToRepeat(failed.seed, shrinker.given());
}

void RunMany(const Scenario& scenario, const SeedOptions& options) {
  const uint64_t count = SimulationNumber("TROUPE_SIM_SEEDS",
                                          SimulationNumber("TROUPE_SIM_RULE_SEEDS", options.seeds));
  const uint64_t failures_max = SimulationNumber("TROUPE_SIM_FAILURES", 1);
  const uint64_t processes =
      SimulationNumber("TROUPE_SIM_PROCESSES", std::max(std::thread::hardware_concurrency(), 1u));
  const SeedRunner runner([&](SimRun& run) { RunCaptured(scenario, run); }, options.simulation);
  const SeedSummary summary =
      runner.RunSeeds(SimulationNumber("TROUPE_SIM_FIRST_SEED", 1), count,
                      static_cast<int>(processes), static_cast<size_t>(failures_max));
  if (count >= kManySeeds || failures_max > 1) std::cerr << summary.ToText() << std::endl;
  for (size_t i = 1; i < summary.failed.size(); ++i) {
    ADD_FAILURE() << "seed " << summary.failed[i].seed << "\n" << WrongText(summary.failed[i]);
  }
  if (!summary.failed.empty()) ExplainFailure(runner, summary.failed.front());
}

// --- One seed. ---

void RunOne(const Scenario& scenario, const SeedOptions& options) {
  const uint64_t seed = SimulationSeed();
  const absl::StatusOr<SimChoices::Given> given =
      SimChoices::Parse(InEnvironment("TROUPE_SIM_CHOICES"));
  ASSERT_TRUE(given.ok()) << "TROUPE_SIM_CHOICES: " << given.status();
  SimulationOptions recorded = options.simulation;
  recorded.record_trace = true;
  recorded.trace_files = TraceFiles(seed);
  recorded.log_to_stderr = true;
  const RunReport report = SeedRunner(scenario, recorded).RunHere(seed, *given, recorded);
  std::cerr << "seed " << seed << ": " << ChoicesText(report)
            << "\ntrace: " << TracePlace(recorded.trace_files) << std::endl;
  for (const std::string& wrong : report.wrong) ADD_FAILURE() << "seed " << seed << ": " << wrong;
}

}  // namespace

void ForEachSeed(const Scenario& scenario, const SeedOptions& options) {
  if (std::getenv("TROUPE_SIM_SEED") != nullptr) return RunOne(scenario, options);
  RunMany(scenario, options);
}

}  // namespace troupe
