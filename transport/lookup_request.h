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

// The incarnation that stands for "whoever is at an address": no node has it.
inline constexpr uint64_t kNobody = 0;

// What Node::Lookup() asks for: an ask like any other, whose target is kNobody.
struct LookupRequest {
  absl::Status bad_url;  // Not OK: nothing is looked up.
  std::string address;   // "127.0.0.1:4500"
  std::string name;
  const ServiceInfo* service = nullptr;
  // Gives `ref`, as the handle type that was asked for, to the ask on this shard.
  void (*deliver)(uint64_t ask, const AnyRef& ref) = nullptr;
};

extern const MessageType kLookupType;

// "troupe://127.0.0.1:4500/alice" in parts. Errors: INVALID_ARGUMENT with the text in it.
LookupRequest ParseLookup(std::string_view url);

}  // namespace troupe::internal

#endif  // TROUPE_TRANSPORT_LOOKUP_REQUEST_H_
