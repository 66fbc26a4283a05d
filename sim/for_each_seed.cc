#include "troupe/sim/for_each_seed.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "absl/base/config.h"
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

using std::chrono::seconds;

constexpr int kShrinkTriesMax = 400;
constexpr seconds kShrinkTimeMax{90};
// A run that hangs does so again and again while it is made smaller.
constexpr seconds kShrinkRunTimeMax{10};

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
    try {
      scenario(run);
    } catch (const std::exception& thrown) {
      run.Wrong(absl::StrCat("exception: ", thrown.what()));
    } catch (...) {
      run.Wrong("exception that is no std::exception");
    }
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

// With the options of this build that matter to a failure. This project's own tests have the Bazel
// that it brings along.
std::string BazelRun(bool in_debugger) {
  std::string command =
      InEnvironment("TEST_WORKSPACE") == "troupe" ? "./bazelw run " : "bazel run ";
  if (in_debugger) return command + "-c dbg --run_under='gdb --args' ";
#ifdef NDEBUG
  command += "-c opt ";
#endif
#if defined(ABSL_HAVE_ADDRESS_SANITIZER) || defined(ABSL_HAVE_THREAD_SANITIZER)
  command += "[with this build's sanitizer] ";
#endif
  return command;
}

// The test's label if Bazel runs it, else its program.
std::string Command(bool in_debugger) {
  const std::string filter = absl::StrCat("--gtest_filter=", TestName());
  const std::string target = InEnvironment("TEST_TARGET");
  if (!target.empty()) return absl::StrCat(BazelRun(in_debugger), target, " -- ", filter);
  return absl::StrCat(in_debugger ? "gdb --args " : "",
                      std::filesystem::read_symlink("/proc/self/exe").string(), " ", filter);
}

std::string HowToRepeat(uint64_t seed, const SimChoices::Given& given) {
  std::string variables = absl::StrCat("TROUPE_SIM_SEED=", seed);
  if (!given.empty()) {
    absl::StrAppend(&variables, " TROUPE_SIM_CHOICES='", SimChoices::ToText(given), "'");
  }
  return absl::StrCat("again:         ", variables, " ", Command(false), "\n",
                      "in a debugger: ", variables, " ", Command(true), "\n");
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

// Within what Bazel gives the whole test, so that there is time to say which seed it was.
seconds OfTestTime(seconds wanted, int part) {
  const uint64_t all = SimulationNumber("TEST_TIMEOUT", 0);
  return all == 0 ? wanted : std::min(wanted, seconds(std::max<uint64_t>(all / part, 1)));
}

uint64_t AtLeastOne(const char* variable, uint64_t otherwise) {
  const uint64_t number = SimulationNumber(variable, otherwise);
  TROUPE_CHECK_MSG(number > 0, StdView(absl::StrCat(variable, " is 0: no run, and no test")));
  return number;
}

// What is left to say of the run that was made once more, for its trace.
std::string OfAnother(const RunReport& smallest, const RunReport& again) {
  if (again.Kind() == smallest.Kind()) return "";
  return absl::StrCat(
      "made once more it ", again.failed() ? "failed in another way" : "passed",
      ": it depends on something that is not simulated, such as addresses, threads or real time\n",
      again.failed() ? absl::StrCat(WrongText(again), "\n") : "");
}

void ExplainFailure(const SeedRunner& runner, const RunReport& failed) {
  std::cerr << "seed " << failed.seed << " fails; making it smaller ...\n"
            << WrongText(failed) << std::endl;
  const auto time_max = seconds(SimulationNumber(
      "TROUPE_SIM_SHRINK_SECONDS", static_cast<uint64_t>(OfTestTime(kShrinkTimeMax, 4).count())));
  const SeedRunner brief =
      runner.Within(std::min(OfTestTime(kShrinkRunTimeMax, 20), runner.run_time_max()));
  RunShrinker shrinker(
      failed, {},
      [&](const SimChoices::Given& given) { return brief.RunApart(failed.seed, given); },
      kShrinkTriesMax, time_max);
  const RunReport smallest = shrinker.Shrink();
  SimulationOptions recorded = runner.options();
  recorded.record_trace = true;
  recorded.trace_files = TraceFiles(failed.seed);
  const RunReport again =
      (failed.hung ? brief : runner).RunApart(failed.seed, shrinker.given(), recorded);
  ADD_FAILURE() << "seed " << failed.seed << ", after " << shrinker.tries()
                << " runs to make it smaller: " << ChoicesText(smallest) << "\n"
                << WrongText(smallest) << "\n"
                << OfAnother(smallest, again)
                << "trace:         " << TracePlace(recorded.trace_files)
                << (again.ended_badly ? ", of which a crash leaves the first\n" : "\n")
                << HowToRepeat(failed.seed, shrinker.given());
}

void RunMany(const Scenario& scenario, const SeedOptions& options) {
  const uint64_t count =
      AtLeastOne("TROUPE_SIM_SEEDS", AtLeastOne("TROUPE_SIM_RULE_SEEDS", options.seeds));
  const uint64_t failures_max = AtLeastOne("TROUPE_SIM_FAILURES", 1);
  const uint64_t cores = std::max(std::thread::hardware_concurrency(), 1u);
  const uint64_t processes =
      AtLeastOne("TROUPE_SIM_PROCESSES", AtLeastOne("TROUPE_SIM_RULE_PROCESSES", cores));
  const SeedRunner runner([&](SimRun& run) { RunCaptured(scenario, run); }, options.simulation,
                          OfTestTime(options.run_time_max, 5));
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
  for (const auto& [name, value] : *given) {
    const bool is_made = std::any_of(report.choices.begin(), report.choices.end(),
                                     [&](const SimChoice& choice) { return choice.name == name; });
    if (!is_made) std::cerr << "nothing asked for \"" << name << "\"" << std::endl;
  }
  for (const std::string& wrong : report.wrong) ADD_FAILURE() << "seed " << seed << ": " << wrong;
}

}  // namespace

void ForEachSeed(const Scenario& scenario, const SeedOptions& options) {
  if (std::getenv("TROUPE_SIM_SEED") != nullptr) return RunOne(scenario, options);
  RunMany(scenario, options);
}

}  // namespace troupe
