#ifndef TROUPE_SIM_SIMULATION_H_
#define TROUPE_SIM_SIMULATION_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "troupe/loop/platform.h"
#include "troupe/sim/link_options.h"
#include "troupe/sim/machine_options.h"
#include "troupe/sim/sim_buggify.h"
#include "troupe/sim/sim_network.h"
#include "troupe/sim/sim_platform.h"
#include "troupe/sim/sim_program.h"
#include "troupe/sim/sim_scheduler.h"
#include "troupe/sim/sim_socket.h"
#include "troupe/sim/sim_streaming_program.h"
#include "troupe/sim/simulation_options.h"

namespace troupe {

// Runs a cluster on one thread: one seed decides the clocks, scheduling, network, workers, children
// and signals of its nodes.
//
//   Simulation simulation({.seed = SimulationSeed(7)});   // Or the one that the environment names.
//   auto a = System::Start({.shards = 2, .platform = &simulation.AddNode("a")});
//   auto b = System::Start({.shards = 2, .platform = &simulation.AddNode("b")});
//   auto balance = account.Deposit(request).Wait();   // Runs all of them until the reply.
//
// Time stands still unless somebody waits: for a reply, for a system's end, or by RunFor().
//
// Thread:   the one that made it.
// Lifetime: outlives its systems. While it lives, this process's log lines go to its trace and to
//           stderr, and abort() names the seed.
class Simulation {
 public:
  explicit Simulation(SimulationOptions options = {});
  ~Simulation();
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  // Adds a node. `name` must be new.
  Platform& AddNode(std::string name, const MachineOptions& options = {});

  uint64_t seed() const { return scheduler_.options().seed; }
  // The right time; a node's own clock is its Platform's.
  Clock& clock() { return scheduler_; }

  void RunFor(absl::Duration time);
  // Returns false if `done()` did not become true within `time`.
  bool RunUntil(const std::function<bool()>& done, absl::Duration time = absl::Hours(24));

  // Runs `program` for each child with this argv[0], on any node.
  void AddProgram(std::string name, SimProgram program);
  // The same for a program that reads, writes and hears signals while it runs.
  void AddStreamingProgram(std::string name, SimStreamingProgramMaker make);
  // Makes a connection of which a program gets one end and the test plays the other.
  std::unique_ptr<SimSocket> MakeSocket(const SimSocketOptions& options = {});
  // Raises a signal on a node. Returns false if nobody there catches it.
  bool RaiseSignal(std::string_view node, int signal);

  // Sets how the network treats what `from` sends to `to`, or what anybody sends to anybody that
  // has no link of its own.
  void SetLink(std::string_view from, std::string_view to, const LinkOptions& options);
  void SetLinks(const LinkOptions& options);

  // Cuts the network between two nodes until Heal(): what is sent waits, as TCP retransmits, and
  // connections fail after their timeout.
  void Partition(std::string_view a, std::string_view b);
  void Heal(std::string_view a, std::string_view b);
  // Cuts one way only. What arrives on the other one is not acknowledged, so that connections fail
  // all the same.
  void Cut(std::string_view from, std::string_view to);

  // Resets the connections between two nodes, now or once `bytes` more have arrived at `to`.
  void Reset(std::string_view a, std::string_view b);
  void ResetAfter(std::string_view from, std::string_view to, uint64_t bytes);
  // Takes back a ResetAfter() that has not happened.
  void CancelReset(std::string_view from, std::string_view to);

  // Stops all threads of a node for `time`, or one shard's; the network goes on. Of pauses at once
  // the last to end counts.
  void Pause(std::string_view node, absl::Duration time);
  void PauseShard(std::string_view node, int shard, absl::Duration time);
  // Ends the pauses of a node and its shards now.
  void Resume(std::string_view node);

  // Sets how wrong a node's wall clock is from now on.
  void SetWallClockError(std::string_view node, absl::Duration error);

  // The calls of a node, so far, that a kernel without descriptors or threads refuses, or a queue
  // that is full: to make a poller, a thread, a listener, a connection or a child, to accept, to
  // catch signals, to watch a descriptor, to post a job to workers or to the blocking pool.
  uint64_t CallsOf(std::string_view node) { return Node(node).host().calls.count(); }
  // Makes the n-th of them from now on fail; 0 for none. A test that does so for 1, 2, 3, ... until
  // a run makes fewer calls has tried them all.
  void FailCall(std::string_view node, uint64_t n);
  // Makes so many of them fail, from 0 to 1.
  void FailCalls(std::string_view node, double share);

  // Ends a node's process at once, as by SIGKILL: its threads stop and its connections close.
  // Destroy its Node and its System then: that takes no time and reaches no other node. After
  // Restart() new ones may start on the same platform.
  void Crash(std::string_view node);
  void Restart(std::string_view node);
  // Switches a node's machine off: as a crash, but nobody's connection to it is closed; what is
  // sent there waits in vain until the senders' timeouts. Restart() switches it on.
  void SwitchOff(std::string_view node);

  // What the TROUPE_BUGGIFY sites did.
  const SimBuggify& buggify() const { return buggify_; }

  // Returns a hash that is equal for equal runs, and covers payloads.
  uint64_t trace_hash() { return scheduler_.trace().hash(); }
  // The run in the words of the program, with options.record_trace: messages between actors, their
  // ends, faults and log lines; as a line each, and as a web page with a sequence diagram.
  std::string trace_text();
  std::string trace_page();
  // The scheduler's steps and the packets; empty without options.record_trace.
  const std::deque<std::string>& trace() { return scheduler_.trace().lines(); }

 private:
  class LogToTrace;

  void LeavePage();
  SimPlatform& Node(std::string_view name);
  template <typename... Words>
  void Fault(const Words&... words) {
    scheduler_.story().Fault(scheduler_.Now(), absl::StrCat(words...));
  }

  SimScheduler scheduler_;
  SimNetwork network_;
  SimPrograms programs_;
  std::vector<std::unique_ptr<SimPlatform>> nodes_;
  std::unique_ptr<LogToTrace> log_;
  SimBuggify buggify_;
  Buggify* const outer_buggify_;
  Simulation* const outer_;
};

}  // namespace troupe

#endif  // TROUPE_SIM_SIMULATION_H_
