#ifndef TROUPE_BENCH_RAW_FRAME_H_
#define TROUPE_BENCH_RAW_FRAME_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "bench/echo.pb.h"

namespace troupe::bench {

// The frames of the floor and of Asio, which carry messages and nothing else.
//
//   0  u32, little-endian: length of the message, the top bit set when no answer is wanted
//   4  the message, as protobuf has it

inline constexpr size_t kRawHeaderBytes = 4;

enum class Answer { kWanted, kNotWanted };

// The whole frame's bytes, from its first kRawHeaderBytes.
size_t RawFrameBytes(const char* header);

void AppendRawFrame(const Msg& msg, Answer answer, std::string& out);

// `frame` is whole. Dies when there is no message in it.
Answer ParseRawFrame(std::string_view frame, Msg& msg);

}  // namespace troupe::bench

#endif  // TROUPE_BENCH_RAW_FRAME_H_
