// A user's whole program, as far as a compiler's flags are concerned: an actor that is sent to,
// spawns and asks, one that serves, and a log line.

#include "tests/compile/kitchen.troupe.h"
#include "troupe/troupe.h"

namespace {

struct Guest {
  int table = 0;
};

class Bringer : public kitchen::Waiter::Actor {
 public:
  troupe::Reply<kitchen::Plate> Bring(troupe::Context&, const kitchen::Order& order) override {
    kitchen::Plate plate;
    plate.set_dish(order.dish());
    return plate;
  }
};

class Chef : public kitchen::Cook::Actor {
 public:
  troupe::Reply<kitchen::Plate> Prepare(troupe::Context&, const kitchen::Order&) override {
    return absl::UnimplementedError("no");
  }
  troupe::Reply<void> Serve(troupe::Context&, const kitchen::Order&,
                            troupe::Sink<kitchen::Plate> out) override {
    TROUPE_CO_RETURN_IF_ERROR(co_await out.Write(kitchen::Plate()));
    co_return absl::OkStatus();
  }
};

class Host : public troupe::Actor {
 public:
  explicit Host(int tables) : tables_(tables) {}

  troupe::Reply<void> On(troupe::Context& cx, const Guest& guest) {
    const kitchen::Waiter::Ref waiter = cx.Spawn<Bringer>({});
    cx.After(this, absl::Seconds(1), guest);
    cx.Every(this, absl::Seconds(1), guest);
    cx.Monitor(this, waiter);
    TROUPE_CO_ASSIGN_OR_RETURN(const kitchen::Plate plate, co_await waiter.Bring(kitchen::Order()));
    auto first = waiter.Bring(kitchen::Order()).Start();
    auto [left, right] =
        co_await troupe::All(waiter.Bring(kitchen::Order()), waiter.Bring(kitchen::Order()));
    troupe::Stream<kitchen::Plate> plates =
        kitchen::Cook::Ref(cx.Spawn<Chef>({})).Serve(kitchen::Order());
    const auto next = co_await plates.Next();
    const auto offloaded = co_await cx.Offload([](int table) { return table; }, guest.table);
    co_await cx.Sleep(absl::Seconds(1));
    TROUPE_LOG(kInfo, plate.dish(), left.ok(), right.status(), next.ok(), offloaded.ok());
    co_return (co_await std::move(first)).status();
  }
  void On(troupe::Context&, const troupe::Down& down) {
    TROUPE_LOG(kInfo, "table ", tables_, ": ", down.reason, ", ", down.status);
  }

 private:
  const int tables_;
};

absl::Status Serve() {
  TROUPE_ASSIGN_OR_RETURN(const std::unique_ptr<troupe::System> system, troupe::System::Start());
  const troupe::Ref<Host> host = system->Spawn<Host>({.name = "host"}, 7);
  host.Send(Guest{3});
  TROUPE_ASSIGN_OR_RETURN(const std::unique_ptr<troupe::Node> node,
                          troupe::Node::Start(*system, {}));
  return node->Export("waiter", system->Spawn<Bringer>({}));
}

}  // namespace

int main() { return Serve().ok() ? 0 : 1; }
