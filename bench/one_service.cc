// A user's file with one actor that serves a service: item 16 compiles it too.

#include "bench/echo.troupe.h"
#include "troupe/troupe.h"

namespace {

class EchoActor final : public troupe::bench::Echo::Actor {
 public:
  troupe::Reply<troupe::bench::Msg> Call(troupe::Context& cx,
                                         const troupe::bench::Msg& request) override {
    const absl::Status slept = co_await cx.Sleep(absl::Milliseconds(1));
    if (!slept.ok()) co_return slept;
    co_return request;
  }
  troupe::Reply<void> Push(troupe::Context&, const troupe::bench::Msg&) override {
    return absl::OkStatus();
  }
};

}  // namespace

int main() {
  auto system = troupe::System::Start();
  if (!system.ok()) return 1;
  (*system)->Spawn<EchoActor>({.name = "echo"});
  return (*system)->Run();
}
