#ifndef TROUPE_TRANSPORT_DOORMAN_H_
#define TROUPE_TRANSPORT_DOORMAN_H_

#include <cstdint>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "troupe/base/mutex.h"

namespace troupe::internal {

// Counts the accepted connections without a session.
//
// Thread: any: connections are accepted on one shard and shake hands on all of them. A lock rather
//         than a message, since the count must hold at the moment of the accept.
// Bounds: `total_max` at once, `per_address_max` of them from one address.
class Doorman {
 public:
  Doorman(uint32_t total_max, uint32_t per_address_max)
      : total_max_(total_max), per_address_max_(per_address_max) {}

  bool Enter(const std::string& host) {
    MutexLock lock(mutex_);
    if (total_ >= total_max_) return false;
    uint32_t& here = by_host_[host];
    if (here >= per_address_max_) return false;
    ++here;
    ++total_;
    return true;
  }

  void Leave(const std::string& host) {
    MutexLock lock(mutex_);
    --total_;
    const auto it = by_host_.find(host);
    if (--it->second == 0) by_host_.erase(it);
  }

 private:
  const uint32_t total_max_;
  const uint32_t per_address_max_;
  Mutex mutex_;
  uint32_t total_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::flat_hash_map<std::string, uint32_t> by_host_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace troupe::internal

#endif  // TROUPE_TRANSPORT_DOORMAN_H_
