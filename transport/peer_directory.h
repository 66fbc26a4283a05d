#ifndef TROUPE_TRANSPORT_PEER_DIRECTORY_H_
#define TROUPE_TRANSPORT_PEER_DIRECTORY_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "troupe/base/mutex.h"

namespace troupe::internal {

// Knows which nodes have a session, on which shard, and where those without one were last reached.
// The one place that decides whether a session may begin.
//
// Thread: any. A lock rather than a message, since two shards must not decide this at the same
//         time. It is taken where sessions begin and end, and by a shard whose routes are out of
//         date.
// Bounds: `sessions_max` sessions, and as many nodes remembered.
class PeerDirectory {
 public:
  struct Route {
    uint64_t session = 0;  // 0 if there is none now.
    uint16_t shard = 0;
    std::string name;
    std::string address;  // Where the node is reached; empty if unknown.
  };

  enum class Answer : uint8_t { kGranted, kDuplicate, kNameInUse, kFull };
  struct Claimed {
    Answer answer = Answer::kGranted;
    // Of the session in the way.
    uint64_t incarnation = 0;
    uint64_t session = 0;
    uint16_t shard = 0;
  };

  explicit PeerDirectory(size_t sessions_max) : sessions_max_(sessions_max) {}

  // Begins `session` with that node, if it may.
  Claimed Claim(uint64_t incarnation, std::string_view name, std::string_view address,
                uint64_t session, uint16_t shard);
  // Ends `session`; does nothing if it is not the current one.
  void Release(uint64_t incarnation, uint64_t session);

  std::optional<Route> Find(uint64_t incarnation) const;

  // Changes whenever a route does.
  uint64_t version() const { return version_.load(std::memory_order_acquire); }

 private:
  void ForgetOldest() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const size_t sessions_max_;
  std::atomic<uint64_t> version_{1};
  mutable Mutex mutex_;
  absl::flat_hash_map<uint64_t, Route> routes_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, uint64_t> names_ ABSL_GUARDED_BY(mutex_);  // With a session.
  std::deque<uint64_t> ended_ ABSL_GUARDED_BY(mutex_);  // Without a session; oldest first.
};

}  // namespace troupe::internal

#endif  // TROUPE_TRANSPORT_PEER_DIRECTORY_H_
