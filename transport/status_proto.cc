#include "troupe/transport/status_proto.h"

#include <algorithm>
#include <string>

#include "troupe/actors/certainty.h"

namespace troupe::internal {
namespace {

// Fits a frame of any peer's limit.
constexpr size_t kMessageBytesMax = 512;

// Cut where no UTF-8 sequence is broken.
std::string Cut(absl::string_view text) {
  size_t bytes = std::min(text.size(), kMessageBytesMax);
  while (bytes > 0 && bytes < text.size() && (text[bytes] & 0xc0) == 0x80) --bytes;
  return std::string(text.data(), bytes);
}

wire::Status::Certainty CertaintyToWire(const absl::Status& status) {
  if (!HasCertainty(status)) return wire::Status::CERTAINTY_UNSPECIFIED;
  switch (CertaintyOf(status)) {
    case Certainty::kNotSent:
      // It was sent, as far as the peer can see.
    case Certainty::kNotExecuted:
      return wire::Status::NOT_EXECUTED;
    case Certainty::kMaybeExecuted:
      return wire::Status::MAYBE_EXECUTED;
  }
  return wire::Status::CERTAINTY_UNSPECIFIED;
}

}  // namespace

wire::Status ToWire(const absl::Status& status) {
  wire::Status wire;
  wire.set_code(static_cast<uint32_t>(status.code()));
  wire.set_message(Cut(status.message()));
  wire.set_certainty(CertaintyToWire(status));
  return wire;
}

absl::Status FromWire(const wire::Status& wire) {
  const bool known = wire.code() >= 1 && wire.code() <= 16;
  absl::Status status(
      known ? static_cast<absl::StatusCode>(wire.code()) : absl::StatusCode::kUnknown,
      Cut(wire.message()));
  switch (wire.certainty()) {
    case wire::Status::NOT_SENT:
    case wire::Status::NOT_EXECUTED:
      return WithCertainty(std::move(status), Certainty::kNotExecuted);
    case wire::Status::MAYBE_EXECUTED:
      return WithCertainty(std::move(status), Certainty::kMaybeExecuted);
    default:
      return status;
  }
}

}  // namespace troupe::internal
