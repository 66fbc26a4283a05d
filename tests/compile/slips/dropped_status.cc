#include "tests/compile/kitchen.troupe.h"
#include "troupe/troupe.h"

class Chef : public kitchen::Cook::Actor {
 public:
  troupe::Reply<kitchen::Plate> Prepare(troupe::Context&, const kitchen::Order&) override {
    return kitchen::Plate();
  }
  troupe::Reply<void> Serve(troupe::Context&, const kitchen::Order&,
                            troupe::Sink<kitchen::Plate> out) override {
    // g++ 12 says nothing of what a co_await gives and nobody takes.
    // SLIP-G++: (silent)
    co_await out.Write(kitchen::Plate());  // SLIP: ignoring return value
    co_return absl::OkStatus();
  }
};
