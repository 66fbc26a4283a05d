#include "troupe/transport/peer_directory.h"

namespace troupe::internal {

PeerDirectory::Claimed PeerDirectory::Claim(uint64_t incarnation, std::string_view name,
                                            std::string_view address, uint64_t session,
                                            uint16_t shard) {
  MutexLock lock(mutex_);
  if (const auto it = routes_.find(incarnation); it != routes_.end() && it->second.session != 0) {
    return {Answer::kDuplicate, incarnation, it->second.session, it->second.shard};
  }
  if (const auto it = names_.find(std::string(name)); it != names_.end()) {
    const Route& other = routes_.at(it->second);
    return {Answer::kNameInUse, it->second, other.session, other.shard};
  }
  if (names_.size() >= sessions_max_) return {Answer::kFull};
  names_[std::string(name)] = incarnation;
  std::erase(ended_, incarnation);
  Route& route = routes_[incarnation];
  route.session = session;
  route.shard = shard;
  route.name = std::string(name);
  if (!address.empty()) route.address = std::string(address);
  version_.fetch_add(1, std::memory_order_release);
  return {};
}

void PeerDirectory::Release(uint64_t incarnation, uint64_t session) {
  MutexLock lock(mutex_);
  const auto it = routes_.find(incarnation);
  if (it == routes_.end() || it->second.session != session) return;
  it->second.session = 0;
  names_.erase(it->second.name);
  ended_.push_back(incarnation);
  if (ended_.size() > sessions_max_) ForgetOldest();
  version_.fetch_add(1, std::memory_order_release);
}

void PeerDirectory::ForgetOldest() {
  const auto it = routes_.find(ended_.front());
  if (it != routes_.end() && it->second.session == 0) routes_.erase(it);
  ended_.pop_front();
}

std::optional<PeerDirectory::Route> PeerDirectory::Find(uint64_t incarnation) const {
  MutexLock lock(mutex_);
  const auto it = routes_.find(incarnation);
  if (it == routes_.end()) return std::nullopt;
  return it->second;
}

}  // namespace troupe::internal
