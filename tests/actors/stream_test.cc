// Server streams: order, credit, ends and cancellation.

#include "troupe/actors/stream.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/actors/probe.troupe.h"
#include "troupe/actors/asks/ask_table.h"
#include "troupe/actors/context.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/reply.h"
#include "troupe/actors/system.h"
#include "troupe/base/limits.h"
#include "troupe/base/status_macros.h"
#include "troupe/tests/actors/probe.h"

namespace troupe::test {
namespace {

// Writes the numbers below what it is asked for, and notes each that is written.
struct Counter {
  Script script() {
    return {.mix = [](Context&, const Number& n) -> Reply<Number> { return n; },
            .count = [this](Context&, const Number& n, Sink<Number> out) -> Reply<void> {
              for (int64_t i = 0; i < n.value(); ++i) {
                const absl::Status written = co_await out.Write(Num(i));
                if (!written.ok()) {
                  ended.Add(written);
                  co_return written;
                }
                ++written_count;
              }
              ended.Add(absl::OkStatus());
              co_return absl::OkStatus();
            }};
  }

  std::atomic<int64_t> written_count{0};
  Collected<absl::Status> ended;
};

// Reads to the end. The sum of the items, or the stream's error.
Reply<Number> Sum(Stream<Number> numbers) {
  int64_t sum = 0;
  int64_t next_value = 0;
  while (true) {
    absl::StatusOr<std::optional<Number>> next = co_await numbers.Next();
    if (!next.ok()) co_return next.status();
    if (!next->has_value()) break;
    EXPECT_EQ((*next)->value(), next_value++);
    sum += (*next)->value();
  }
  co_return Num(sum);
}

class StreamTest : public testing::TestWithParam<int> {
 protected:
  StreamTest() : system_(StartSystem(GetParam(), {.stream_credit_items = 4})) {
    counter_ref_ = system_->Spawn<ProbeActor>(OnShard(last()), counter_.script());
  }
  ~StreamTest() override { system_.reset(); }
  int last() const { return GetParam() - 1; }
  absl::StatusOr<Number> InActor(std::function<Reply<Number>(Context&, const Number&)> body) {
    const Ref<ProbeActor> actor =
        system_->Spawn<ProbeActor>(OnShard(0), Script{.ask = std::move(body)});
    return Probe::Ref(actor).Ask(Num(0)).Wait();
  }

