#include "troupe/sim/simulation.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "troupe/base/buggify.h"
#include "troupe/base/check.h"
#include "troupe/base/logging.h"
#include "troupe/base/text.h"
#include "troupe/sim/story_page.h"

namespace troupe {
namespace {

Simulation* current_simulation = nullptr;
void (*previous_abort)(int) = SIG_DFL;

// abort() is raised by the thread itself, so this may print.
void NameSeed(int) {
  std::fprintf(stderr, "simulation seed %llu (TROUPE_SIM_SEED=%llu replays it)\n",
               static_cast<unsigned long long>(current_simulation->seed()),
               static_cast<unsigned long long>(current_simulation->seed()));
}

}  // namespace

// Writes lines where they were made, so that no thread is needed and their order is the run's.
class Simulation::LogToTrace final : public LogSink {
 public:
  explicit LogToTrace(SimScheduler& scheduler)
      : scheduler_(scheduler), previous_(SetLogSink(this)) {}
  ~LogToTrace() override { SetLogSink(previous_); }

  void Write(LogLevel, std::string_view line) override {
    scheduler_.trace().Note(scheduler_.Now(), line);
    scheduler_.story().Log(scheduler_.Now(), line);
    if (!scheduler_.options().log_to_stderr) return;
    std::fprintf(stderr, "%s %.*s\n", SimTimeText(scheduler_.Now()).c_str(),
                 static_cast<int>(line.size()), line.data());
  }
  void Flush() override {}
  uint64_t dropped_lines() const override { return 0; }

