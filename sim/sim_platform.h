#ifndef TROUPE_SIM_SIM_PLATFORM_H_
#define TROUPE_SIM_SIM_PLATFORM_H_

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "troupe/base/random.h"
#include "troupe/loop/message_tracer.h"
#include "troupe/loop/platform.h"
#include "troupe/sim/machine_options.h"
#include "troupe/sim/sim_host.h"
#include "troupe/sim/sim_network.h"
#include "troupe/sim/sim_scheduler.h"
#include "troupe/sim/sim_signals.h"
#include "troupe/sim/sim_streaming_program.h"

namespace troupe {

// Programs by argv[0].
using SimPrograms = std::map<std::string, SimStreamingProgramMaker, std::less<>>;

// The Platform of one node of a simulation.
class SimPlatform final : public Platform {
 public:
  SimPlatform(SimScheduler& scheduler, SimNetwork& network, const SimPrograms& programs,
              std::string name, int index, const MachineOptions& options);

  SimHost& host() { return host_; }
  SimSignals& signals() { return signals_; }

  Clock& clock() override { return host_.clock; }
  uint64_t RandomSeed() override { return seeds_.Next(); }
  int usable_cores() override { return std::max(host_.options.cores, 1); }
  bool cores_pinned() override { return false; }
  bool simulated() const override { return true; }
  MessageTracer* tracer() override { return scheduler_.story().kept() ? &tracer_ : nullptr; }
  void EndProcess(int exit_code) override;
  // As by SIGKILL: its threads stop and its connections close.
  void Crash();

  absl::StatusOr<std::unique_ptr<Poller>> MakePoller(const Limits& limits) override;
  absl::StatusOr<std::unique_ptr<Executor>> StartLoop(ThreadOptions options,
                                                      LoopTask* task) override;
  absl::StatusOr<std::unique_ptr<WorkerThreads>> StartWorkers(std::string name, int threads,
                                                              int queue_max) override;
  std::unique_ptr<Event> MakeEvent() override;

  absl::StatusOr<std::unique_ptr<Listener>> Listen(Poller& poller, TimerWheel& timers,
                                                   const SocketAddress& address,
                                                   int accepts_per_turn_max,
                                                   ListenerHandler* handler) override;
  std::unique_ptr<ByteStream> Connect(Poller& poller, const SocketAddress& address,
                                      const ByteStreamOptions& options,
                                      ByteStreamHandler* handler) override;
  std::unique_ptr<ByteStream> Adopt(Poller& poller, std::unique_ptr<PendingStream> pending,
                                    const ByteStreamOptions& options,
                                    ByteStreamHandler* handler) override;

  // Errors: NOT_FOUND for a program unknown to the simulation.
  absl::StatusOr<std::unique_ptr<ChildProcess>> SpawnChild(Poller& poller,
                                                           const ChildOptions& options,
                                                           const Limits& limits,
                                                           ChildHandler* handler) override;

  void MaskSignals(const std::vector<int>&) override {}
  absl::StatusOr<std::unique_ptr<SignalSource>> CatchSignals(Poller& poller,
                                                             const std::vector<int>& signals,
                                                             SignalHandler* handler) override;

 private:
  // Tells the run's story of this node.
  class Tracer final : public MessageTracer {
   public:
    Tracer(SimScheduler& scheduler, const SimHost& host) : scheduler_(scheduler), host_(host) {}

    void OnMessage(const TracedActor& actor, const std::string& name, std::string_view message,
                   const TracedActor& sender) override;
    void OnOutcome(const TracedActor& asker, std::string_view request, const TracedActor& target,
                   absl::StatusCode outcome) override;
    void OnEnd(const TracedActor& actor, const std::string& name) override;

   private:
    SimScheduler& scheduler_;
    const SimHost& host_;
  };

  SimScheduler& scheduler_;
  SimNetwork& network_;
  const SimPrograms& programs_;
  SimHost host_;
  Tracer tracer_;
  SimSignals signals_;
  Random seeds_;
  int last_pid_ = 0;
  uint32_t children_count_ = 0;
};

}  // namespace troupe

#endif  // TROUPE_SIM_SIM_PLATFORM_H_
