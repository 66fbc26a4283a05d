#ifndef TROUPE_TRANSPORT_LOOKUP_REQUEST_H_
#define TROUPE_TRANSPORT_LOOKUP_REQUEST_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "troupe/actors/any_ref.h"
#include "troupe/actors/envelopes/envelope.h"

namespace troupe::internal {

struct ServiceInfo;

// The incarnation of "the node at an address"; no node has it.
inline constexpr uint64_t kNobody = 0;

// The request of Node::Lookup(): a call like any other, with the target kNobody.
struct LookupRequest {
  absl::Status bad_url;  // If not OK, nothing is looked up.
  std::string address;   // "127.0.0.1:4500"
  std::string name;
  const ServiceInfo* service = nullptr;
  // Delivers `ref`, as the handle type asked for, to the ask on this shard.
  void (*deliver)(uint64_t ask, const AnyRef& ref) = nullptr;
};

extern const MessageType kLookupType;

// Parses a URL such as "troupe://127.0.0.1:4500/alice".
// Errors: INVALID_ARGUMENT, with the text.
LookupRequest ParseLookup(std::string_view url);

}  // namespace troupe::internal

#endif  // TROUPE_TRANSPORT_LOOKUP_REQUEST_H_
