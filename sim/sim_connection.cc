#include "troupe/sim/sim_connection.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace troupe {
namespace {

std::string_view NameOf(int kind) {
  constexpr std::string_view kNames[] = {"open", "accept", "data", "end", "reset", "room"};
  return kNames[kind];
}

}  // namespace

SimConnection::SimConnection(SimNetwork& network, SimHost& client, SocketAddress from,
                             SocketAddress to)
    : network_(network), scheduler_(network.scheduler()), id_(network.Join(*this)) {
  ends_[kClient].host = &client;
  ends_[kClient].address = std::move(from);
  ends_[kServer].address = std::move(to);
}

SimConnection::~SimConnection() { network_.Leave(id_); }

void SimConnection::Open() {
  if (!LosesOpen()) Send(kClient, {.kind = Kind::kOpen});
}

bool SimConnection::LosesOpen() {
  const LinkOptions& link = network_.LinkOf(HostOf(kClient), HostOf(kServer));
  absl::Status why;
  if (link.refused_connects > 0 && scheduler_.Draw(link.refused_connects)) {
    why = absl::UnavailableError("connection refused");
  } else if (link.lost_connects > 0 && scheduler_.Draw(link.lost_connects)) {
    why = absl::DeadlineExceededError("connection timed out");
  } else {
    return false;
  }
  const bool waits = why.code() == absl::StatusCode::kDeadlineExceeded;
  scheduler_.After(
      scheduler_.Draw(scheduler_.options().network_delay), [self = shared_from_this(), why, waits] {
        // Whoever connects has said by now how long it waits.
        const absl::Duration rest = waits ? self->ends_[kClient].timeout : absl::ZeroDuration();
        self->scheduler_.After(rest, [self, why] { self->Fail(kClient, why); });
      });
  return true;
}

void SimConnection::Watch(Side side, SimEndWatcher* watcher, absl::Duration timeout) {
  ends_[side].watcher = watcher;
  ends_[side].timeout = timeout;
}

// --- What the program does. ---

size_t SimConnection::Read(Side side, std::span<char> buffer) {
  std::string& received = ends_[side].received;
  size_t count = std::min(buffer.size(), received.size());
  if (count > 1 && scheduler_.Draw(scheduler_.options().partial_io)) {
    count = 1 + scheduler_.random().Below(count);
  }
  if (count == 0) return 0;
  std::copy_n(received.begin(), count, buffer.begin());
  received.erase(0, count);
  Send(side, {.kind = Kind::kRoom, .room_bytes = count});
  return count;
}

size_t SimConnection::Write(Side side, std::span<const std::span<const char>> pieces) {
  End& end = ends_[side];
  std::string bytes;
  for (const std::span<const char> piece : pieces) {
    const size_t room = RoomOf(end) - bytes.size();
    bytes.append(piece.data(), std::min(piece.size(), room));
  }
  if (bytes.size() > 1 && scheduler_.Draw(scheduler_.options().partial_io)) {
    bytes.resize(1 + scheduler_.random().Below(bytes.size()));
  }
  const size_t count = bytes.size();
  if (count == 0) return 0;
  end.unread_by_peer_bytes += count;
  Send(side, {.kind = Kind::kData, .bytes = std::move(bytes)});
  return count;
}

void SimConnection::ShutdownWrite(Side side) {
  if (std::exchange(ends_[side].output_ended, true)) return;
  if (!dead(side)) Send(side, {.kind = Kind::kEnd});
}

void SimConnection::Close(Side side) {
  End& end = ends_[side];
  end.watcher = nullptr;
  if (end.closed) return;
  if (end.received.empty()) {
    ShutdownWrite(side);
  } else if (end.failure.ok()) {
    Reset(side);
  }
  end.closed = true;
}

void SimConnection::Reset(Side side) {
  ends_[side].output_ended = true;
  ends_[side].sent.clear();
  Send(side, {.kind = Kind::kReset});
}

void SimConnection::Fail(Side side, absl::Status why) {
  if (dead(side)) return;
  ends_[side].failure = std::move(why);
  ends_[side].sent.clear();
  Changed(side);
}

void SimConnection::Vanish(Side side) {
  End& end = ends_[side];
  end.closed = true;
  end.received.clear();
  end.sent.clear();
  end.failure = absl::UnavailableError("the machine is off");
  Changed(side);
}

void SimConnection::Break() {
  for (const Side side : {kClient, kServer}) {
    Fail(side, absl::UnavailableError("connection reset by peer"));
  }
}

void SimConnection::Crash(Side side) {
  End& end = ends_[side];
  SimEndWatcher* const watcher = end.watcher;
  Close(side);
  end.received.clear();
  end.failure = absl::UnavailableError("the process crashed");
  end.watcher = watcher;
  Changed(side);
}

size_t SimConnection::RoomOf(const End& end) const {
  const size_t all = scheduler_.options().stream_buffer_bytes;
  return all - std::min(all, end.unread_by_peer_bytes);
}

