#include <coroutine>

#include "tests/compile/kitchen.troupe.h"
#include "troupe/troupe.h"

struct Other {
  bool await_ready() { return false; }
  void await_suspend(std::coroutine_handle<>) {}
  void await_resume() {}
};

troupe::Reply<void> Use() {
  co_await Other();  // SLIP: can co_await only Troupe's own
  co_return absl::OkStatus();
}
