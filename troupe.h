#ifndef TROUPE_TROUPE_H_
#define TROUPE_TROUPE_H_

// The public headers; each can be included alone. With them come those that their signatures need:
// actors/ids.h, base/instant.h, loop/child_process.h (ChildOptions, ChildStatus, SignalTarget) and
// loop/poller.h (FdEvents). Not included is transport/ref_proto.h, for handles in fields of
// protobuf messages: the generated header of a .proto that imports troupe/proto/ref.proto includes
// it.

#include "troupe/actors/actor.h"
#include "troupe/actors/any_ref.h"
#include "troupe/actors/call.h"
#include "troupe/actors/certainty.h"
#include "troupe/actors/context.h"
#include "troupe/actors/events.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/reply.h"
#include "troupe/actors/shard_counters.h"
#include "troupe/actors/spawn_options.h"
#include "troupe/actors/stop_reason.h"
#include "troupe/actors/stream.h"
#include "troupe/actors/system.h"
#include "troupe/actors/system_options.h"
#include "troupe/actors/worker.h"
#include "troupe/base/limits.h"
#include "troupe/base/logging.h"
#include "troupe/base/status_macros.h"
#include "troupe/transport/node.h"
#include "troupe/transport/node_options.h"
#include "troupe/transport/peers.h"

#endif  // TROUPE_TROUPE_H_