void SimConnection::Changed(Side side) {
  if (ends_[side].watcher != nullptr) ends_[side].watcher->OnEndChanged();
}

// --- Packets. ---

void SimConnection::Send(Side from, Packet packet) {
  ends_[from].sent.push_back(std::move(packet));
  ScheduleArrival(from);
}

void SimConnection::ScheduleArrival(Side from) {
  End& end = ends_[from];
  const SimHost* const host = HostOf(from);
  const SimHost* const to = HostOf(Other(from));
  const DelayRange delay =
      network_.LinkOf(host, to).delay.value_or(scheduler_.options().network_delay);
  const size_t bytes = end.sent.empty() ? 0 : end.sent.back().bytes.size();
  const Instant arrival = network_.Departure(host, to, bytes) + scheduler_.Draw(delay);
  end.last_arrival = std::max(end.last_arrival, arrival);
  scheduler_.At(end.last_arrival, [self = shared_from_this(), from] { self->Arrive(from); });
}

void SimConnection::Arrive(Side from) {
  End& end = ends_[from];
  // A reset took the place of what was on its way.
  if (end.sent.empty()) return;
  if (IsCut(from)) {
    ++end.stalled;
    GiveUpInTrouble(from);
    return;
  }
  Packet packet = std::move(end.sent.front());
  end.sent.pop_front();
  const size_t bytes = packet.bytes.size();
  const size_t whole_bytes =
      bytes > 0 ? network_.BreaksAt(HostOf(from), HostOf(Other(from)), bytes) : 0;
  if (whole_bytes < bytes) packet.bytes.resize(whole_bytes);
  scheduler_.Trace(NameOf(static_cast<int>(packet.kind)),
                   absl::StrCat("connection ", id_, from == kClient ? " ->" : " <-"),
                   packet.bytes.size() + packet.room_bytes);
  if (bytes == 0 || whole_bytes > 0) Receive(Other(from), packet);
  if (whole_bytes < bytes) Break();
}

void SimConnection::Receive(Side at, const Packet& packet) {
  End& end = ends_[at];
  switch (packet.kind) {
    case Kind::kOpen:
      return ReceiveOpen();
    case Kind::kData:
      return ReceiveData(at, packet.bytes);
    case Kind::kAccept:
      end.connected = true;
      return Changed(at);
    case Kind::kEnd:
      end.input_ended = true;
      return Changed(at);
    case Kind::kReset:
      return Fail(at, absl::UnavailableError(end.connected ? "connection reset by peer"
                                                           : "connection refused"));
    case Kind::kRoom:
      end.unread_by_peer_bytes -= packet.room_bytes;
      return Changed(at);
  }
}

void SimConnection::ReceiveOpen() {
  End& server = ends_[kServer];
  SimAcceptor* const acceptor = network_.Find(server.address);
  if (acceptor == nullptr) return Reset(kServer);
  server.host = &acceptor->host();
  server.connected = true;
  if (!acceptor->OnConnection(shared_from_this())) return Reset(kServer);
  Send(kServer, {.kind = Kind::kAccept});
}

void SimConnection::ReceiveData(Side at, std::string_view bytes) {
  if (dead(at)) return Reset(at);
  scheduler_.trace().Mix(bytes);
  ends_[at].received.append(bytes);
  Changed(at);
}

// --- Trouble. ---

const SimHost* SimConnection::HostOf(Side side) const {
  const SimHost* const host = ends_[side].host;
  return host != nullptr ? host : network_.HostAt(ends_[side].address);
}

bool SimConnection::IsCut(Side from) const {
  const SimHost* const here = HostOf(from);
  const SimHost* const there = HostOf(Other(from));
  return here != nullptr && there != nullptr && network_.IsCut(*here, *there);
}

uint64_t SimConnection::Trouble() const {
  const SimHost* const server = HostOf(kServer);
  return server == nullptr ? 0 : network_.TroubleOf(*HostOf(kClient), *server);
}

void SimConnection::GiveUpInTrouble(Side side) {
  const uint64_t trouble = Trouble();
  if (trouble == 0 || std::exchange(ends_[side].giving_up, trouble) == trouble) return;
  scheduler_.After(ends_[side].timeout, [self = shared_from_this(), side, trouble] {
    if (self->Trouble() != trouble) return;
    self->Fail(side, absl::DeadlineExceededError("connection timed out"));
  });
}

void SimConnection::OnTrouble() {
  GiveUpInTrouble(kClient);
  GiveUpInTrouble(kServer);
}

void SimConnection::OnHealed() {
  for (const Side side : {kClient, kServer}) {
    if (ends_[side].stalled == 0 || IsCut(side)) continue;
    for (size_t count = std::exchange(ends_[side].stalled, 0); count > 0; --count) {
      ScheduleArrival(side);
    }
  }
  // What is left of it.
  if (ends_[kClient].giving_up != 0) OnTrouble();
}

}  // namespace troupe
