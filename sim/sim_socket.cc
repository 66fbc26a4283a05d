#include "troupe/sim/sim_socket.h"

#include <algorithm>
#include <utility>

#include "absl/status/statusor.h"
#include "troupe/base/check.h"
#include "troupe/loop/socket.h"

namespace troupe {

SimSocket::SimSocket(SimScheduler& scheduler, const SimSocketOptions& options)
    : scheduler_(scheduler),
      buffer_bytes_(options.buffer_bytes),
      delay_(options.delay.value_or(scheduler.options().network_delay)) {
  absl::StatusOr<std::pair<LocalSocket, LocalSocket>> ends =
      LocalSocket::MakePair(options.buffer_bytes);
  TROUPE_CHECK_MSG(ends.ok(), "socketpair");
  end_ = std::move(ends->first);
  program_end_ = ends->second.Release();
}

SimSocket::~SimSocket() { End(); }

size_t SimSocket::Write(std::string_view bytes) {
  if (closing_ || ended_) return 0;
  const size_t count = std::min(bytes.size(), buffer_bytes_ - pieces_bytes_);
  for (std::string_view left = bytes.substr(0, count); !left.empty();) {
    size_t piece_bytes = left.size();
    if (piece_bytes > 1 && scheduler_.Draw(scheduler_.options().partial_io)) {
      piece_bytes = 1 + scheduler_.random().Below(piece_bytes);
    }
    SendPiece(std::string(left.substr(0, piece_bytes)));
    left.remove_prefix(piece_bytes);
  }
  return count;
}

std::string SimSocket::Read() {
  std::string bytes;
  char buffer[4096];
  while (end_.open()) {
    const IoResult result = end_.Read(buffer);
    bytes.append(buffer, result.bytes);
    if (result.end) ended_ = true;
    if (result.bytes == 0) break;
  }
  if (!bytes.empty()) scheduler_.trace().Mix(bytes);
  return bytes;
}

void SimSocket::Close() {
  if (!std::exchange(closing_, true)) SendPiece({});
}

void SimSocket::SendPiece(std::string bytes) {
  pieces_bytes_ += bytes.size();
  pieces_.push_back(std::move(bytes));
  // Not before the piece in front of it.
  last_arrival_ = std::max(last_arrival_, scheduler_.Now() + scheduler_.Draw(delay_));
  scheduler_.At(last_arrival_, [this, alive = std::weak_ptr<bool>(alive_)] {
    if (alive.expired()) return;
    ++arrived_count_;
    if (!room_) Deliver();
  });
}

void SimSocket::OnFdReady(uint32_t) {
  scheduler_.descriptors().Remove(std::exchange(room_, {}));
  Deliver();
}

void SimSocket::Deliver() {
  for (; arrived_count_ > 0; --arrived_count_) {
    std::string& piece = pieces_.front();
    if (piece.empty()) return End();
    if (!WritePiece(piece)) return AwaitRoom();
    pieces_.pop_front();
  }
}

// Returns false if the kernel has not taken all of it.
bool SimSocket::WritePiece(std::string& piece) {
  // A closed end takes everything.
  const IoResult result = end_.Write(piece);
  if (result.end) ended_ = true;
  const size_t count = result.end ? piece.size() : result.bytes;
  scheduler_.Trace("arrive", "socket", count);
  scheduler_.trace().Mix(std::string_view(piece).substr(0, count));
  piece.erase(0, count);
  pieces_bytes_ -= count;
  return piece.empty();
}

void SimSocket::AwaitRoom() {
  absl::StatusOr<WatchId> room = scheduler_.descriptors().Add(end_.fd(), kWritable, this);
  TROUPE_CHECK_MSG(room.ok(), "epoll_ctl");
  room_ = *room;
}

void SimSocket::End() {
  scheduler_.descriptors().Remove(std::exchange(room_, {}));
  end_.Close();
}

}  // namespace troupe
