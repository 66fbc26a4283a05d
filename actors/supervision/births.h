#ifndef TROUPE_ACTORS_SUPERVISION_BIRTHS_H_
#define TROUPE_ACTORS_SUPERVISION_BIRTHS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "troupe/actors/any_ref.h"
#include "troupe/actors/cells/cell.h"
#include "troupe/actors/cells/slot_lease.h"
#include "troupe/actors/typing/instance.h"

namespace troupe::internal {

class Shard;
class SlotTable;
class Supervisor;

// How actors begin: a lease on a slot, a name, the installation on the actor's own shard, and the
// first run of each life.
//
// A handle is good as soon as it is given out, so leases on other shards are taken in advance. The
// name is claimed last of all that can fail: a lease that anybody has seen is given to no other.
//
// Thread: shard-affine.
class Births {
 public:
  // A slot that no table has: a handle that is dead from birth.
  static constexpr uint32_t kUnbornSlot = kNoSlot - 1;

  Births(Shard& shard, SlotTable& slots, Supervisor& supervisor, size_t shards)
      : shard_(shard), slots_(slots), supervisor_(supervisor), leases_(shards) {}
  Births(const Births&) = delete;
  Births& operator=(const Births&) = delete;

  // As the child of the actor whose handler runs, without any option. Takes `instance`; null if it
  // does not, since something is in the way.
  Cell* SpawnPlain(Instance* instance);
  // As the child of the actor that runs. The handle is dead from birth if `status`, which is OK
  // before, is not OK afterwards.
  AnyRef Spawn(InstancePtr instance, SpawnOptions&& options, absl::Status& status);
  // The second half of a spawn, on the actor's own shard. `parent` is empty for an actor that was
  // spawned from outside.
  void Install(const SlotLease& lease, InstancePtr instance, const SpawnOptions& options,
               const AnyRef& parent);
  // Ends the handles of spawns that were refused after others had seen them.
  void EndRefused();
  // Begins the life of an actor, in the visit of its cell. Returns whether nothing else is to be
  // done in that visit.
  bool Start(Cell& cell);

 private:
  Cell* PrepareAndSpawnPlain(Instance* instance);
  // Whether nothing but the number of actors can refuse a spawn.
  bool MaySpawnHere(const SpawnOptions& options, const Instance& instance) const;
  absl::Status WhyNot(int placement) const;
  std::optional<SlotLease> Lease(uint16_t shard);
  void GiveBack(uint16_t shard, const SlotLease& lease);
  void Place(Cell& cell, InstancePtr instance, const SpawnOptions& options);
  static void Occupy(Cell& cell, Instance* instance);
  void Await(Shard& shard, Cell& cell);
  void Configure(Cell& cell, const SpawnOptions& options);
  // Constructs the actor and runs OnStart.
  void Begin(Cell& cell);
  void LeaveConstructor();
  Progress RunOnStart(Cell& cell);
  void MakeStartEnvelope();

  Shard& shard_;
  SlotTable& slots_;
  Supervisor& supervisor_;
  std::vector<std::vector<SlotLease>> leases_;  // On other shards, by shard.
  // What the next OnStart runs with, since few keep theirs. Null if the last one did.
  Envelope* start_envelope_ = nullptr;
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_SUPERVISION_BIRTHS_H_
