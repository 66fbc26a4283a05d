#include "troupe/sim/sim_network.h"

#include <algorithm>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "troupe/sim/sim_connection.h"

namespace troupe {
namespace {

constexpr uint16_t kFirstEphemeral = 49152;

// All addresses of a node; the second stands for those of both kinds.
constexpr char kAny4[] = "0.0.0.0";
constexpr char kAny6[] = "::";

bool Covers(std::string_view wildcard, std::string_view host) {
  return wildcard == kAny6 || (wildcard == kAny4 && host.find(':') == host.npos);
}

}  // namespace

absl::StatusOr<SocketAddress> SimNetwork::Bind(const SocketAddress& address,
                                               SimAcceptor* acceptor) {
  const auto parsed = SocketAddress::Parse(address.ToString());
  if (!parsed.ok()) return parsed.status();
  SocketAddress bound = address.port == 0 ? Ephemeral(address.host) : address;
  if (InUse(bound, &acceptor->host())) {
    return absl::FailedPreconditionError(
        absl::StrCat("listen on ", bound.ToString(), ": Address already in use"));
  }
  bound_.emplace(Key(bound), acceptor);
  return bound;
}

SimAcceptor* SimNetwork::Find(const SocketAddress& address) const {
  for (const char* const host : {address.host.c_str(), kAny4, kAny6}) {
    const auto found = bound_.find({host, address.port});
    if (found != bound_.end()) return found->second;
  }
  return nullptr;
}

SocketAddress SimNetwork::Ephemeral(const std::string& host) {
  SocketAddress address{.host = host};
  do {
    address.port =
        static_cast<uint16_t>(kFirstEphemeral + next_port_++ % (65536 - kFirstEphemeral));
  } while (Find(address) != nullptr || InUse(address, nullptr));
  return address;
}

bool SimNetwork::InUse(const SocketAddress& address, const SimHost* host) const {
  return std::any_of(bound_.begin(), bound_.end(), [&](const auto& bound) {
    const auto& [other, port] = bound.first;
    if (port != address.port) return false;
    if (other == address.host) return true;
    return &bound.second->host() == host &&
           (Covers(other, address.host) || Covers(address.host, other));
  });
}

void SimNetwork::Part(const SimHost& a, const SimHost& b) {
  if (!parted_.emplace(Key(a, b), last_parting_ + 1).second) return;
  ++last_parting_;
  for (const auto& connection : Between(a, b)) connection->OnParted();
}

void SimNetwork::Heal(const SimHost& a, const SimHost& b) {
  if (parted_.erase(Key(a, b)) == 0) return;
  for (const auto& [id, connection] : connections_) connection->OnHealed();
}

uint64_t SimNetwork::PartingOf(const SimHost& a, const SimHost& b) const {
  const auto found = parted_.find(Key(a, b));
  return found == parted_.end() ? 0 : found->second;
}

void SimNetwork::Crash(SimHost& host) {
  for (auto bound = bound_.begin(); bound != bound_.end();) {
    SimAcceptor* const acceptor = bound->second;
    if (&acceptor->host() != &host) {
      ++bound;
      continue;
    }
    bound = bound_.erase(bound);
    acceptor->OnCrash();
  }
  for (const auto side : {SimConnection::kClient, SimConnection::kServer}) {
    for (const auto& connection : Between(host, host)) {
      if (connection->host(side) == &host) connection->Crash(side);
    }
  }
}

uint64_t SimNetwork::Join(SimConnection& connection) {
  connections_.emplace(++last_connection_, &connection);
  return last_connection_;
}

// Those that have an end at each; of one host with itself, all that have an end there.
std::vector<std::shared_ptr<SimConnection>> SimNetwork::Between(const SimHost& a,
                                                                const SimHost& b) const {
  std::vector<std::shared_ptr<SimConnection>> found;
  for (const auto& [id, connection] : connections_) {
    const SimHost* const client = connection->host(SimConnection::kClient);
    const SimHost* const server = connection->host(SimConnection::kServer);
    const bool has_a = client == &a || server == &a;
    const bool has_b = client == &b || server == &b;
    if (has_a && has_b) found.push_back(connection->shared_from_this());
  }
  return found;
}

}  // namespace troupe
