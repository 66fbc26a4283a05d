#include "troupe/sim/sim_platform.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "troupe/base/check.h"
#include "troupe/base/printable.h"
#include "troupe/base/status_macros.h"
#include "troupe/sim/sim_child.h"
#include "troupe/sim/sim_listener.h"
#include "troupe/sim/sim_poller.h"
#include "troupe/sim/sim_stream.h"
#include "troupe/sim/sim_workers.h"

namespace troupe {
namespace {

// Every poller that a SimPlatform is handed is one that it made.
SimPoller& Own(Poller& poller) { return static_cast<SimPoller&>(poller); }

// A shard's turns, one a step.
class SimExecutor final : public Executor, private SimTask {
 public:
  SimExecutor(SimScheduler& scheduler, SimHost& host, std::string_view name, LoopTask* task)
      : SimTask(scheduler, host, name), host_(host), task_(*task) {}
  ~SimExecutor() override { TROUPE_CHECK_MSG(over_, "a shard was not joined"); }

  void Join() override {
    scheduler().DriveUntil(
        &host_, [this] { return over_; }, Instant::Infinite());
  }

 private:
  void RunStep() override {
    over_ = over_ || !task_.RunTurn(/*may_block=*/true);
    if (over_) RunAt(Instant::Infinite());
  }
  bool may_wait() const override { return false; }
  DelayRange step_time() const override {
    return host_.options.turn_time.value_or(scheduler().options().turn_time);
  }

  SimHost& host_;
  LoopTask& task_;
  bool over_ = false;
};

class SimEvent final : public Event {
 public:
  SimEvent(SimScheduler& scheduler, SimHost& host) : scheduler_(scheduler), host_(host) {}

  void Notify() override { notified_ = true; }
  bool WaitUntil(Instant deadline) override {
    return scheduler_.DriveUntil(
        &host_, [this] { return notified_; }, host_.clock.WorldAt(deadline));
  }

