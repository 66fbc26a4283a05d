#include "troupe/actors/supervision/children.h"

#include <utility>

#include "troupe/actors/shard/shard.h"
#include "troupe/actors/supervision/cell_extra.h"
#include "troupe/actors/supervision/supervisor.h"
#include "troupe/actors/typing/dispatch.h"

namespace troupe::internal {
namespace {

struct ChildGoneNotice {
  AnyRef* refs;  // Owned: parent, child.

  void operator()(Shard& shard) {
    shard.supervisor().children().RemoteGone(refs[0], refs[1]);
    delete[] refs;
  }
};

}  // namespace

void Children::AdoptRemote(Cell& parent, const AnyRef& child) {
  ++parent.Tie().children;
  parent.Extra().remote_children.insert(child);
}

uint32_t Children::AskSome(Cell& parent, uint32_t budget) {
  if (parent.children() == 0) return 0;
  CellExtra& extra = parent.Extra();
  Supervisor& supervisor = shard_.supervisor();
  uint32_t asked = 0;
  if (!std::exchange(extra.asks_children, true)) extra.next_to_ask = parent.Tie().first_child;
  while (asked < budget && extra.next_to_ask != kNoSlot) {
    Cell& child = shard_.slots().At(extra.next_to_ask);
    extra.next_to_ask = shard_.slots().KinAt(child.slot).next_sibling;
    supervisor.AskChildToStop(child);
    ++asked;
  }
  auto& remote = extra.remote_children;
  auto it = extra.last_asked ? remote.upper_bound(extra.last_asked) : remote.begin();
  for (; asked < budget && it != remote.end(); ++it, ++asked) {
    extra.last_asked = *it;
    supervisor.Stop(*it, StopReason::kShutdown);
  }
  return asked;
}

void Children::LeaveRemote(Cell& child) {
  if (child.extra() == nullptr || !child.extra()->remote_parent) return;
  const AnyRef parent = child.extra()->remote_parent;
  SendControlTo(shard_, parent.shard(),
                ChildGoneNotice{new AnyRef[2]{parent, shard_.RefOf(child)}});
}

void Children::RemoteGone(const AnyRef& parent, const AnyRef& child) {
  Cell* const cell = shard_.Find(parent);
  if (cell == nullptr || cell->extra() == nullptr) return;
  if (cell->extra()->remote_children.erase(child) > 0) OneGone(*cell);
}

void Children::PassOver(CellExtra& extra, uint32_t slot, uint32_t next) {
  if (extra.next_to_ask == slot) extra.next_to_ask = next;
}

void Children::LastGone(Cell& parent) {
  parent.stall |= kAttention;
  shard_.MakeRunnable(parent);
}

}  // namespace troupe::internal
