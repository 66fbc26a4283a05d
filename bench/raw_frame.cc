#include "troupe/bench/raw_frame.h"

#include <cstring>

#include "troupe/base/check.h"

namespace troupe::bench {
namespace {

constexpr uint32_t kNoAnswer = 0x80000000;

uint32_t Header(const char* bytes) {
  uint32_t header;
  std::memcpy(&header, bytes, sizeof(header));
  return header;
}

}  // namespace

size_t RawFrameBytes(const char* header) { return kRawHeaderBytes + (Header(header) & ~kNoAnswer); }

void AppendRawFrame(const Msg& msg, Answer answer, std::string& out) {
  const auto bytes = static_cast<uint32_t>(msg.ByteSizeLong());
  const uint32_t header = answer == Answer::kWanted ? bytes : bytes | kNoAnswer;
  const size_t at = out.size();
  out.resize(at + kRawHeaderBytes + bytes);
  std::memcpy(out.data() + at, &header, sizeof(header));
  msg.SerializeWithCachedSizesToArray(reinterpret_cast<uint8_t*>(out.data() + at) +
                                      kRawHeaderBytes);
}

Answer ParseRawFrame(std::string_view frame, Msg& msg) {
  const std::string_view bytes = frame.substr(kRawHeaderBytes);
  TROUPE_CHECK(msg.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
  return (Header(frame.data()) & kNoAnswer) != 0 ? Answer::kNotWanted : Answer::kWanted;
}

}  // namespace troupe::bench
