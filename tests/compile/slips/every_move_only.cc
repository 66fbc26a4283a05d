#include <memory>

#include "tests/compile/kitchen.troupe.h"
#include "troupe/troupe.h"

struct Parcel {
  std::unique_ptr<int> inside;
};

class Post : public troupe::Actor {
 public:
  void On(troupe::Context& cx, Parcel) {
    cx.Every(this, absl::Seconds(1), Parcel());  // SLIP: copies
  }
};
