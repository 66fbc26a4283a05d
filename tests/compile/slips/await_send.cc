#include "tests/compile/kitchen.troupe.h"
#include "troupe/troupe.h"

struct Bell {};

struct Guest : troupe::Actor {
  void On(troupe::Context&, const Bell&);
};

troupe::Reply<void> Use(troupe::Ref<Guest> guest) {
  co_await guest.Send(Bell{});  // SLIP: leave co_await out
  co_return absl::OkStatus();
}
