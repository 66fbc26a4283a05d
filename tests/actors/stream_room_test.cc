// Room for a stream's item is not lost with the write that it was reserved for.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/actors/probe.troupe.h"
#include "troupe/actors/context.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/reply.h"
#include "troupe/actors/stream.h"
#include "troupe/base/limits.h"
#include "troupe/tests/actors/probe.h"
#include "troupe/tests/actors/stage.h"

namespace troupe::test {
namespace {

Reply<void> WriteOne(Sink<Number> out, int64_t value) {
  const Alive alive;
  const absl::Status written = co_await out.Write(Num(value));
  co_return written;
}

// A writer and a reader on one shard, with credit for one item. The reader takes the first item,
// which makes room, in the message behind its answer to the writer; so the writer's handler is
// resumed before the helper that has got the room, and drops it.
struct Exchange {
  Exchange() {
    reader = stage.Spawn(0, Script{.mix = [this](Context& cx, const Number& n) -> Reply<Number> {
                                     Ref<ProbeActor>(cx.self()).Send(
                                         Do{[this](ProbeActor&, Context&) { return ReadOne(); }});
                                     return n;
                                   },
                                   .tell = [this](Context&, const Number& n) -> Reply<void> {
                                     stream.emplace(Probe::Ref(writer).Count(n).Start());
                                     return absl::OkStatus();
                                   },
                                   .stop = [this](Context&, StopReason) -> Reply<void> {
                                     stream.reset();
                                     return absl::OkStatus();
                                   }});
    writer = stage.Spawn(
        0, Script{.count = [this](Context& cx, const Number&, Sink<Number> out) -> Reply<void> {
          const absl::Status first = co_await out.Write(Num(0));
          EXPECT_EQ(first, absl::OkStatus());
          std::optional<Reply<void>> dropped = WriteOne(out, 1);
          Reply<void> next = WriteOne(out, 2);
          co_await cx.Sleep(absl::Milliseconds(1));
          EXPECT_FALSE(dropped->done());
          const absl::StatusOr<Number> answer = co_await Probe::Ref(reader).Mix(Num(0));
          EXPECT_TRUE(answer.ok()) << answer.status();
          EXPECT_FALSE(dropped->done()) << "the order that the test is about is another";
          EXPECT_EQ(taken, 0) << "the reader has made no room yet";
          dropped.reset();
          outcome = co_await next;
          co_return outcome;
        }});
  }

  Reply<void> ReadOne() {
    const absl::StatusOr<std::optional<Number>> item = co_await stream->Next();
    EXPECT_TRUE(item.ok()) << item.status();
    if (item.ok() && item->has_value()) taken = (*item)->value();
    co_return absl::OkStatus();
  }

  int64_t taken = -1;
  absl::Status outcome = absl::UnknownError("none yet");
  std::optional<Stream<Number>> stream;
  Stage stage{1, {.stream_credit_items = 1}};
  Ref<ProbeActor> reader;
  Ref<ProbeActor> writer;
};

TEST(StreamRoomTest, RoomOfAWriteThatIsDroppedPassesToTheNext) {
  Exchange exchange;
  EXPECT_EQ(Probe::Ref(exchange.reader).Tell(Num(0)), SendResult::kAccepted);
  exchange.stage.RunFor(absl::Milliseconds(10));
  EXPECT_EQ(exchange.outcome, absl::OkStatus()) << "the room went with the write that had it";
  Perform(exchange.reader, [](ProbeActor&, Context&) {});
  exchange.reader.Send(Do{[&](ProbeActor&, Context&) { return exchange.ReadOne(); }});
  exchange.stage.RunFor(absl::Milliseconds(1));
  EXPECT_EQ(exchange.taken, 2);
  EXPECT_EQ(Alive::count(), 0);
  exchange.stage.system().Stop(exchange.reader);
  exchange.stage.RunFor(absl::Milliseconds(1));
  exchange.stage.End();
}

// --- Many writers, and one way to the readers' shard. ---

TEST(StreamRoomTest, WritesOfManyActorsWaitForTheWayToTheirReadersShard) {
  constexpr int kWriters = 64;
  constexpr int kItems = 8;
  constexpr size_t kItemBytes = 8u << 10;
  // Less than the writers have together at any time.
  Stage stage(2, {.outbox_bytes_max = 8 * kItemBytes});
  std::vector<absl::Status> failures;
  std::vector<Ref<ProbeActor>> writers;
  for (int i = 0; i < kWriters; ++i) {
    writers.push_back(stage.Spawn(
        1, Script{.count = [&](Context&, const Number&, Sink<Number> out) -> Reply<void> {
          for (int item = 0; item < kItems; ++item) {
            Number number = Num(1);
            number.set_padding(std::string(kItemBytes, 'x'));
            const absl::Status written = co_await out.Write(std::move(number));
            if (!written.ok()) failures.push_back(written);
          }
          co_return absl::OkStatus();
        }}));
  }
  int64_t read = 0;
  int ended = 0;
  for (const Ref<ProbeActor>& writer : writers) {
    stage.Spawn(0, Script{}).Send(Do{[&, writer](ProbeActor&, Context&) -> Reply<void> {
      Stream<Number> stream = Probe::Ref(writer).Count(Num(0)).Start();
      for (;;) {
        const absl::StatusOr<std::optional<Number>> item = co_await stream.Next();
        if (!item.ok() || !item->has_value()) break;
        read += (*item)->value();
      }
      ++ended;
      co_return absl::OkStatus();
    }});
  }
  EXPECT_TRUE(stage.simulation().RunUntil([&] { return ended == kWriters; }, absl::Seconds(10)));
  EXPECT_EQ(failures.size(), 0u) << failures[0];
  EXPECT_EQ(read, kWriters * kItems);
}

}  // namespace
}  // namespace troupe::test
