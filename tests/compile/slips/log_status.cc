#include "tests/compile/kitchen.troupe.h"
#include "troupe/troupe.h"

void Use(const absl::Status& status) { TROUPE_LOG(kInfo, "came to ", status); }
