// Descriptors and signals as messages. Timers are in timer_test.cc, children in child_test.cc,
// Downs in monitor_test.cc.

#include "troupe/actors/events.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "troupe/actors/context.h"
#include "troupe/actors/ids.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/reply.h"
#include "troupe/actors/system.h"
#include "troupe/loop/poller.h"
#include "troupe/tests/actors/probe.h"
#include "troupe/tests/actors/waiter.h"

namespace troupe::test {
namespace {

class Pipe {
 public:
  Pipe() { EXPECT_EQ(pipe2(ends_, O_CLOEXEC | O_NONBLOCK), 0); }
  ~Pipe() {
    close(ends_[0]);
    CloseWriter();
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  int reader() const { return ends_[0]; }
  void Write(std::string_view text) {
    EXPECT_EQ(write(ends_[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  // One byte; 0 at the end and when there is none.
  char Read() {
    char byte = 0;
    return read(ends_[0], &byte, 1) == 1 ? byte : '\0';
  }
  void CloseWriter() {
    if (ends_[1] >= 0) close(std::exchange(ends_[1], -1));
  }

 private:
  int ends_[2];
};

class EventsTest : public testing::TestWithParam<int> {
 protected:
  EventsTest() : system_(StartSystem(GetParam())) {}
  ~EventsTest() override { End(); }
  // Before what the actors' scripts refer to goes.
  void End() { system_.reset(); }
  int last() const { return GetParam() - 1; }
  Ref<ProbeActor> Spawn(int shard, Script script) {
    return system_->Spawn<ProbeActor>(OnShard(shard), std::move(script));
  }

  Pipe pipe_;
  std::unique_ptr<System> system_;
};

// --- Descriptors. ---

TEST_P(EventsTest, AReadyDescriptorIsToldOfUntilItIsRead) {
  Collected<FdReady> ready;
  std::string read;
  const Ref<ProbeActor> actor =
      Spawn(last(), Script{.fd_ready = [&](Context&, const FdReady& event) {
              // Nothing is read at first: it stays ready.
              if (ready.Now().size() >= 2) read += pipe_.Read();
              ready.Add(event);
            }});
  pipe_.Write("abc");
  FdWatchId watch;
  Perform(actor, [&](ProbeActor& self, Context& cx) {
    watch = cx.Watch(&self, pipe_.reader(), kReadable);
  });
  for (const FdReady& event : ready.Wait(5)) {
    EXPECT_EQ(event.fd, pipe_.reader());
    EXPECT_EQ(event.events, uint32_t{kReadable});
    EXPECT_EQ(event.watch, watch);
    EXPECT_TRUE(event.status.ok());
  }
  Settle(actor);
  EXPECT_EQ(read, "abc");
  // Read empty, it is silent, until there is something again.
  EXPECT_EQ(ready.Now().size(), 5u);
  pipe_.Write("d");
  ready.Wait(6);
}

TEST_P(EventsTest, AfterUnwatchNothingComesNotEvenWhatIsQueued) {
  const Ref<ProbeActor> actor =
      Spawn(last(),
            Script{.fd_ready = [](Context&, const FdReady&) { ADD_FAILURE() << "after Unwatch"; }});
  pipe_.Write("a");
  Collected<bool> done;
  actor.Send(Do{[&](ProbeActor& self, Context& cx) -> Reply<void> {
    const FdWatchId watch = cx.Watch(&self, pipe_.reader(), kReadable);
    while (Waiting() == 0) co_await cx.Sleep(absl::Microseconds(100));
    EXPECT_TRUE(cx.Unwatch(watch));
    EXPECT_FALSE(cx.Unwatch(watch));
    done.Add(true);
    co_return absl::OkStatus();
  }});
  done.Wait(1);
  for (int i = 0; i < 5; ++i) Settle(actor);
}

TEST_P(EventsTest, NobodyElseEndsAWatch) {
  Collected<FdReady> ready;
  const Ref<ProbeActor> actor = Spawn(0, Script{.fd_ready = [&](Context&, const FdReady& event) {
                                        pipe_.Read();
                                        ready.Add(event);
                                      }});
  const Ref<ProbeActor> other = Spawn(last(), Script{});
  FdWatchId watch;
  Perform(actor, [&](ProbeActor& self, Context& cx) {
    watch = cx.Watch(&self, pipe_.reader(), kReadable);
  });
  Perform(other, [&](ProbeActor& self, Context& cx) {
    const TimerId own = cx.After(&self, absl::Hours(1), Tick{});
    EXPECT_NE(own.value(), watch.value());
    EXPECT_FALSE(cx.Unwatch(watch));
  });
  pipe_.Write("a");
  ready.Wait(1);
}

TEST_P(EventsTest, TheNextReadyWaitsForTheHandlerOfTheLast) {
  Collected<size_t> waiting;
  const Ref<Waiter> actor =
      system_->Spawn<Waiter>(OnShard(last()), [&](Waiter&, Context& cx) -> Reply<void> {
        // The data stays, and the hang-up comes meanwhile.
        pipe_.CloseWriter();
        for (int i = 0; i < 10; ++i) co_await cx.Sleep(absl::Microseconds(100));
        waiting.Add(Waiting());
        if (waiting.Now().size() == 3) cx.Stop();
        co_return absl::OkStatus();
      });
  pipe_.Write("a");
  actor.Send(
      WaiterDo([&](Waiter& self, Context& cx) { cx.Watch(&self, pipe_.reader(), kReadable); }));
  EXPECT_EQ(waiting.Wait(3), (std::vector<size_t>{0, 0, 0}));
  End();
}

TEST_P(EventsTest, TheOtherEndsCloseIsAHangUp) {
  Collected<uint32_t> events;
  FdWatchId watch;
  const Ref<ProbeActor> actor =
      Spawn(last(), Script{.fd_ready = [&](Context& cx, const FdReady& event) {
              EXPECT_TRUE(cx.Unwatch(watch));
              events.Add(event.events);
            }});
  Perform(actor, [&](ProbeActor& self, Context& cx) {
    watch = cx.Watch(&self, pipe_.reader(), kReadable);
  });
  pipe_.CloseWriter();
  EXPECT_NE(events.Wait(1)[0] & kHangup, 0u);
}

TEST_P(EventsTest, AWatchThatCannotBeMadeIsOneEventThatSaysSo) {
  Collected<FdReady> ready;
  const Ref<ProbeActor> actor =
      Spawn(last(), Script{.fd_ready = [&](Context& cx, const FdReady& event) {
              EXPECT_FALSE(cx.Unwatch(event.watch));
              ready.Add(event);
            }});
  Perform(actor, [](ProbeActor& self, Context& cx) { cx.Watch(&self, -1, kReadable); });
  const FdReady event = ready.Wait(1)[0];
  EXPECT_EQ(event.events, uint32_t{kError});
  EXPECT_FALSE(event.status.ok());
  for (int i = 0; i < 3; ++i) Settle(actor);
  EXPECT_EQ(ready.Now().size(), 1u);
}

TEST_P(EventsTest, AWatchGoesWithItsActor) {
  const Ref<ProbeActor> first = Spawn(last(), Script{.fd_ready = [](Context&, const FdReady&) {
                                        ADD_FAILURE() << "of an actor that has ended";
                                      }});
  Perform(first,
          [&](ProbeActor& self, Context& cx) { cx.Watch(&self, pipe_.reader(), kReadable); });
  StopAndWait(first);
  pipe_.Write("a");
  // The descriptor is free for the next.
  Collected<FdReady> ready;
  const Ref<ProbeActor> second =
      Spawn(last(), Script{.fd_ready = [&](Context&, const FdReady& event) {
              pipe_.Read();
              ready.Add(event);
            }});
  Perform(second,
          [&](ProbeActor& self, Context& cx) { cx.Watch(&self, pipe_.reader(), kReadable); });
  EXPECT_TRUE(ready.Wait(1)[0].status.ok());
}

// --- Signals. ---

Script Hears(Collected<SignalRaised>& raised) {
  return {.signal = [&](Context&, const SignalRaised& event) { raised.Add(event); }};
}

SubscriptionId Subscribe(const Ref<ProbeActor>& actor, int signal) {
  SubscriptionId id;
  Perform(actor, [&](ProbeActor& self, Context& cx) { id = cx.Subscribe(&self, signal); });
  return id;
}

TEST_P(EventsTest, F101_EverySubscriberHearsASignal) {
  Collected<SignalRaised> raised[3];
  const Ref<ProbeActor> actors[] = {Spawn(0, Hears(raised[0])), Spawn(0, Hears(raised[1])),
                                    Spawn(last(), Hears(raised[2]))};
  SubscriptionId ids[3];
  for (int i = 0; i < 3; ++i) ids[i] = Subscribe(actors[i], SIGUSR1);
  kill(getpid(), SIGUSR1);
  for (int i = 0; i < 3; ++i) {
    const SignalRaised event = raised[i].Wait(1)[0];
    EXPECT_EQ(event.signal, SIGUSR1);
    EXPECT_EQ(event.sender_pid, getpid());
    EXPECT_EQ(event.subscription, ids[i]);
  }
}

TEST_P(EventsTest, F101_NobodyHearsASignalAfterUnsubscribeOrItsEnd) {
  Collected<SignalRaised> hears;
  Collected<SignalRaised> left;
  Collected<SignalRaised> ended;
  const Ref<ProbeActor> hearer = Spawn(0, Hears(hears));
  const Ref<ProbeActor> leaver = Spawn(last(), Hears(left));
  const Ref<ProbeActor> mortal = Spawn(last(), Hears(ended));
  Subscribe(hearer, SIGUSR1);
  const SubscriptionId id = Subscribe(leaver, SIGUSR1);
  Subscribe(mortal, SIGUSR1);
  Perform(hearer, [&](ProbeActor&, Context& cx) { EXPECT_FALSE(cx.Unsubscribe(id)); });
  Perform(leaver, [&](ProbeActor&, Context& cx) {
    EXPECT_TRUE(cx.Unsubscribe(id));
    EXPECT_FALSE(cx.Unsubscribe(id));
  });
  StopAndWait(mortal);
  kill(getpid(), SIGUSR1);
  hears.Wait(1);
  for (int i = 0; i < 3; ++i) Settle(leaver);
  EXPECT_TRUE(left.Now().empty());
  EXPECT_TRUE(ended.Now().empty());
  EXPECT_EQ(system_->Counters().dead_letters, 0u);
}

TEST_P(EventsTest, F101_AStormIsOneMessageToABusyActor) {
  Collected<size_t> waiting;
  Collected<bool> stormed;
  const Ref<Waiter> actor =
      system_->Spawn<Waiter>(OnShard(last()), [&](Waiter&, Context& cx) -> Reply<void> {
        if (waiting.Now().empty()) {
          for (int i = 0; i < 1000; ++i) kill(getpid(), SIGUSR1);
          stormed.Add(true);
          while (Waiting() == 0) co_await cx.Sleep(absl::Microseconds(100));
          for (int i = 0; i < 10; ++i) co_await cx.Sleep(absl::Microseconds(100));
        }
        waiting.Add(Waiting());
        co_return absl::OkStatus();
      });
  Collected<bool> subscribed;
  actor.Send(WaiterDo([&](Waiter& self, Context& cx) {
    cx.Subscribe(&self, SIGUSR1);
    subscribed.Add(true);
  }));
  subscribed.Wait(1);
  kill(getpid(), SIGUSR1);
  EXPECT_EQ(waiting.Wait(1)[0], 1u);
  // The last of the storm is not lost.
  waiting.Wait(2);
  End();
}

TEST_P(EventsTest, ASignalThatCannotBeCaughtGivesNoSubscription) {
  const Ref<ProbeActor> actor = Spawn(last(), Script{});
  EXPECT_EQ(Subscribe(actor, SIGKILL), SubscriptionId());
  EXPECT_EQ(Subscribe(actor, 0), SubscriptionId());
}

INSTANTIATE_TEST_SUITE_P(Shards, EventsTest, testing::Values(1, 2));

}  // namespace
}  // namespace troupe::test
