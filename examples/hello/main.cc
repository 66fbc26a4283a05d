// Teaches: two actors, a request and its reply, and a timer, which is an event like any other.
//
//   bazel run //examples/hello

#include <iostream>
#include <string>

#include "examples/hello/hello.troupe.h"
#include "troupe/troupe.h"

namespace hello {

class GreeterActor final : public Greeter::Actor {
 public:
  troupe::Reply<Greeting> Greet(troupe::Context&, const Name& name) override {
    Greeting greeting;
    greeting.set_text("Hello, " + name.text() + "! You are number " + std::to_string(++greeted_));
    return greeting;
  }

 private:
  int greeted_ = 0;  // Needs no lock: an actor handles one message at a time.
};

class GuestActor final : public troupe::Actor {
 public:
  explicit GuestActor(Greeter::Ref greeter) : greeter_(greeter) {}

  troupe::Reply<void> OnStart(troupe::Context& cx) override {
    cx.After(this, absl::Milliseconds(10), Knock{});  // Arrives as a message.
    return absl::OkStatus();
  }

  struct Knock {};
  troupe::Reply<void> On(troupe::Context& cx, const Knock&) {
    Name name;
    name.set_text("world");
    const absl::StatusOr<Greeting> greeting = co_await greeter_.Greet(name);
    std::cout << (greeting.ok() ? greeting->text() : greeting.status().ToString()) << std::endl;
    cx.self().system()->Shutdown();
    co_return absl::OkStatus();
  }

 private:
  const Greeter::Ref greeter_;
};

}  // namespace hello

int main() {
  auto system = troupe::System::Start({.shards = 2});
  if (!system.ok()) return 1;
  const hello::Greeter::Ref greeter = (*system)->Spawn<hello::GreeterActor>({});
  (*system)->Spawn<hello::GuestActor>({}, greeter);
  return (*system)->Run();
}
