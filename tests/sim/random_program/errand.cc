#include "tests/sim/random_program/errand.h"

#include <unistd.h>

#include <csignal>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "troupe/actors/child.h"
#include "troupe/loop/poller.h"

namespace troupe {
namespace {

constexpr size_t kOfEachMax = 3;
constexpr uint64_t kBytesMax = 3000;

std::string AnyBytes(Context& cx) {
  std::string bytes(cx.random().Below(kBytesMax), ' ');
  for (char& byte : bytes) byte = static_cast<char>('a' + cx.random().Below(26));
  return bytes;
}

}  // namespace

Errand::Errand(World* world) : life_(++world->last_life), world_(*world) {
  ++world_.alive;
  world_.errands.insert(life_);
}

Errand::~Errand() {
  for (const auto& [fd, watched] : sockets_) close(fd);
  --world_.alive;
  world_.errands.erase(life_);
}

absl::Duration Errand::Pause(Context& cx) {
  const auto most = static_cast<uint64_t>(absl::ToInt64Microseconds(world_.pause_max));
  return absl::Microseconds(1 + cx.random().Below(most));
}

Reply<void> Errand::OnStart(Context& cx) {
  cx.After(this, Pause(cx), Act{});
  return absl::OkStatus();
}

void Errand::On(Context& cx, const Act&) {
  if (world_.over) {
    while (!beats_.empty()) EndBeat(cx);
    for (auto& [child, copier] : copiers_) Tell(cx, child, copier);
    return;
  }
  cx.After(this, Pause(cx), Act{});
  const Features& does = world_.features;
  switch (cx.random().Below(8)) {
    case 0:
      return does.beats ? StartBeat(cx) : void();
    case 1:
      return EndBeat(cx);
    case 2:
      return does.descriptors ? OpenSocket(cx) : void();
    case 3:
      if (!sockets_.empty() && Sometimes(cx, 4)) CloseSocket(cx, sockets_.begin()->first);
      return;
    case 4:
      return does.processes ? StartCopier(cx) : void();
    case 5:
      if (!copiers_.empty()) Tell(cx, copiers_.begin()->first, copiers_.begin()->second);
      return;
    case 6:
      if (does.failures && Sometimes(cx, 20)) throw std::runtime_error("as planned");
      return;
    default:
      if (does.stops && Sometimes(cx, 40)) cx.Stop();
  }
}

// --- Time. ---

void Errand::StartBeat(Context& cx) {
  if (beats_.size() >= kOfEachMax) return;
  const absl::Duration period = Pause(cx);
  const uint64_t number = world_.timers.NewPeriodic(life_, cx.Now(), period);
  beats_.emplace(number, cx.Every(this, period, Beat{number}));
}

void Errand::EndBeat(Context& cx) {
  if (beats_.empty()) return;
  const auto [number, timer] = *beats_.begin();
  beats_.erase(beats_.begin());
  if (cx.Cancel(timer)) world_.timers.Cancelled(number);
}

void Errand::On(Context& cx, const Beat& beat) {
  world_.timers.Fired(beat.number, life_, cx.Now(), cx.missed());
}

// --- Descriptors. ---

void Errand::OpenSocket(Context& cx) {
  if (sockets_.size() >= kOfEachMax) return;
  const auto [fd, number] = world_.feeds.Open(life_, AnyBytes(cx));
  sockets_.emplace(fd, std::pair(cx.Watch(this, fd, FdEvents::kReadable), number));
}

void Errand::CloseSocket(Context& cx, int fd) {
  const auto [watch, number] = sockets_.at(fd);
  sockets_.erase(fd);
  world_.run.Expect(cx.Unwatch(watch), "a watch has ended by itself");
  world_.feeds.Closed(number);
  close(fd);
}

void Errand::On(Context& cx, const FdReady& ready) {
  const auto socket = sockets_.find(ready.fd);
  if (socket == sockets_.end() || socket->second.first != ready.watch) {
    return world_.run.Wrong("a descriptor that nobody watches is ready");
  }
  char bytes[1000];
  const ssize_t count = read(ready.fd, bytes, sizeof(bytes));
  const uint64_t number = socket->second.second;
  if (count > 0) return world_.feeds.Read(number, {bytes, static_cast<size_t>(count)});
  if (count == 0) {
    world_.feeds.Ended(number);
    return CloseSocket(cx, ready.fd);
  }
  world_.run.Wrong("a descriptor was ready, and had nothing");
}

// --- Programs. ---

void Errand::StartCopier(Context& cx) {
  if (copiers_.size() >= kOfEachMax) return;
  const absl::StatusOr<Child> child = cx.Exec(this, {.argv = {"copier"}, .pipe_input = true});
  if (!child.ok()) return world_.run.Wrong(absl::StrCat("no child: ", child.status().ToString()));
  copiers_.emplace(child->id, Copier{.number = world_.copiers.New(life_)});
}

void Errand::Tell(Context& cx, ChildId child, Copier& copier) {
  if (world_.over || Sometimes(cx, 4)) {
    if (!copier.input_is_open) return;
    copier.input_is_open = false;
    cx.CloseChildInput(child).IgnoreError();
  } else if (Sometimes(cx, 8)) {
    copier.killed |= cx.SignalChild(child, SIGKILL).ok();
  } else if (copier.input_is_open) {
    const std::string bytes = AnyBytes(cx);
    if (cx.WriteChild(child, bytes).ok()) copier.sent += bytes;
  }
}

void Errand::On(Context&, const ChildOutput& output) {
  const auto copier = copiers_.find(output.child);
  if (copier == copiers_.end()) return world_.run.Wrong("no child of this life has written");
  copier->second.copied += output.bytes;
  world_.run.Expect(absl::StartsWith(copier->second.sent, copier->second.copied),
                    "a child's output is not what it wrote");
}

void Errand::On(Context&, const ChildExited& exited) {
  const auto found = copiers_.find(exited.child);
  if (found == copiers_.end()) return world_.run.Wrong("no child of this life has exited");
  const Copier& copier = found->second;
  world_.copiers.Ended(copier.number);
  if (exited.status.signal != 0) {
    world_.run.Expect(copier.killed, "a child was killed by nobody");
  } else {
    world_.run.Expect(exited.status.exit_code == Copiers::ExitCodeFor(copier.sent.size()),
                      "a child's exit code is another one's");
    world_.run.Expect(copier.copied == copier.sent, "a child's output is not whole");
  }
  copiers_.erase(found);
}

}  // namespace troupe
