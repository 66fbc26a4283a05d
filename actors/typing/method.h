#ifndef TROUPE_ACTORS_TYPING_METHOD_H_
#define TROUPE_ACTORS_TYPING_METHOD_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "troupe/actors/envelopes/envelope.h"
#include "troupe/base/fingerprint.h"

namespace troupe::internal {

class WorkJob;

enum class MethodKind : uint8_t { kUnary, kOneway, kServerStream };

// One rpc of a service: how it is dispatched here and how it crosses the wire. The wire format is
// the business of the functions, which generated code fills in.
struct MethodInfo {
  std::string_view service;  // "bank.Account"
  std::string_view name;     // "Deposit"
  uint32_t index = 0;        // In the .proto's order.
  MethodKind kind = MethodKind::kUnary;
  bool idempotent = false;
  bool interleave = false;

  const MessageType* type = nullptr;

  // The request in `envelope`, as bytes. `size` must be called first.
  size_t (*request_size)(Envelope& envelope) = nullptr;
  void (*write_request)(Envelope& envelope, char* out) = nullptr;
  // A fresh envelope of the current shard with the request parsed into it, or null when the
  // bytes are no such message.
  Envelope* (*parse_request)(std::string_view bytes) = nullptr;

  // The response at `value`, of the method's response type.
  size_t (*response_size)(const void* value) = nullptr;
  void (*write_response)(const void* value, char* out) = nullptr;
  // Calls `use` with the parsed response; false when the bytes are no such message.
  bool (*parse_response)(std::string_view bytes,
                         absl::FunctionRef<void(void* value)> use) = nullptr;
  // What the parsed response takes in memory.
  size_t (*response_space)(const void* value) = nullptr;

  uint32_t fingerprint = 0;  // Fingerprint(service, name): one in a service has it.
  // The message as its library's reflection knows it (protobuf's Message), for whoever looks for
  // handles inside; null when it has no reflection.
  const void* (*request_message)(Envelope& envelope) = nullptr;
  const void* (*response_message)(const void* value) = nullptr;
};

// One service: its methods in the .proto's order.
struct ServiceInfo {
  std::string_view name;
  std::span<const MethodInfo* const> methods;
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_TYPING_METHOD_H_
