#include "tests/compile/kitchen.troupe.h"
#include "troupe/troupe.h"

struct Bell {};

struct Guest : troupe::Actor {
  void On(troupe::Context&, const Bell&);
};

troupe::Reply<void> Use(troupe::Ref<Guest> guest) {
  const Bell bell;
  co_await guest.Send(bell);  // SLIP: leave co_await out
  co_return absl::OkStatus();
}
