#ifndef TROUPE_TRANSPORT_REF_FINDER_H_
#define TROUPE_TRANSPORT_REF_FINDER_H_

#include <cstddef>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "google/protobuf/message.h"
#include "troupe/actors/envelopes/envelope.h"
#include "troupe/actors/typing/method.h"
#include "troupe/proto/ref.pb.h"

namespace troupe::internal {

// Finds the handles in messages to and from peers. Whether messages of a type can contain any is
// decided once per method, so that others cost a comparison.
//
// Thread: shard-affine.
class RefFinder {
 public:
  // Returns the request if it may contain handles, else null.
  const google::protobuf::Message* InRequest(const MethodInfo& method, Envelope& envelope) {
    if (&method == last_request_.method) [[likely]] {
      if (!last_request_.has_refs) return nullptr;
    } else if (!LookUp(requests_, last_request_, method,
                       [&] { return AsMessage(method.request_message(envelope)); })) {
      return nullptr;
    }
    return AsMessage(method.request_message(envelope));
  }
  // Does the same for the response at `value`.
  const google::protobuf::Message* InResponse(const MethodInfo& method, const void* value) {
    if (&method == last_response_.method) [[likely]] {
      if (!last_response_.has_refs) return nullptr;
    } else if (!LookUp(responses_, last_response_, method,
                       [&] { return AsMessage(method.response_message(value)); })) {
      return nullptr;
    }
    return AsMessage(method.response_message(value));
  }

  static void ForEach(const google::protobuf::Message& message,
                      absl::FunctionRef<void(const ActorRef&)> use);

  // Empties the `unwanted` handles and returns their number. `message` must be the caller's to
  // change.
  static size_t Clear(const google::protobuf::Message& message,
                      absl::FunctionRef<bool(const ActorRef&)> unwanted);

  // Whether responses of the method are known to contain no handles.
  bool KnownWithoutRefs(const MethodInfo& method) const {
    if (&method == last_response_.method) [[likely]]
      return !last_response_.has_refs;
    const auto it = responses_.find(&method);
    return it != responses_.end() && !it->second;
  }

 private:
  using Known = absl::flat_hash_map<const MethodInfo*, bool>;
  struct Last {
    const MethodInfo* method = nullptr;
    bool has_refs = false;
  };

  static const google::protobuf::Message* AsMessage(const void* message) {
    return static_cast<const google::protobuf::Message*>(message);
  }
  static bool LookUp(Known& known, Last& last, const MethodInfo& method,
                     absl::FunctionRef<const google::protobuf::Message*()> message);

  Known requests_;
  Known responses_;
  Last last_request_;
  Last last_response_;
};

}  // namespace troupe::internal

#endif  // TROUPE_TRANSPORT_REF_FINDER_H_
