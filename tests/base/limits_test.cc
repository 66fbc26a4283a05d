#include "troupe/base/limits.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace troupe {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

struct AnyField {
  template <typename T>
  operator T() const;  // NOLINT: converts to whatever a field is.
};

// Of an aggregate: the most initialisers that it takes.
template <typename T, typename... Fields>
constexpr size_t FieldCount() {
  if constexpr (requires { T{Fields{}..., AnyField{}}; }) {
    return FieldCount<T, Fields..., AnyField>();
  } else {
    return sizeof...(Fields);
  }
}

std::string ErrorWith(const std::function<void(Limits&)>& change) {
  Limits limits;
  change(limits);
  const absl::Status status = limits.Validate();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

TEST(LimitsTest, DefaultsAreValid) { EXPECT_EQ(Limits().Validate(), absl::OkStatus()); }

TEST(LimitsTest, EachFieldIsPrintedOnALine) {
  const std::string text = Limits().ToString();
  EXPECT_EQ(static_cast<size_t>(std::count(text.begin(), text.end(), '\n')), FieldCount<Limits>());
  EXPECT_THAT(text, StartsWith("actors_per_shard_max = 16777216\nmailbox_messages_max = 8192\n"));
  EXPECT_THAT(text, HasSubstr("\nreconnect_backoff_min = 50ms\n"));
}

TEST(LimitsTest, ZeroIsRefusedWithNameValueAndRange) {
  EXPECT_EQ(ErrorWith([](Limits& l) { l.mailbox_messages_max = 0; }),
            "limit mailbox_messages_max is 0, not from 1 to 268435456");
}

TEST(LimitsTest, AMailboxThatCannotBeCountedIsRefused) {
  EXPECT_EQ(ErrorWith([](Limits& l) { l.mailbox_bytes_max = uint64_t{1} << 32; }),
            "limit mailbox_bytes_max is 4294967296, not from 1024 to 4294967295");
}

TEST(LimitsTest, HugeIsRefusedWithNameValueAndRange) {
  EXPECT_THAT(ErrorWith([](Limits& l) { l.frame_bytes_max = uint64_t{1} << 40; }),
              AllOf(HasSubstr("frame_bytes_max is 1099511627776"), HasSubstr("to 1073741824")));
}

TEST(LimitsTest, NegativeDurationIsRefused) {
  EXPECT_THAT(ErrorWith([](Limits& l) { l.ask_timeout = -absl::Seconds(1); }),
              HasSubstr("ask_timeout is -1s, not from 1ms to 24h"));
}

TEST(LimitsTest, InfiniteDurationIsRefused) {
  EXPECT_THAT(ErrorWith([](Limits& l) { l.drain_timeout = absl::InfiniteDuration(); }),
              HasSubstr("drain_timeout is inf"));
}

TEST(LimitsTest, FirstFieldOutOfRangeIsTheOneNamed) {
  EXPECT_THAT(ErrorWith([](Limits& l) {
                l.handshake_timeout = absl::ZeroDuration();
                l.turn_timers_max = 0;
              }),
              HasSubstr("turn_timers_max"));
}

TEST(LimitsTest, HeartbeatMustBeBelowSuspect) {
  EXPECT_EQ(ErrorWith([](Limits& l) { l.heartbeat_idle = l.heartbeat_suspect; }),
            "limit heartbeat_idle is 5s, not below heartbeat_suspect, which is 5s");
}

TEST(LimitsTest, SuspectMustBeBelowDead) {
  EXPECT_THAT(ErrorWith([](Limits& l) { l.heartbeat_suspect = absl::Seconds(11); }),
              HasSubstr("heartbeat_suspect is 11s, not below heartbeat_dead"));
}

TEST(LimitsTest, PartsMustNotExceedTheWhole) {
  const std::vector<std::pair<std::string, std::function<void(Limits&)>>> cases = {
      {"asks_per_actor_max", [](Limits& l) { l.asks_per_shard_max = 8; }},
      {"turn_messages_per_actor_max", [](Limits& l) { l.turn_messages_max = 8; }},
      {"blocking_pool_threads", [](Limits& l) { l.worker_threads_max = 2; }},
      {"handshake_bytes_max", [](Limits& l) { l.frame_bytes_max = 2048; }},
      {"frame_bytes_max", [](Limits& l) { l.peer_outbound_bytes_max = 512u << 10; }},
      {"frame_bytes_max", [](Limits& l) { l.peer_inbound_bytes_max = 512u << 10; }},
      {"peer_inbound_bytes_max", [](Limits& l) { l.node_inbound_bytes_max = 16u << 20; }},
      {"unauthenticated_per_address_max", [](Limits& l) { l.unauthenticated_max = 8; }},
      {"reconnect_backoff_min", [](Limits& l) { l.reconnect_backoff_min = absl::Seconds(6); }},
  };
  for (const auto& [name, change] : cases) {
    EXPECT_THAT(ErrorWith(change), StartsWith("limit " + name + " is ")) << name;
  }
}

TEST(LimitsTest, WhatHasAnIdIsBoundedByTheIdsThereAre) {
  Limits timers;
  timers.records_per_shard_max = 1u << 24;
  EXPECT_FALSE(timers.Validate().ok());
  Limits asks;
  asks.asks_per_shard_max = 1u << 24;
  EXPECT_FALSE(asks.Validate().ok());
}

}  // namespace
}  // namespace troupe
