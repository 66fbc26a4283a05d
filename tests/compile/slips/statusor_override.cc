#include "tests/compile/kitchen.troupe.h"
#include "troupe/troupe.h"

class Bringer : public kitchen::Waiter::Actor {
 public:
  // g++ names the type of the base in a note.
  // SLIP-CLANG: ::troupe::Reply< ::kitchen::Plate>
  // SLIP-G++: invalid covariant return type
  absl::StatusOr<kitchen::Plate> Bring(troupe::Context&, const kitchen::Order&) override {
    return kitchen::Plate();
  }
};
