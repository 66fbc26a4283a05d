// The word count with node processes that die and connections that break: the job may be given up,
// but a result is that of all files, each counted once.

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "troupe/examples/wordcount/coordinator.h"
#include "troupe/examples/wordcount/counting_node.h"
#include "troupe/examples/wordcount/word_table.h"
#include "troupe/sim/for_each_seed.h"
#include "troupe/sim/link_options.h"
#include "troupe/sim/sim_process.h"
#include "troupe/sim/sim_run.h"
#include "troupe/sim/sim_streaming_program.h"
#include "troupe/troupe.h"

namespace troupe {
namespace {

using wordcount::CountingNode;

constexpr char kProgram[] = "/bin/wordcount";
constexpr int kFiles = 8;

// What a run knows of its node processes.
struct Processes {
  explicit Processes(SimRun& sim_run) : run(sim_run), dies(sim_run.Each("death")) {}

  SimRun& run;
  const std::function<bool(size_t)> dies;
  size_t started = 0;
  size_t lost = 0;
  // Of processes that were killed: they end with the run, since it waits for their threads.
  std::vector<std::unique_ptr<CountingNode>> killed;
};

// A node process: the same code that main() runs, on a machine of its own.
class CountingProcess final : public SimStreamingProgram {
 public:
  explicit CountingProcess(Processes* processes) : processes_(*processes) {}
  ~CountingProcess() override {
    if (node_ == nullptr) return;
    processes_.run.simulation().Crash(name_);
    processes_.killed.push_back(std::move(node_));
  }

  void OnStart(SimProcess& process) override {
    const size_t number = processes_.started++;
    name_ = absl::StrCat("machine-", number);
    auto node = CountingNode::Start({.name = absl::StrCat("node-", number),
                                     .listen = absl::StrCat("127.0.0.1:", 5000 + number),
                                     .workers = 2,
                                     .platform = &processes_.run.AddNode(name_)});
    ASSERT_TRUE(node.ok()) << node.status();
    node_ = *std::move(node);
    process.Write(node_->ReadyLine());
    // Every second one dies at some time, with all that it has counted.
    if (number % 2 == 0 && processes_.dies(number)) {
      const auto after = absl::Microseconds(processes_.run.random().Below(100'000));
      process.After(after, [this, &process] {
        ++processes_.lost;
        process.End({.signal = kSignalKill});
      });
    }
  }
  // SIGTERM, at the end of the job.
  bool OnSignal(SimProcess& process, int) override {
    process.Exit(0);
    return true;
  }

 private:
  static constexpr int kSignalKill = 9;

  Processes& processes_;
  std::string name_;
  std::unique_ptr<CountingNode> node_;
};

// Files of some words each, and the counts of all of them.
struct Files {
  explicit Files(const std::filesystem::path& folder) {
    std::filesystem::create_directories(folder);
    for (int i = 0; i < kFiles; ++i) {
      paths.push_back(folder / absl::StrCat(i, ".txt"));
      const std::string text =
          absl::StrCat("all all all some", i % 3 == 0 ? " third" : "", i == 5 ? " once" : "", "\n");
      std::ofstream(paths.back()) << text;
      words.AddPiece(text);
      words.EndText();
    }
  }

  std::vector<std::string> paths;
  wordcount::WordTable words;
};

TEST(WordcountSimTest, EachFileIsCountedOnceWhateverDies) {
  const Files files(std::filesystem::path(testing::TempDir()) / "wordcount_sim_test");
  ForEachSeed([&](SimRun& run) {
    Simulation& simulation = run.simulation();
    Processes processes(run);
    simulation.AddStreamingProgram(kProgram,
                                   [&] { return std::make_unique<CountingProcess>(&processes); });
    const bool breaks = run.Chance("connections break", 0.3);
    if (breaks) simulation.SetLinks({.resets = 0.02});

    wordcount::JobResult result;
    bool over = false;
    {
      const auto system = *System::Start({.shards = 1, .platform = &run.AddNode("coordinator")});
      const auto node = *Node::Start(*system, {.name = "coordinator"});
      system->Spawn<wordcount::Coordinator>(
          {.restart = {.kind = RestartKind::kNever}},
          wordcount::JobOptions{.paths = files.paths,
                                .nodes = static_cast<int>(run.Number("nodes", 1, 3)),
                                .workers_per_node = 2,
                                .batch_files = static_cast<size_t>(run.Number("batch files", 1, 3)),
                                .program = kProgram},
          node.get(), &result);
      over = system->Run() == 0;
    }
    run.Expect(over, "the coordinator did not end");
    const bool all_well = processes.lost == 0 && !breaks;
    run.Expect(result.exit_code == 0 || !all_well, "the job was given up for no reason");
    if (result.exit_code != 0) return;
    run.Expect(result.files == kFiles, absl::StrCat(result.files, " files were counted"));
    run.Expect(result.words == files.words.Top(result.words.size()), "the counts are wrong");
    run.Expect(result.words.size() == files.words.distinct_words(), "words are missing");
  });
}

}  // namespace
}  // namespace troupe
