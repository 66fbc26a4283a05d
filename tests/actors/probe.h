#ifndef TROUPE_TESTS_ACTORS_PROBE_H_
#define TROUPE_TESTS_ACTORS_PROBE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/actors/probe.troupe.h"
#include "troupe/actors/actor.h"
#include "troupe/actors/context.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/reply.h"
#include "troupe/actors/runtime/runtime.h"
#include "troupe/actors/stream.h"
#include "troupe/actors/system.h"
#include "troupe/base/check.h"
#include "troupe/base/instant.h"
#include "troupe/base/mutex.h"
#include "troupe/loop/platform.h"
#include "troupe/loop/posix_clock.h"

namespace troupe::test {

inline Number Num(int64_t value) {
  Number number;
  number.set_value(value);
  return number;
}

// What happened on shards, for the thread of the test to wait for.
//
// Thread: any.
template <typename T>
class Collected {
 public:
  void Add(T item) {
    MutexLock lock(mutex_);
    items_.push_back(std::move(item));
    changed_.NotifyAll();
  }
  // Everything, once there are `count` items. When they do not come in ten seconds the test fails,
  // and what it throws ends it: whatever follows would wait in vain as well.
  std::vector<T> Wait(size_t count) {
    const Instant deadline = PosixClock().Now() + absl::Seconds(10);
    MutexLock lock(mutex_);
    while (items_.size() < count) {
      if (changed_.WaitUntil(mutex_, deadline) || items_.size() >= count) continue;
      const std::string words =
          absl::StrCat(items_.size(), " of ", count, " things came within ten seconds");
      ADD_FAILURE() << words;
      throw std::runtime_error(words);
    }
    return items_;
  }
  std::vector<T> Now() { return Wait(0); }

 private:
  Mutex mutex_;
  CondVar changed_;
  std::vector<T> items_ ABSL_GUARDED_BY(mutex_);
};

struct Tick {
  int64_t value = 0;
};

class ProbeActor;

// Runs in the actor that gets it.
struct Do {
  std::function<Reply<void>(ProbeActor&, Context&)> run;
};

// What a ProbeActor does: each test writes the parts that it needs, where it needs them. What a
// coroutine lambda captures lives as long as the actor.
struct Script {
  std::function<Reply<Number>(Context&, const Number&)> ask = {};
  std::function<Reply<Number>(Context&, const Number&)> mix = {};
  std::function<Reply<void>(Context&, const Number&)> tell = {};
  std::function<Reply<void>(Context&, const Number&, Sink<Number>)> count = {};
  std::function<Reply<void>(ProbeActor&, Context&)> start = {};
  std::function<Reply<void>(Context&, StopReason)> stop = {};
  std::function<void(Context&, const Tick&)> tick = {};
  std::function<void(Context&, const Down&)> down = {};
  std::function<void(Context&, const Undelivered&)> undelivered = {};
  std::function<void(Context&, const FdReady&)> fd_ready = {};
  std::function<void(Context&, const SignalRaised&)> signal = {};
  std::function<void(Context&, const ChildOutput&)> output = {};
  std::function<void(Context&, const ChildExited&)> exited = {};
  std::function<void(Context&, const ChildInputRoom&)> input_room = {};
};

class ProbeActor final : public Probe::Actor {
 public:
  explicit ProbeActor(Script script) : script_(std::move(script)) {}

  Reply<void> OnStart(Context& cx) override {
    if (!script_.start) return absl::OkStatus();
    return script_.start(*this, cx);
  }
  Reply<void> OnStop(Context& cx, StopReason reason) override {
    if (!script_.stop) return absl::OkStatus();
    return script_.stop(cx, reason);
  }
  Reply<Number> Ask(Context& cx, const Number& number) override { return script_.ask(cx, number); }
  Reply<Number> Mix(Context& cx, const Number& number) override { return script_.mix(cx, number); }
  Reply<void> Tell(Context& cx, const Number& number) override { return script_.tell(cx, number); }
  Reply<void> Count(Context& cx, const Number& number, Sink<Number> out) override {
    return script_.count(cx, number, out);
  }
  Reply<void> On(Context& cx, const Do& what) { return what.run(*this, cx); }
  void On(Context& cx, const Tick& tick) { script_.tick(cx, tick); }
  void On(Context& cx, const Down& down) { script_.down(cx, down); }
  void On(Context& cx, const Undelivered& notice) { script_.undelivered(cx, notice); }
  void On(Context& cx, const FdReady& ready) { script_.fd_ready(cx, ready); }
  void On(Context& cx, const SignalRaised& raised) { script_.signal(cx, raised); }
  void On(Context& cx, const ChildOutput& output) { script_.output(cx, output); }
  void On(Context& cx, const ChildExited& exited) { script_.exited(cx, exited); }
  void On(Context& cx, const ChildInputRoom& room) {
    if (script_.input_room) script_.input_room(cx, room);
  }

 private:
  const Script script_;
};

// Runs `run` in the actor and waits until it is through. Requires that the actor lives and is not
// held for as long as ten seconds: then the process ends, as `run` may refer to what is gone.
inline void Perform(const Ref<ProbeActor>& actor, std::function<void(ProbeActor&, Context&)> run) {
  Platform& platform = actor.system()->runtime().platform();
  const std::unique_ptr<Event> done = platform.MakeEvent();
  const SendResult sent = actor.Send(Do{[&](ProbeActor& self, Context& cx) -> Reply<void> {
    run(self, cx);
    done->Notify();
    return absl::OkStatus();
  }});
  ASSERT_EQ(sent, SendResult::kAccepted);
  TROUPE_CHECK_MSG(done->WaitUntil(platform.clock().Now() + absl::Seconds(10)),
                   "an actor did not do what it was told within ten seconds");
}

// Messages and events that wait for the actor whose handler runs.
inline size_t Waiting() {
  size_t count = 0;
  const internal::Cell& cell = *internal::Shard::Current()->running().cell;
  const internal::Envelope* const first = cell.mailbox.first();
  for (const internal::Envelope* e = first; e != nullptr;
       e = e->next != first ? e->next : nullptr) {
    ++count;
  }
  return count;
}

// Waits until all that this thread sent to the actor before is handled.
inline void Settle(const Ref<ProbeActor>& actor) {
  Perform(actor, [](ProbeActor&, Context&) {});
}

// A system of `shards` shards with `limits`.
inline std::unique_ptr<System> StartSystem(int shards, const Limits& limits = {}) {
  absl::StatusOr<std::unique_ptr<System>> system =
      System::Start({.shards = shards, .limits = limits, .pin = false});
  if (!system.ok()) {
    ADD_FAILURE() << system.status();
    return nullptr;
  }
  return *std::move(system);
}

// Stops the actor and waits until it has ended.
inline void StopAndWait(const AnyRef& actor) {
  Collected<Down> downs;
  const Ref<ProbeActor> watcher = actor.system()->Spawn<ProbeActor>(
      {.placement = Placement::OnShard(actor.shard())},
      Script{.down = [&](Context&, const Down& down) { downs.Add(down); }});
  Perform(watcher, [&](ProbeActor& self, Context& cx) {
    cx.Monitor(&self, actor);
    cx.Stop(actor);
  });
  downs.Wait(1);
  // Its handler is through, and with it what `downs` is needed for.
  Settle(watcher);
}

inline SpawnOptions OnShard(int shard) { return {.placement = Placement::OnShard(shard)}; }

}  // namespace troupe::test

#endif  // TROUPE_TESTS_ACTORS_PROBE_H_
