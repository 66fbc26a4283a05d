#include "troupe/sim/sim_network.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "troupe/sim/sim_connection.h"

namespace troupe {
namespace {

constexpr uint16_t kFirstEphemeral = 49152;

// Of a packet, besides its data.
constexpr size_t kHeaderBytes = 40;

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
  if (InUse(bound, acceptor->host())) {
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
  } while (Find(address) != nullptr);
  return address;
}

bool SimNetwork::InUse(const SocketAddress& address, const SimHost& host) const {
  return std::any_of(bound_.begin(), bound_.end(), [&](const auto& bound) {
    const auto& [other, port] = bound.first;
    if (port != address.port) return false;
    if (other == address.host) return true;
    return &bound.second->host() == &host &&
           (Covers(other, address.host) || Covers(address.host, other));
  });
}

SimHost* SimNetwork::HostAt(const SocketAddress& address) const {
  if (SimAcceptor* const acceptor = Find(address)) return &acceptor->host();
  const auto dark = dark_.find(Key(address));
  return dark == dark_.end() ? nullptr : dark->second;
}

// --- The ways. ---

const SimNetwork::Way* SimNetwork::FindWay(const SimHost* from, const SimHost* to) const {
  if (from == nullptr || to == nullptr) return nullptr;
  const auto found = ways_.find({from->index, to->index});
  return found == ways_.end() ? nullptr : &found->second;
}

void SimNetwork::Cut(const SimHost& from, const SimHost& to) {
  Way& way = WayOf(from, to);
  if (way.cut != 0) return;
  way.cut = ++last_change_;
  for (const auto& connection : Between(from, to)) connection->OnTrouble();
}

void SimNetwork::Heal(const SimHost& from, const SimHost& to) {
  if (std::exchange(WayOf(from, to).cut, 0) != 0) TellHealed();
}

// Also those that are being opened, and so are between nobody yet.
void SimNetwork::TellHealed() {
  for (const auto& [id, connection] : connections_) connection->OnHealed();
}

bool SimNetwork::IsCut(const SimHost& from, const SimHost& to) const {
  if (from.off != 0 || to.off != 0) return true;
  const Way* const way = FindWay(&from, &to);
  return way != nullptr && way->cut != 0;
}

uint64_t SimNetwork::TroubleOf(const SimHost& a, const SimHost& b) const {
  uint64_t trouble = std::max(a.off, b.off);
  for (const Way* const way : {FindWay(&a, &b), FindWay(&b, &a)}) {
    if (way != nullptr) trouble = std::max(trouble, way->cut);
  }
  return trouble;
}

void SimNetwork::SetLink(const SimHost& from, const SimHost& to, const LinkOptions& options) {
  WayOf(from, to).options = options;
}

const LinkOptions& SimNetwork::LinkOf(const SimHost* from, const SimHost* to) const {
  const Way* const way = FindWay(from, to);
  return way != nullptr && way->options.has_value() ? *way->options : links_;
}

Instant SimNetwork::Departure(const SimHost* from, const SimHost* to, size_t bytes) {
  const uint64_t bytes_per_second = LinkOf(from, to).bytes_per_second;
  if (bytes_per_second == 0 || from == nullptr || to == nullptr) return scheduler_.Now();
  Way& way = WayOf(*from, *to);
  way.free_from = std::max(way.free_from, scheduler_.Now()) +
                  absl::Seconds(1) * static_cast<int64_t>(bytes + kHeaderBytes) /
                      static_cast<int64_t>(bytes_per_second);
  return way.free_from;
}

void SimNetwork::Break(const SimHost& a, const SimHost& b) {
  for (const auto& connection : Between(a, b)) connection->Break();
}

void SimNetwork::BreakAfter(const SimHost& from, const SimHost& to, uint64_t bytes) {
  WayOf(from, to).bytes_to_break = bytes;
}

size_t SimNetwork::BreaksAt(const SimHost* from, const SimHost* to, size_t bytes) {
  const double resets = LinkOf(from, to).resets;
  if (resets > 0 && scheduler_.Draw(resets)) return scheduler_.random().Below(bytes);
  if (FindWay(from, to) == nullptr) return bytes;
  std::optional<uint64_t>& left = WayOf(*from, *to).bytes_to_break;
  if (!left.has_value()) return bytes;
  if (*left >= bytes) {
    *left -= bytes;
    return bytes;
  }
  const auto at = static_cast<size_t>(*left);
  left.reset();
  return at;
}

// --- Hosts. ---

std::vector<SimNetwork::Address> SimNetwork::CloseListeners(const SimHost& host) {
  std::vector<Address> closed;
  for (auto bound = bound_.begin(); bound != bound_.end();) {
    SimAcceptor* const acceptor = bound->second;
    if (&acceptor->host() != &host) {
      ++bound;
      continue;
    }
    closed.push_back(bound->first);
    bound = bound_.erase(bound);
    acceptor->OnCrash();
  }
  return closed;
}

void SimNetwork::Crash(SimHost& host) {
  CloseListeners(host);
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

void SimNetwork::SwitchOff(SimHost& host) {
  host.off = ++last_change_;
  for (const Address& address : CloseListeners(host)) dark_.emplace(address, &host);
  for (const auto& connection : Between(host, host)) {
    for (const auto side : {SimConnection::kClient, SimConnection::kServer}) {
      if (connection->host(side) == &host) connection->Vanish(side);
    }
    connection->OnTrouble();
  }
}

void SimNetwork::SwitchOn(SimHost& host) {
  host.off = 0;
  std::erase_if(dark_, [&](const auto& dark) { return dark.second == &host; });
  TellHealed();
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
