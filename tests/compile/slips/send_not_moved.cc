#include <memory>
#include <utility>

#include "tests/compile/kitchen.troupe.h"
#include "troupe/troupe.h"

struct Parcel {
  std::unique_ptr<int> content;
};

class Postman : public troupe::Actor {
 public:
  void On(troupe::Context&, Parcel) {}
};

void Use(troupe::Ref<Postman> postman, Parcel parcel, Parcel other) {
  postman.Send(std::move(other));
  postman.Send(parcel);  // SLIP: the message can only be moved: write std::move(message)
}
