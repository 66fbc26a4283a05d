#include "troupe/sim/swarm.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>

#include "absl/time/time.h"

namespace troupe {
namespace {

// How many things of one kind are other than usual.
constexpr uint64_t kUnusual = 4;  // One in so many.

bool IsUnusual(Random& random) { return random.Below(kUnusual) == 0; }

template <typename Value>
void Push(Random& random, Value& value, const Value (&instead)[4]) {
  if (IsUnusual(random)) value = instead[random.Below(std::size(instead))];
}

constexpr int kGainsPpm[] = {-5000, -200, 200, 5000};

}  // namespace

SimulationOptions DrawWorld(Random& random, SimulationOptions options) {
  const DelayRange links[] = {
      {absl::Microseconds(1), absl::Microseconds(10)},
      {absl::Microseconds(50), absl::Microseconds(60)},
      {absl::Milliseconds(1), absl::Milliseconds(40)},
      {absl::ZeroDuration(), absl::Milliseconds(300)},
  };
  Push(random, options.network_delay, links);
  const DelayRange turns[] = {
      {absl::Nanoseconds(100), absl::Nanoseconds(500)},
      {absl::Microseconds(20), absl::Microseconds(20)},
      {absl::Microseconds(1), absl::Milliseconds(1)},
      {absl::Microseconds(1), absl::Milliseconds(20)},
  };
  Push(random, options.turn_time, turns);
  const DelayRange jobs[] = {
      {absl::ZeroDuration(), absl::Microseconds(1)},
      {absl::Milliseconds(1), absl::Milliseconds(1)},
      {absl::Milliseconds(1), absl::Milliseconds(20)},
      {absl::ZeroDuration(), absl::Milliseconds(200)},
  };
  Push(random, options.worker_time, jobs);
  Push<size_t>(random, options.stream_buffer_bytes, {512, 1500, 4096, 1u << 20});
  Push(random, options.partial_io, {0.0, 0.05, 0.75, 0.95});
  return options;
}

MachineOptions DrawMachine(Random& random) {
  MachineOptions machine;
  Push(random, machine.cores, {1, 1, 3, 8});
  Push(random, machine.clock_gain_ppm, kGainsPpm);
  Push(random, machine.clock_ahead,
       {-absl::Milliseconds(900), absl::Seconds(1), absl::Hours(1), absl::Hours(24 * 365)});
  Push(random, machine.wall_clock_error,
       {absl::Hours(-24), absl::Seconds(-1), absl::Seconds(1), absl::Hours(24)});
  if (IsUnusual(random)) {
    machine.turn_time = DelayRange{absl::Microseconds(100), absl::Milliseconds(3)};
  }
  return machine;
}

Limits DrawLimits(Random& random, Limits limits) {
  Push<uint32_t>(random, limits.turn_messages_max, {1, 2, 16, 100'000});
  Push<uint32_t>(random, limits.turn_messages_per_actor_max, {1, 2, 8, 10'000});
  limits.turn_messages_per_actor_max =
      std::min(limits.turn_messages_per_actor_max, limits.turn_messages_max);
  Push<uint32_t>(random, limits.turn_timers_max, {1, 2, 16, 100'000});
  Push<uint32_t>(random, limits.turn_accepts_max, {1, 1, 2, 1000});
  Push<uint64_t>(random, limits.turn_connection_bytes_max, {1024, 2048, 16384, 1u << 30});
  Push<uint32_t>(random, limits.turn_inbound_messages_max, {1, 2, 16, 100'000});
  Push<uint32_t>(random, limits.shard_ring_messages, {1, 2, 16, 8192});
  Push<uint32_t>(random, limits.stream_credit_items, {1, 2, 5, 1000});
  Push<uint32_t>(random, limits.blocking_pool_threads, {1, 1, 2, 16});
  Push(random, limits.timer_slack_max,
       {absl::ZeroDuration(), absl::Microseconds(10), absl::Milliseconds(1),
        absl::Milliseconds(10)});
  return limits;
}

}  // namespace troupe