  Counter counter_;
  std::unique_ptr<System> system_;
  Ref<ProbeActor> counter_ref_;
};

TEST_P(StreamTest, ItemsComeInOrderAndThenTheEnd) {
  const Probe::Ref counter = counter_ref_;
  const absl::StatusOr<Number> sum = InActor([counter](Context&, const Number&) -> Reply<Number> {
    return Sum(counter.Count(Num(1000)));
  });
  ASSERT_TRUE(sum.ok()) << sum.status();
  EXPECT_EQ(sum->value(), 499500);
}

TEST_P(StreamTest, AnEmptyStreamHasOnlyAnEnd) {
  const Probe::Ref counter = counter_ref_;
  EXPECT_EQ(InActor([counter](Context&, const Number&) -> Reply<Number> {
              return Sum(counter.Count(Num(0)));
            })->value(),
            0);
}

TEST_P(StreamTest, TheWriterWaitsForTheReader) {
  const Probe::Ref counter = counter_ref_;
  const absl::StatusOr<Number> sum =
      InActor([&, counter](Context& cx, const Number&) -> Reply<Number> {
        Stream<Number> numbers = counter.Count(Num(100)).Start();
        co_await cx.Sleep(absl::Milliseconds(5));
        EXPECT_LE(counter_.written_count, 4);
        const absl::StatusOr<std::optional<Number>> first = co_await numbers.Next();
        EXPECT_TRUE(first.ok());
        co_await cx.Sleep(absl::Milliseconds(5));
        EXPECT_LE(counter_.written_count, 5);
        co_return **first;
      });
  EXPECT_TRUE(sum.ok()) << sum.status();
  // The reader is gone: the writer is told.
  EXPECT_EQ(counter_.ended.Wait(1)[0].code(), absl::StatusCode::kCancelled);
}

TEST_P(StreamTest, AnActorServesOthersBetweenItsStreamsItems) {
  const Probe::Ref counter = counter_ref_;
  const absl::StatusOr<Number> sum = InActor([counter](Context&, const Number&) -> Reply<Number> {
    Stream<Number> first = counter.Count(Num(100)).Start();
    Stream<Number> second = counter.Count(Num(50)).Start();
    const absl::StatusOr<Number> between = co_await counter.Mix(Num(1));
    const absl::StatusOr<Number> sum_of_second = co_await Sum(std::move(second));
    const absl::StatusOr<Number> sum_of_first = co_await Sum(std::move(first));
    co_return Num(between->value() + sum_of_first->value() + sum_of_second->value());
  });
  ASSERT_TRUE(sum.ok()) << sum.status();
  EXPECT_EQ(sum->value(), 1 + 4950 + 1225);
}

TEST_P(StreamTest, AnErrorComesAfterTheItemsBeforeIt) {
  const Ref<ProbeActor> failing = system_->Spawn<ProbeActor>(
      OnShard(last()),
      Script{.count = [](Context&, const Number& n, Sink<Number> out) -> Reply<void> {
        for (int64_t i = 0; i < n.value(); ++i) {
          TROUPE_CO_RETURN_IF_ERROR(co_await out.Write(Num(i)));
        }
        co_return absl::DataLossError("torn");
      }});
  const absl::StatusOr<Number> read = InActor([failing](Context&, const Number&) -> Reply<Number> {
    Stream<Number> numbers = Probe::Ref(failing).Count(Num(3));
    int64_t items = 0;
    while (true) {
      const absl::StatusOr<std::optional<Number>> next = co_await numbers.Next();
      if (!next.ok()) {
        EXPECT_EQ(next.status().code(), absl::StatusCode::kDataLoss);
        break;
      }
      ++items;
    }
    co_return Num(items);
  });
  EXPECT_EQ(read->value(), 3);
}

TEST_P(StreamTest, AnExceptionEndsTheStreamBeforeOrAfterItsFirstWait) {
  for (const bool coroutine : {false, true}) {
    const Ref<ProbeActor> failing = system_->Spawn<ProbeActor>(
        {.restart = {.kind = RestartKind::kNever}, .placement = {.shard = last()}},
        Script{.count = [coroutine](Context&, const Number&, Sink<Number> out) -> Reply<void> {
          if (!coroutine) throw std::runtime_error("at once");
          return [](Sink<Number> out) -> Reply<void> {
            for (int i = 0; i < 10; ++i) TROUPE_CO_RETURN_IF_ERROR(co_await out.Write(Num(i)));
            throw std::runtime_error("late");
          }(out);
        }});
    const absl::StatusOr<Number> sum = InActor([failing](Context&, const Number&) -> Reply<Number> {
      return Sum(Probe::Ref(failing).Count(Num(3)));
    });
    EXPECT_EQ(sum.status().code(), absl::StatusCode::kInternal);
    Perform(counter_ref_, [](ProbeActor&, Context&) {
      EXPECT_EQ(internal::Shard::Current()->asks().inbound().count(), 0u);
    });
  }
}

TEST_P(StreamTest, AWriterThatStopsEndsTheStream) {
  const Ref<ProbeActor> counter = counter_ref_;
  const absl::StatusOr<Number> sum =
      InActor([counter](Context& cx, const Number&) -> Reply<Number> {
        Stream<Number> numbers = Probe::Ref(counter).Count(Num(100)).Start();
        const absl::StatusOr<std::optional<Number>> first = co_await numbers.Next();
        EXPECT_TRUE(first.ok());
        cx.Stop(counter);
        while (true) {
          const absl::StatusOr<std::optional<Number>> next = co_await numbers.Next();
          if (!next.ok()) co_return next.status();
        }
      });
  EXPECT_EQ(sum.status().code(), absl::StatusCode::kAborted);
}

TEST_P(StreamTest, TheWholeStreamHasItsTime) {
  const Probe::Ref counter = counter_ref_;
  const absl::StatusOr<Number> sum =
      InActor([counter](Context& cx, const Number&) -> Reply<Number> {
        Stream<Number> numbers = counter.Count(Num(100)).Within(absl::Milliseconds(5));
        while (true) {
          const absl::StatusOr<std::optional<Number>> next = co_await numbers.Next();
          if (!next.ok()) co_return next.status();
          co_await cx.Sleep(absl::Milliseconds(1));
        }
      });
  EXPECT_EQ(sum.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(counter_.ended.Wait(1)[0].code(), absl::StatusCode::kCancelled);
}

TEST_P(StreamTest, AStreamOfNobodyIsAnError) {
  const absl::StatusOr<Number> sum = InActor(
      [](Context&, const Number&) -> Reply<Number> { return Sum(Probe::Ref().Count(Num(3))); });
  EXPECT_EQ(sum.status().code(), absl::StatusCode::kUnavailable);
}

INSTANTIATE_TEST_SUITE_P(Shards, StreamTest, testing::Values(1, 2));

Reply<void> WriteMany(Sink<Number> out, int64_t first, int64_t count) {
  for (int64_t i = first; i < first + count; ++i) {
    TROUPE_CO_RETURN_IF_ERROR(co_await out.Write(Num(i)));
  }
  co_return absl::OkStatus();
}

// A stream that several coroutines of its handler write to, with a window of two items.
class SharedSinkTest : public testing::TestWithParam<int> {
 protected:
  SharedSinkTest() : system_(StartSystem(GetParam(), SmallWindow())) {}
  static Limits SmallWindow() {
    Limits limits;
    limits.stream_credit_items = 2;
    return limits;
  }
  Ref<ProbeActor> Source(std::function<Reply<void>(Context&, const Number&, Sink<Number>)> count) {
    return system_->Spawn<ProbeActor>(OnShard(GetParam() - 1), Script{.count = std::move(count)});
  }
  // What is read of `source` to its end.
  std::vector<int64_t> ReadAll(const Ref<ProbeActor>& source) {
    const Ref<ProbeActor> reader = system_->Spawn<ProbeActor>(OnShard(0), Script{});
    Collected<std::vector<int64_t>> all;
    reader.Send(Do{[&](ProbeActor&, Context&) -> Reply<void> {
      Stream<Number> items = Probe::Ref(source).Count(Num(0));
      std::vector<int64_t> read;
      while (true) {
        const absl::StatusOr<std::optional<Number>> item = co_await items.Next();
        if (!item.ok()) ADD_FAILURE() << item.status();
        if (!item.ok()) break;
        if (!item->has_value()) break;
        read.push_back((*item)->value());
      }
      all.Add(std::move(read));
      co_return absl::OkStatus();
    }});
    return all.Wait(1)[0];
  }
  std::unique_ptr<System> system_;
};

TEST_P(SharedSinkTest, WritersOfOneStreamTakeTheirTurns) {
  const Ref<ProbeActor> source =
      Source([](Context&, const Number&, Sink<Number> out) -> Reply<void> {
        Reply<void> a = WriteMany(out, 0, 10);
        Reply<void> b = WriteMany(out, 100, 10);
        Reply<void> c = WriteMany(out, 200, 10);
        TROUPE_CO_RETURN_IF_ERROR(co_await a);
        TROUPE_CO_RETURN_IF_ERROR(co_await b);
        TROUPE_CO_RETURN_IF_ERROR(co_await c);
        co_return absl::OkStatus();
      });
  std::vector<int64_t> read = ReadAll(source);
  ASSERT_EQ(read.size(), 30u);
  EXPECT_LT(std::find(read.begin(), read.end(), 200), read.begin() + 6);
  std::sort(read.begin(), read.end());
  EXPECT_EQ(std::unique(read.begin(), read.end()), read.end());
}

TEST_P(SharedSinkTest, AWriterThatIsDroppedLeavesItsPlaceToTheNext) {
  const Ref<ProbeActor> source =
      Source([](Context&, const Number&, Sink<Number> out) -> Reply<void> {
        {
          Reply<void> dropped = WriteMany(out, 0, 10);
          Reply<void> kept = WriteMany(out, 100, 3);
          { const Reply<void> gone = std::move(dropped); }
          TROUPE_CO_RETURN_IF_ERROR(co_await kept);
        }
        co_return absl::OkStatus();
      });
  EXPECT_EQ(ReadAll(source), (std::vector<int64_t>{0, 1, 100, 101, 102}));
}

INSTANTIATE_TEST_SUITE_P(Shards, SharedSinkTest, testing::Values(1, 2));

TEST(StreamDeathTest, ASecondNextWhileOneWaitsIsACheck) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  struct Helpers {
    static Reply<void> ReadOne(Stream<Number>& items) {
      co_return (co_await items.Next()).status();
    }
  };
  EXPECT_DEATH(
      {
        const auto system = StartSystem(1);
        const Ref<ProbeActor> source = system->Spawn<ProbeActor>(
            {}, Script{.count = [](Context& cx, const Number&, Sink<Number>) -> Reply<void> {
              co_await cx.Sleep(absl::Hours(1));
              co_return absl::OkStatus();
            }});
        const Ref<ProbeActor> reader = system->Spawn<ProbeActor>({}, Script{});
        reader.Send(Do{[&](ProbeActor&, Context&) -> Reply<void> {
          Stream<Number> items = Probe::Ref(source).Count(Num(0));
          Reply<void> first = Helpers::ReadOne(items);
          Reply<void> second = Helpers::ReadOne(items);
          (co_await first).IgnoreError();
          co_return co_await second;
        }});
        Settle(reader);
      },
      "one reader at a time");
}

}  // namespace
}  // namespace troupe::test