 private:
  SimScheduler& scheduler_;
  SimHost& host_;
  bool notified_ = false;
};

// Nodes get streams of seeds that are far apart, and none equal to the scheduler's.
uint64_t SeedOf(uint64_t run, int index) {
  return Random(run ^ (0x9e3779b97f4a7c15u * (static_cast<uint64_t>(index) + 1))).Next();
}

}  // namespace

SimPlatform::SimPlatform(SimScheduler& scheduler, SimNetwork& network, const SimPrograms& programs,
                         std::string name, int index, const MachineOptions& options)
    : scheduler_(scheduler),
      network_(network),
      programs_(programs),
      host_(scheduler, scheduler.random(), std::move(name), index, options),
      tracer_(scheduler, host_),
      seeds_(SeedOf(scheduler.options().seed, index)) {}

void SimPlatform::Tracer::OnMessage(const TracedActor& actor, const std::string& name,
                                    std::string_view message, const TracedActor& sender) {
  scheduler_.story().Message(scheduler_.Now(), host_.name, actor, name, message, sender);
}

void SimPlatform::Tracer::OnOutcome(const TracedActor& asker, std::string_view request,
                                    const TracedActor& target, absl::StatusCode outcome) {
  scheduler_.story().Outcome(scheduler_.Now(), host_.name, asker, request, target, outcome);
}

void SimPlatform::Tracer::OnEnd(const TracedActor& actor, const std::string& name) {
  scheduler_.story().End(scheduler_.Now(), host_.name, actor, name);
}

void SimPlatform::EndProcess(int exit_code) {
  scheduler_.Trace("exit", host_.name, static_cast<uint64_t>(exit_code));
  Crash();
}

void SimPlatform::Crash() {
  host_.crashed = true;
  network_.Crash(host_);
}

absl::StatusOr<std::unique_ptr<Poller>> SimPlatform::MakePoller(const Limits& limits) {
  TROUPE_RETURN_IF_ERROR(host_.calls.Make("epoll_create1"));
  return std::make_unique<SimPoller>(scheduler_, host_, limits.watches_per_shard_max);
}

absl::StatusOr<std::unique_ptr<Executor>> SimPlatform::StartLoop(ThreadOptions options,
                                                                 LoopTask* task) {
  TROUPE_RETURN_IF_ERROR(host_.calls.Make("pthread_create"));
  return std::make_unique<SimExecutor>(scheduler_, host_, options.name, task);
}

absl::StatusOr<std::unique_ptr<WorkerThreads>> SimPlatform::StartWorkers(std::string name,
                                                                         int threads,
                                                                         int queue_max) {
  TROUPE_RETURN_IF_ERROR(host_.calls.Make("pthread_create"));
  return std::make_unique<SimWorkers>(scheduler_, host_, name, threads, queue_max);
}

std::unique_ptr<Event> SimPlatform::MakeEvent() {
  return std::make_unique<SimEvent>(scheduler_, host_);
}

absl::StatusOr<std::unique_ptr<Listener>> SimPlatform::Listen(Poller& poller, TimerWheel&,
                                                              const SocketAddress& address,
                                                              int accepts_per_turn_max,
                                                              ListenerHandler* handler) {
  if (host_.crashed) return absl::UnavailableError("the process crashed");
  TROUPE_RETURN_IF_ERROR(host_.calls.Make(absl::StrCat("listen on ", address.ToString())));
  return SimListener::Make(Own(poller), network_, address, accepts_per_turn_max, handler);
}

std::unique_ptr<ByteStream> SimPlatform::Connect(Poller& poller, const SocketAddress& address,
                                                 const ByteStreamOptions& options,
                                                 ByteStreamHandler* handler) {
  absl::Status failure = SocketAddress::Parse(address.ToString()).status();
  failure.Update(host_.calls.Make("socket"));
  if (host_.crashed) failure = absl::UnavailableError("the process crashed");
  if (!failure.ok()) {
    return std::make_unique<SimStream>(Own(poller), address, failure, handler);
  }
  // As the kernel does for loopback: from the address that it goes to.
  auto connection =
      std::make_shared<SimConnection>(network_, host_, network_.Ephemeral(address.host), address);
  connection->Open();
  return std::make_unique<SimStream>(Own(poller), std::move(connection), SimConnection::kClient,
                                     options, handler);
}

std::unique_ptr<ByteStream> SimPlatform::Adopt(Poller& poller,
                                               std::unique_ptr<PendingStream> pending,
                                               const ByteStreamOptions& options,
                                               ByteStreamHandler* handler) {
  return std::make_unique<SimStream>(Own(poller), static_cast<SimPendingStream&>(*pending).Take(),
                                     SimConnection::kServer, options, handler);
}

absl::StatusOr<std::unique_ptr<ChildProcess>> SimPlatform::SpawnChild(Poller& poller,
                                                                      const ChildOptions& options,
                                                                      const Limits& limits,
                                                                      ChildHandler* handler) {
  if (options.argv.empty()) return absl::InvalidArgumentError("argv is empty");
  if (children_count_ >= limits.children_processes_max) {
    return absl::ResourceExhaustedError(
        absl::StrCat("children_processes_max: ", limits.children_processes_max));
  }
  TROUPE_RETURN_IF_ERROR(host_.calls.Make(absl::StrCat("fork of ", Printable(options.argv[0]))));
  const auto program = programs_.find(options.argv[0]);
  if (program == programs_.end()) {
    return absl::NotFoundError(absl::StrCat("exec of ", Printable(options.argv[0]),
                                            ": this simulation has no such program"));
  }
  return std::make_unique<SimChild>(Own(poller), ++last_pid_, program->second(), options, limits,
                                    children_count_, handler);
}

absl::StatusOr<std::unique_ptr<SignalSource>> SimPlatform::CatchSignals(
    Poller& poller, const std::vector<int>& signals, SignalHandler* handler) {
  TROUPE_RETURN_IF_ERROR(host_.calls.Make("signalfd"));
  return signals_.Catch(Own(poller), signals, handler);
}

}  // namespace troupe
