#include "troupe/examples/wordcount/coordinator.h"

#include <csignal>
#include <iostream>
#include <numeric>
#include <string_view>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "troupe/examples/wordcount/counting_node.h"

namespace wordcount {
namespace {

constexpr size_t kWordsShown = 20;
constexpr int kReplacementsMax = 3;
constexpr double kBytesPerMegabyte = 1e6;

void Complain(const std::string& line) { std::cerr << "wordcount: " << line << std::endl; }

}  // namespace

Coordinator::Coordinator(JobOptions options, troupe::Node* node, JobResult* result)
    : options_(std::move(options)), node_(node), result_(result) {}

troupe::Reply<void> Coordinator::OnStart(troupe::Context& cx) {
  started_ = cx.Now();
  absl::StatusOr<FileList> list =
      co_await cx.Offload(&ListFiles, options_.paths, options_.batch_files);
  TROUPE_CO_RETURN_IF_ERROR(list.status());
  list_ = *std::move(list);
  for (const std::string& problem : list_.problems) Complain(problem);
  if (list_.files == 0) {
    if (list_.problems.empty()) Complain("no regular file under the given paths");
    End(cx, 1);
    co_return absl::OkStatus();
  }
  counted_.resize(list_.batches.size());
  batch_files_.resize(list_.batches.size());
  batch_bytes_.resize(list_.batches.size());
  for (size_t batch = 0; batch < list_.batches.size(); ++batch) waiting_.push_back(batch);
  for (int i = 0; i < options_.nodes; ++i) {
    const absl::Status started = StartNode(cx);
    if (started.ok()) continue;
    Complain(absl::StrCat("a node process could not be started: ", started.ToString()));
    End(cx, 1);
    co_return absl::OkStatus();
  }
  if (options_.show_progress) cx.Every(this, absl::Milliseconds(200), ProgressTick{});
  co_return absl::OkStatus();
}

// --- Node processes. ---

absl::Status Coordinator::StartNode(troupe::Context& cx) {
  const int number = static_cast<int>(nodes_.size());
  NodeRecord node;
  node.name = absl::StrCat("node-", number + 1);
  const int port = options_.first_port == 0 ? 0 : options_.first_port + number;
  troupe::ChildOptions child;
  child.argv = {options_.program,
                "--serve_as",
                node.name,
                "--listen",
                absl::StrCat("127.0.0.1:", port),
                "--workers",
                absl::StrCat(options_.workers_per_node)};
  child.kill_with_parent = true;
  absl::StatusOr<troupe::ChildId> started = cx.Exec(this, std::move(child));
  if (!started.ok()) return started.status();
  node.child = *started;
  nodes_.push_back(std::move(node));
  return absl::OkStatus();
}

void Coordinator::On(troupe::Context& cx, const troupe::ChildOutput& output) {
  for (size_t i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i].child != output.child) continue;
    if (output.is_stderr) {
      std::cerr << output.bytes << std::flush;
      return;
    }
    NodeRecord& node = nodes_[i];
    node.output += output.bytes;
    const size_t end = node.output.find('\n');
    constexpr std::string_view kReady = "ready ";
    if (node.ready || end == std::string::npos) return;
    if (node.output.rfind(kReady, 0) != 0) return;
    NodeReady(cx, static_cast<int>(i), node.output.substr(kReady.size(), end - kReady.size()));
    return;
  }
}

void Coordinator::NodeReady(troupe::Context& cx, int node, const std::string& address) {
  nodes_[node].ready = true;
  for (int worker = 0; worker < options_.workers_per_node; ++worker) {
    const int number = static_cast<int>(feeders_.size());
    FeederRecord feeder;
    feeder.node = node;
    feeder.ref =
        cx.Spawn<Feeder>({.restart = {.kind = troupe::RestartKind::kNever}}, number, cx.Self(this),
                         node_, absl::StrCat("troupe://", address, "/", CounterName(worker)));
    feeders_.push_back(std::move(feeder));
  }
}

void Coordinator::On(troupe::Context& cx, const troupe::ChildExited& exited) {
  for (size_t i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i].child != exited.child) continue;
    const std::string how = exited.status.signal > 0
                                ? absl::StrCat("was ended by signal ", exited.status.signal)
                                : absl::StrCat("ended with code ", exited.status.exit_code);
    LoseNode(cx, static_cast<int>(i), absl::StrCat("process ", exited.pid, " ", how));
    return;
  }
}

