#ifndef TROUPE_SIM_SIM_CLOCK_H_
#define TROUPE_SIM_SIM_CLOCK_H_

#include <cstdint>

#include "absl/time/time.h"
#include "troupe/base/clock.h"
#include "troupe/base/instant.h"
#include "troupe/sim/machine_options.h"

namespace troupe {

// The clocks of one node, as wrong as its options say.
//
// Thread: the simulation's.
class SimClock final : public Clock {
 public:
  // `world` is the simulation's clock, which is right.
  SimClock(const Clock& world, const MachineOptions& options);

  Instant Now() const override { return Reading(world_.Now()); }
  absl::Time WallNow() const override { return world_.WallNow() + wall_error_; }

  // The first instant of the simulation at which this clock shows `reading` or more.
  Instant WorldAt(Instant reading) const;

  void set_wall_error(absl::Duration error) { wall_error_ = error; }

 private:
  Instant Reading(Instant world) const;

  const Clock& world_;
  const Instant start_;
  const int64_t ahead_nanos_;
  const int64_t gain_ppm_;
  absl::Duration wall_error_;
};

}  // namespace troupe

#endif  // TROUPE_SIM_SIM_CLOCK_H_