 private:
  SimScheduler& scheduler_;
  LogSink* const previous_;
};

Simulation::Simulation(SimulationOptions options)
    : scheduler_(options),
      network_(scheduler_),
      log_(std::make_unique<LogToTrace>(scheduler_)),
      buggify_(options.seed, options.buggify_sites, options.buggify_firings),
      outer_buggify_(
          std::exchange(internal::buggify, options.buggify_sites > 0 ? &buggify_ : nullptr)),
      outer_(std::exchange(current_simulation, this)) {
  if (outer_ == nullptr) previous_abort = std::signal(SIGABRT, &NameSeed);
}

Simulation::~Simulation() {
  LeavePage();
  current_simulation = outer_;
  internal::buggify = outer_buggify_;
  if (outer_ == nullptr) std::signal(SIGABRT, previous_abort);
  // Packets hold connections, which know the network.
  scheduler_.Clear();
}

void Simulation::LeavePage() {
  const std::string& files = scheduler_.options().trace_files;
  if (!files.empty()) std::ofstream(files + ".html") << trace_page();
}

std::string Simulation::trace_text() { return scheduler_.story().ToText(); }

std::string Simulation::trace_page() {
  return StoryPage(scheduler_.story(), absl::StrCat("seed ", seed()));
}

Platform& Simulation::AddNode(std::string name, const MachineOptions& options) {
  for (const auto& node : nodes_) {
    TROUPE_CHECK_MSG(node->host().name != name, "two nodes have one name");
  }
  const int index = static_cast<int>(nodes_.size());
  nodes_.push_back(std::make_unique<SimPlatform>(scheduler_, network_, programs_, std::move(name),
                                                 index, options));
  return *nodes_.back();
}

SimPlatform& Simulation::Node(std::string_view name) {
  const auto found = std::find_if(nodes_.begin(), nodes_.end(),
                                  [name](const auto& node) { return node->host().name == name; });
  TROUPE_CHECK_MSG(found != nodes_.end(), "no node has this name");
  return **found;
}

void Simulation::RunFor(absl::Duration time) {
  RunUntil([] { return false; }, time);
}

bool Simulation::RunUntil(const std::function<bool()>& done, absl::Duration time) {
  return scheduler_.DriveUntil(nullptr, done, scheduler_.Now() + time);
}

void Simulation::AddProgram(std::string name, SimProgram program) {
  AddStreamingProgram(std::move(name), StreamingForm(std::move(program)));
}

void Simulation::AddStreamingProgram(std::string name, SimStreamingProgramMaker make) {
  programs_.insert_or_assign(std::move(name), std::move(make));
}

std::unique_ptr<SimSocket> Simulation::MakeSocket(const SimSocketOptions& options) {
  return std::make_unique<SimSocket>(scheduler_, options);
}

bool Simulation::RaiseSignal(std::string_view node, int signal) {
  Fault("signal ", signal, " on ", AbslView(node));
  scheduler_.Trace("signal", node, static_cast<uint64_t>(signal));
  return Node(node).signals().Raise(signal);
}

void Simulation::Partition(std::string_view a, std::string_view b) {
  Fault("partition of ", AbslView(a), " and ", AbslView(b));
  scheduler_.Trace("partition", a, static_cast<uint64_t>(Node(b).host().index));
  network_.Cut(Node(a).host(), Node(b).host());
  network_.Cut(Node(b).host(), Node(a).host());
}

void Simulation::Heal(std::string_view a, std::string_view b) {
  Fault("healed: ", AbslView(a), " and ", AbslView(b));
  scheduler_.Trace("heal", a, static_cast<uint64_t>(Node(b).host().index));
  network_.Heal(Node(a).host(), Node(b).host());
  network_.Heal(Node(b).host(), Node(a).host());
}

void Simulation::Cut(std::string_view from, std::string_view to) {
  Fault("cut from ", AbslView(from), " to ", AbslView(to));
  scheduler_.Trace("cut", from, static_cast<uint64_t>(Node(to).host().index));
  network_.Cut(Node(from).host(), Node(to).host());
}

void Simulation::SetLink(std::string_view from, std::string_view to, const LinkOptions& options) {
  Fault("another link from ", AbslView(from), " to ", AbslView(to));
  scheduler_.Trace("link", from, static_cast<uint64_t>(Node(to).host().index));
  network_.SetLink(Node(from).host(), Node(to).host(), options);
}

void Simulation::SetLinks(const LinkOptions& options) {
  Fault("other links everywhere");
  scheduler_.Trace("links", "");
  network_.SetLinks(options);
}

void Simulation::Reset(std::string_view a, std::string_view b) {
  Fault("reset of ", AbslView(a), " and ", AbslView(b));
  scheduler_.Trace("reset", a, static_cast<uint64_t>(Node(b).host().index));
  network_.Break(Node(a).host(), Node(b).host());
}

void Simulation::ResetAfter(std::string_view from, std::string_view to, uint64_t bytes) {
  Fault("reset from ", AbslView(from), " to ", AbslView(to), " after ", bytes, " bytes");
  scheduler_.Trace("reset after", from, bytes);
  network_.BreakAfter(Node(from).host(), Node(to).host(), bytes);
}

void Simulation::CancelReset(std::string_view from, std::string_view to) {
  scheduler_.Trace("no reset", from, static_cast<uint64_t>(Node(to).host().index));
  network_.CancelBreak(Node(from).host(), Node(to).host());
}

void Simulation::Pause(std::string_view node, absl::Duration time) {
  Fault("pause of ", AbslView(node), " for ", absl::FormatDuration(time));
  scheduler_.Trace("pause", node, static_cast<uint64_t>(NanosRoundedUp(time)));
  Node(node).host().Pause(scheduler_.Now() + time);
}

void Simulation::PauseShard(std::string_view node, int shard, absl::Duration time) {
  const std::string thread = absl::StrCat("shard-", shard);
  Fault("pause of ", AbslView(node), "/", thread, " for ", absl::FormatDuration(time));
  scheduler_.Trace("pause", absl::StrCat(AbslView(node), "/", thread),
                   static_cast<uint64_t>(NanosRoundedUp(time)));
  TROUPE_CHECK_MSG(scheduler_.PauseThread(Node(node).host(), thread, scheduler_.Now() + time),
                   "the node has no shard of this number");
}

void Simulation::Resume(std::string_view node) {
  Fault("end of all pauses of ", AbslView(node));
  scheduler_.Trace("resume", node);
  scheduler_.Resume(Node(node).host());
}

void Simulation::SetWallClockError(std::string_view node, absl::Duration error) {
  Fault("wall clock of ", AbslView(node), " wrong by ", absl::FormatDuration(error));
  scheduler_.Trace("wall clock", node, static_cast<uint64_t>(absl::ToInt64Nanoseconds(error)));
  Node(node).host().clock.set_wall_error(error);
}

void Simulation::FailCall(std::string_view node, uint64_t n) {
  Fault("call ", n, " of ", AbslView(node), " fails");
  scheduler_.Trace("fails call", node, n);
  Node(node).host().calls.FailNth(n);
}

void Simulation::FailCalls(std::string_view node, double share) {
  Fault("calls of ", AbslView(node), " fail: ", share);
  scheduler_.Trace("fails calls", node, static_cast<uint64_t>(share * 1e6));
  Node(node).host().calls.set_failing_share(share);
}

void Simulation::Crash(std::string_view node) {
  Fault("crash of ", AbslView(node));
  scheduler_.Trace("crash", node);
  Node(node).Crash();
}

void Simulation::Restart(std::string_view node) {
  Fault(AbslView(node), " starts again");
  scheduler_.Trace("restart", node);
  SimHost& host = Node(node).host();
  TROUPE_CHECK_MSG(!scheduler_.HasTasksOf(host), "the crashed node's System is still there");
  host.crashed = false;
  if (host.off != 0) network_.SwitchOn(host);
}

void Simulation::SwitchOff(std::string_view node) {
  Fault(AbslView(node), " is switched off");
  scheduler_.Trace("off", node);
  SimHost& host = Node(node).host();
  host.crashed = true;
  network_.SwitchOff(host);
}

}  // namespace troupe
