#ifndef TROUPE_BENCH_NET_WORKLOAD_H_
#define TROUPE_BENCH_NET_WORKLOAD_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "bench/echo.pb.h"

namespace troupe::bench {

// How much work each item between processes is: the same for Troupe, the peer and the floor.

enum class NetKind {
  kCalls,        // Each request is answered; `depth` of each connection are under way.
  kPushes,       // One-way; the last one is answered.
  kConnections,  // Nothing is sent.
};

struct NetWork {
  std::string_view item;
  NetKind kind;
  int connections;
  int depth;
  size_t body_bytes;
  int64_t messages;
  // After the figures' names, for a second work of one item.
  std::string_view suffix = "";
};

// A body that makes a message of 66 bytes on the wire: a header of 4 and 62 of protobuf.
inline constexpr size_t kSmallBodyBytes = 37;

inline constexpr NetWork kNetWorks[] = {
    {"8a", NetKind::kCalls, 1, 1, kSmallBodyBytes, 30'000},
    {"8b", NetKind::kCalls, 1, 128, kSmallBodyBytes, 1'000'000},
    {"8b", NetKind::kCalls, 1, 128, 1024, 300'000, "_1kb"},
    {"8c", NetKind::kCalls, 64, 16, kSmallBodyBytes, 2'000'000},
    {"9", NetKind::kPushes, 1, 0, kSmallBodyBytes, 5'000'000},
    {"10", NetKind::kConnections, 10'000, 0, 0, 0},
    {"11", NetKind::kPushes, 1, 0, 64 * 1024, 30'000},
};

inline Msg MakeMsg(const NetWork& work) {
  Msg msg;
  msg.set_ts(0x0123456789abcdef);
  msg.set_topic("sensor-a");
  msg.set_body(std::string(work.body_bytes, 'x'));
  return msg;
}

}  // namespace troupe::bench

#endif  // TROUPE_BENCH_NET_WORKLOAD_H_