void Coordinator::LoseNode(troupe::Context& cx, int number, const std::string& why) {
  NodeRecord& node = nodes_[number];
  if (node.lost || ended_) return;
  node.lost = true;
  // The node may hang rather than have ended: what it would still say must not count.
  cx.SignalChild(node.child, SIGKILL).IgnoreError();
  uint64_t files = 0;
  for (FeederRecord& feeder : feeders_) {
    if (feeder.node != number) continue;
    feeder.state = FeederState::kLost;
    cx.Stop(feeder.ref);
    for (const size_t batch : std::exchange(feeder.batches, {})) {
      files += list_.batches[batch].size();
      counted_[batch] = false;
      batch_files_[batch] = batch_bytes_[batch] = 0;
      waiting_.push_back(batch);
    }
  }
  if (options_.show_progress) std::cerr << "\n";
  Complain(
      absl::StrCat(node.name, " is lost: ", why, "; ", files, " files are given to the others"));
  const bool began = node.ready;
  if (began && replacements_ < kReplacementsMax && options_.first_port == 0) {
    ++replacements_;
    if (StartNode(cx).ok()) return Advance(cx);
  }
  for (const NodeRecord& other : nodes_) {
    if (!other.lost) return Advance(cx);
  }
  Complain("no node is left");
  End(cx, 1);
}

// --- The work. ---

void Coordinator::On(troupe::Context& cx, const Ready& ready) {
  FeederRecord& feeder = feeders_[ready.feeder];
  if (feeder.state != FeederState::kStarting) return;
  feeder.state = FeederState::kIdle;
  Advance(cx);
}

void Coordinator::On(troupe::Context& cx, const Fed& fed) {
  FeederRecord& feeder = feeders_[fed.feeder];
  if (feeder.state != FeederState::kBusy) return;
  feeder.state = FeederState::kIdle;
  for (const std::string& line : fed.unreadable) Complain(line);
  counted_[fed.batch] = true;
  batch_files_[fed.batch] = fed.files;
  batch_bytes_[fed.batch] = fed.bytes;
  Advance(cx);
}

void Coordinator::On(troupe::Context& cx, const Lost& lost) {
  LoseNode(cx, feeders_[lost.feeder].node, std::string(lost.why.message()));
}

bool Coordinator::AllBatchesCounted() const {
  for (const bool counted : counted_) {
    if (!counted) return false;
  }
  return true;
}

void Coordinator::Advance(troupe::Context& cx) {
  if (ended_) return;
  for (FeederRecord& feeder : feeders_) {
    if (feeder.state != FeederState::kIdle || waiting_.empty()) continue;
    const size_t batch = waiting_.front();
    waiting_.pop_front();
    feeder.batches.push_back(batch);
    feeder.state = FeederState::kBusy;
    feeder.ref.Send(Feed{batch, list_.batches[batch]});
  }
  if (!AllBatchesCounted()) return;
  bool all_collected = true;
  for (FeederRecord& feeder : feeders_) {
    if (feeder.batches.empty()) continue;
    all_collected = false;
    if (feeder.state != FeederState::kIdle) continue;
    feeder.state = FeederState::kCollecting;
    feeder.ref.Send(Collect{});
  }
  if (all_collected) Finish(cx);
}

void Coordinator::On(troupe::Context& cx, const Totals& totals) {
  FeederRecord& feeder = feeders_[totals.feeder];
  if (feeder.state != FeederState::kCollecting) return;
  feeder.totals += totals.text;
  if (!totals.last) return;
  for (const absl::string_view line : absl::StrSplit(feeder.totals, '\n', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> entry =
        absl::StrSplit(line, absl::MaxSplits(' ', 1));
    uint64_t count = 0;
    if (!absl::SimpleAtoi(entry.second, &count)) continue;
    words_.Add(std::string_view(entry.first.data(), entry.first.size()), count);
  }
  feeder.totals.clear();
  feeder.batches.clear();
  feeder.state = FeederState::kIdle;
  Advance(cx);
}

// --- The end. ---

void Coordinator::Finish(troupe::Context& cx) {
  ShowProgress(/*last=*/true);
  result_->words = words_.Top(kWordsShown);
  result_->files = std::accumulate(batch_files_.begin(), batch_files_.end(), uint64_t{0});
  result_->bytes = std::accumulate(batch_bytes_.begin(), batch_bytes_.end(), uint64_t{0});
  result_->took = cx.Now() - started_;
  End(cx, result_->files > 0 ? 0 : 1);
}

void Coordinator::End(troupe::Context& cx, int exit_code) {
  if (ended_) return;
  ended_ = true;
  result_->exit_code = exit_code;
  for (const NodeRecord& node : nodes_) {
    if (!node.lost) cx.SignalChild(node.child, SIGTERM).IgnoreError();
  }
  cx.self().system()->Shutdown();
}

void Coordinator::On(troupe::Context&, ProgressTick) { ShowProgress(/*last=*/false); }

void Coordinator::ShowProgress(bool last) {
  if (!options_.show_progress || ended_) return;
  const uint64_t files = std::accumulate(batch_files_.begin(), batch_files_.end(), uint64_t{0});
  const uint64_t bytes = std::accumulate(batch_bytes_.begin(), batch_bytes_.end(), uint64_t{0});
  std::cerr << absl::StrFormat("\r%d of %d files, %.1f MB", files, list_.files,
                               static_cast<double>(bytes) / kBytesPerMegabyte)
            << (last ? "\n" : "") << std::flush;
}

}  // namespace wordcount
