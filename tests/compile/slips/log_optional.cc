#include <optional>

#include "tests/compile/kitchen.troupe.h"
#include "troupe/troupe.h"

void Use(std::optional<int> number) {
  TROUPE_LOG(kInfo, "number ", number);  // SLIP: TROUPE_LOG takes
}
