#include <utility>
#include <vector>

#include "tests/compile/kitchen.troupe.h"
#include "troupe/troupe.h"

troupe::Reply<void> Use(std::vector<troupe::Call<kitchen::Plate>> calls) {
  // SLIP: Start() each into a std::vector<troupe::Pending<T>> and co_await those in turn
  co_await troupe::All(std::move(calls));
  co_return absl::OkStatus();
}
