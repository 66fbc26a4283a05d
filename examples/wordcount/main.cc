// Teaches: a job distributed over node processes, with protobuf messages over TCP, that survives
// the loss of a node.
//
// Prints the 20 most frequent words under the given paths, one `word count` per line, then how many
// files, megabytes and seconds it took:
//
//   bazel run //examples/wordcount -- /usr/include

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "troupe/examples/wordcount/coordinator.h"
#include "troupe/examples/wordcount/counting_node.h"
#include "troupe/troupe.h"

ABSL_FLAG(int, nodes, 2, "How many node processes share the work.");
ABSL_FLAG(int, workers, 0, "Worker threads of each node; 0: the cores divided by the nodes.");
ABSL_FLAG(int, first_port, 0, "Node i listens on this port + i; 0: any free ports.");
ABSL_FLAG(bool, progress, isatty(STDERR_FILENO) != 0, "Show progress on standard error.");
ABSL_FLAG(std::string, serve_as, "", "For node processes: the node's name.");
ABSL_FLAG(std::string, listen, "127.0.0.1:0", "For node processes: the address.");

namespace wordcount {
namespace {

constexpr double kBytesPerMegabyte = 1e6;

// Paths are relative to the folder that the user is in, also under `bazel run`.
std::string Absolute(const std::string& path) {
  const char* const folder = std::getenv("BUILD_WORKING_DIRECTORY");
  if (path.empty() || path[0] == '/') return path;
  return folder != nullptr ? (std::filesystem::path(folder) / path).string() : path;
}

int WorkersPerNode(int nodes) {
  const int workers = absl::GetFlag(FLAGS_workers);
  if (workers > 0) return workers;
  const int cores = static_cast<int>(std::thread::hardware_concurrency());
  return std::max(1, cores / nodes);
}

int Refuse(const std::string& line) {
  std::cerr << "wordcount: " << line << "\n";
  return 2;
}

void Print(const JobResult& result) {
  if (result.files == 0) return;
  for (const auto& [word, count] : result.words) std::cout << word << " " << count << "\n";
  std::cout << absl::StrFormat("%d files, %.1f MB, %.1f seconds\n", result.files,
                               static_cast<double>(result.bytes) / kBytesPerMegabyte,
                               absl::ToDoubleSeconds(result.took))
            << std::flush;
}

int RunJob(std::vector<std::string> paths) {
  const int nodes = absl::GetFlag(FLAGS_nodes);
  if (paths.empty()) return Refuse("name a file or a folder to count");
  if (nodes < 1 || nodes > 64) return Refuse("--nodes must be in [1, 64]");
  for (std::string& path : paths) path = Absolute(path);
  auto system = troupe::System::Start({.shards = 1});
  if (!system.ok()) return Refuse(system.status().ToString());
  auto node = troupe::Node::Start(**system, {.name = "coordinator"});
  if (!node.ok()) return Refuse(node.status().ToString());
  JobResult result;
  (*system)->Spawn<Coordinator>(
      {.name = "coordinator", .restart = {.kind = troupe::RestartKind::kNever}},
      JobOptions{.paths = std::move(paths),
                 .nodes = nodes,
                 .workers_per_node = WorkersPerNode(nodes),
                 .first_port = absl::GetFlag(FLAGS_first_port),
                 .show_progress = absl::GetFlag(FLAGS_progress),
                 .program = std::filesystem::read_symlink("/proc/self/exe").string()},
      node->get(), &result);
  (*system)->Run();
  Print(result);
  return result.exit_code;
}

int Serve(const CountingNodeOptions& options) {
  const auto node = CountingNode::Start(options);
  if (!node.ok()) {
    std::cerr << "wordcount: " << options.name << ": " << node.status().message() << "\n";
    return 1;
  }
  std::cout << (*node)->ReadyLine() << std::flush;
  return (*node)->Run();
}

}  // namespace
}  // namespace wordcount

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage(
      "Counts the words of all regular files at and under the given paths.\n"
      "wordcount [--nodes=N] [--workers=N] PATH...");
  std::vector<char*> words = absl::ParseCommandLine(argc, argv);
  troupe::SetLogLevel(troupe::LogLevel::kError);  // The user gets printed messages instead.
  if (const std::string name = absl::GetFlag(FLAGS_serve_as); !name.empty()) {
    return wordcount::Serve({.name = name,
                             .listen = absl::GetFlag(FLAGS_listen),
                             .workers = std::max(1, absl::GetFlag(FLAGS_workers))});
  }
  return wordcount::RunJob(std::vector<std::string>(words.begin() + 1, words.end()));
}
