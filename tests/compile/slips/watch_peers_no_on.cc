#include "tests/compile/kitchen.troupe.h"
#include "troupe/troupe.h"

class Roster : public troupe::Actor {
 public:
  explicit Roster(troupe::Node* node) : node_(node) {}

  troupe::Reply<void> OnStart(troupe::Context& cx) override {
    return node_->WatchPeers(cx, this).status();  // SLIP: troupe::PeerDown): write both
  }
  void On(troupe::Context&, const troupe::PeerUp&) {}

 private:
  troupe::Node* const node_;
};
