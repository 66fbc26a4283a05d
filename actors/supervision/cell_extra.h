#ifndef TROUPE_ACTORS_SUPERVISION_CELL_EXTRA_H_
#define TROUPE_ACTORS_SUPERVISION_CELL_EXTRA_H_

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "troupe/actors/any_ref.h"
#include "troupe/actors/cells/cell.h"
#include "troupe/actors/mail/arrivals.h"
#include "troupe/actors/spawn_options.h"
#include "troupe/actors/supervision/backoff_timer.h"
#include "troupe/actors/supervision/restart_window.h"

namespace troupe::internal {

// Children on other shards, in the order in which they are told to stop.
struct ByPlace {
  bool operator()(const AnyRef& a, const AnyRef& b) const {
    return std::tuple(a.shard(), a.slot(), a.generation()) <
           std::tuple(b.shard(), b.slot(), b.generation());
  }
};

// What few actors have, or have seldom.
struct CellExtra {
  std::string name;
  RestartOptions restart;
  AnyRef remote_parent;  // On another shard.
  std::set<AnyRef, ByPlace> remote_children;
  // Where asking the children to stop has got.
  bool asks_children = false;
  uint32_t next_to_ask = kNoSlot;
  AnyRef last_asked;  // Of the remote ones.
  // Down messages in reserve, by the watcher's shard and its record.
  std::map<std::pair<uint16_t, uint64_t>, Envelope*> monitors;
  // Supervision.
  RestartWindow restarts;
  std::unique_ptr<BackoffTimer> backoff;
  absl::Status stop_status;
  // The mailbox.
  Arrivals arrivals;
  uint32_t withdrawn = 0;  // Envelopes in the mailbox whose askers gave up.
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_SUPERVISION_CELL_EXTRA_H_
