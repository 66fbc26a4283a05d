#ifndef TROUPE_TESTS_TRANSPORT_SIDE_H_
#define TROUPE_TESTS_TRANSPORT_SIDE_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "troupe/actors/runtime/runtime.h"
#include "troupe/actors/system.h"
#include "troupe/actors/system_options.h"
#include "troupe/base/clock.h"
#include "troupe/base/instant.h"
#include "troupe/base/limits.h"
#include "troupe/loop/platform.h"
#include "troupe/transport/node.h"

namespace troupe {

// A system and its node, one of several in a test's process.
struct Side {
  explicit Side(std::string name, int shards = 1, Limits limits = {},
                std::string listen = "127.0.0.1:0") {
    SystemOptions options;
    options.shards = shards;
    options.limits = limits;
    options.pin = false;
    system = *System::Start(options);
    node = *Node::Start(*system, {.name = std::move(name), .listen = std::move(listen)});
  }
  ~Side() {
    node.reset();
    system.reset();
  }

  std::string address() const { return node->address().ToString(); }
  std::string Url(const std::string& name) const {
    return absl::StrCat("troupe://", address(), "/", name);
  }
  // Asks for the counters, which takes a turn of each shard, until `reached` says so. When it has
  // not in ten seconds the test fails and goes on with the counters as they are.
  template <typename Reached>
  NodeCounters Until(Reached reached) const {
    const Clock& clock = system->runtime().platform().clock();
    const Instant deadline = clock.Now() + absl::Seconds(10);
    for (;;) {
      const NodeCounters counters = node->Counters();
      if (reached(counters)) return counters;
      if (clock.Now() < deadline) continue;
      ADD_FAILURE() << "the counters did not get there within ten seconds";
      return counters;
    }
  }

  std::unique_ptr<System> system;
  std::unique_ptr<Node> node;
};

}  // namespace troupe

#endif  // TROUPE_TESTS_TRANSPORT_SIDE_H_
