#ifndef TROUPE_ACTORS_IDS_H_
#define TROUPE_ACTORS_IDS_H_

#include "troupe/base/strong_id.h"

namespace troupe {

// Ids of what an actor asked to be notified of, in one life of that actor. No id is used twice.
using TimerId = StrongId<struct TimerIdTag>;
using MonitorId = StrongId<struct MonitorIdTag>;
using FdWatchId = StrongId<struct FdWatchIdTag>;
using SubscriptionId = StrongId<struct SubscriptionIdTag>;
using ChildId = StrongId<struct ChildIdTag>;

// What the sender of a one-way message calls it. It comes back in the message's Undelivered, and
// goes nowhere else. A message with one takes an allocation more.
//
//   to.Send(Order{...}, Tag(number));
//   void On(Context& cx, const Undelivered& lost) { SendAgain(lost.tag.value()); }
using Tag = StrongId<struct TagTag>;

}  // namespace troupe

#endif  // TROUPE_ACTORS_IDS_H_
