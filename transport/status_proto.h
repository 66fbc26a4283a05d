#ifndef TROUPE_TRANSPORT_STATUS_PROTO_H_
#define TROUPE_TRANSPORT_STATUS_PROTO_H_

#include "absl/status/status.h"
#include "troupe/proto/wire.pb.h"

namespace troupe::internal {

// Convert a failed request's status, with its certainty, to the wire and back. Messages are cut to
// 512 bytes both ways, and an unknown code becomes UNKNOWN.
wire::Status ToWire(const absl::Status& status);
absl::Status FromWire(const wire::Status& status);

}  // namespace troupe::internal

#endif  // TROUPE_TRANSPORT_STATUS_PROTO_H_
