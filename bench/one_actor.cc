// What a user's file with one actor looks like: what item 16 compiles.

#include "troupe/troupe.h"

namespace {

struct Tick {
  int wait_ms;
};

class Ticker final : public troupe::Actor {
 public:
  troupe::Reply<void> On(troupe::Context& cx, const Tick& tick) {
    const absl::Status slept = co_await cx.Sleep(absl::Milliseconds(tick.wait_ms));
    if (!slept.ok()) co_return slept;
    cx.After(this, absl::Seconds(1), Tick{.wait_ms = 2});
    co_return absl::OkStatus();
  }
};

}  // namespace

int main() {
  auto system = troupe::System::Start();
  if (!system.ok()) return 1;
  (*system)->Spawn<Ticker>({.name = "ticker"}).Send(Tick{.wait_ms = 1});
  return (*system)->Run();
}
