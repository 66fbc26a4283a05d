#include "troupe/transport/peer_watchers.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "troupe/actors/events/event_records.h"
#include "troupe/base/limits.h"

namespace troupe::internal {
namespace {

// A watcher may be so many changes of every session behind.
constexpr size_t kChangesWaitingMax = 4;

}  // namespace

PeerWatchers::~PeerWatchers() {
  // All were told before, unless a shard did not take its turns in the time of the drain.
  while (!early_.empty()) {
    next_ = early_.begin()->first + 1;
    Tell(early_.extract(early_.begin()).mapped());
  }
  while (!up_.empty()) {
    auto down = std::make_shared<PeerNews>(*up_.begin()->second);
    down->number = next_++;
    down->code = absl::StatusCode::kUnavailable;
    down->reason = "the node has ended";
    Tell(down);
  }
  for (const auto& [id, record] : records_) record->Detach();
}

void PeerWatchers::Take(std::shared_ptr<const PeerNews> news) {
  const uint64_t number = news->number;
  early_.emplace(number, std::move(news));
  while (!early_.empty() && early_.begin()->first == next_) {
    ++next_;
    Tell(early_.extract(early_.begin()).mapped());
  }
  CheckNotify();
}

void PeerWatchers::Tell(const std::shared_ptr<const PeerNews>& news) {
  if (news->is_up()) {
    up_.emplace(news->number, news);
  } else {
    up_.erase(news->began);
  }
  for (const auto& [id, record] : records_) record->Take(news);
}

absl::StatusOr<PeerWatchId> PeerWatchers::Watch(const MessageType* up, const MessageType* down) {
  const Limits& limits = shard_.limits();
  if (records_.size() >= limits.peer_watches_per_shard_max) {
    return absl::ResourceExhaustedError(
        absl::StrCat("peer_watches_per_shard_max (", limits.peer_watches_per_shard_max,
                     ") actors of the shard watch the node's peers"));
  }
  auto record =
      std::make_unique<PeerWatchRecord>(*this, up, down, kChangesWaitingMax * limits.sessions_max);
  const uint64_t id = shard_.records().Add(*shard_.running().cell, *record);
  if (id == 0) return absl::ResourceExhaustedError("records_per_shard_max are in use");
  records_.emplace(id, record.get());
  for (const auto& [number, news] : up_) record->Take(news);
  record.release();
  return PeerWatchId(id);
}

void PeerWatchers::NotifyAt(uint64_t number, Event* event) {
  notify_at_ = number;
  event_ = event;
  CheckNotify();
}

void PeerWatchers::CheckNotify() {
  if (event_ != nullptr && next_ > notify_at_) std::exchange(event_, nullptr)->Notify();
}

}  // namespace troupe::internal
