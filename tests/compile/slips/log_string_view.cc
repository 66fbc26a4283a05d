#include "tests/compile/kitchen.troupe.h"
#include "troupe/troupe.h"

void Use() { TROUPE_LOG(kInfo, "ended: ", troupe::ToString(troupe::StopReason::kFailed)); }
