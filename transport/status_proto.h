#ifndef TROUPE_TRANSPORT_STATUS_PROTO_H_
#define TROUPE_TRANSPORT_STATUS_PROTO_H_

#include "absl/status/status.h"
#include "troupe/proto/wire.pb.h"

namespace troupe::internal {

// A failed request's status on the wire, and with it how far the request got. Messages
// are cut to 1024 bytes both ways, and a code that is not known becomes UNKNOWN.
wire::Status ToWire(const absl::Status& status);
absl::Status FromWire(const wire::Status& status);

}  // namespace troupe::internal

#endif  // TROUPE_TRANSPORT_STATUS_PROTO_H_
