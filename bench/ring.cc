// Item 3a: a token goes around a ring of actors.

#include <memory>
#include <vector>

#include "troupe/actors/actor.h"
#include "troupe/actors/context.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/system.h"
#include "troupe/bench/bench_system.h"
#include "troupe/bench/inproc_items.h"
#include "troupe/bench/report.h"
#include "troupe/bench/stopwatch.h"
#include "troupe/bench/workload.h"

namespace troupe::bench {
namespace {

class Link;

struct Join {
  Ref<Link> next;
};
struct Token {
  int64_t hops_left;
};
struct Begin {};

class Link : public Actor {
 public:
  explicit Link(Stopwatch* stopwatch) : stopwatch_(stopwatch) {}

  void On(Context&, const Join& join) { next_ = join.next; }

  void On(Context&, const Begin&) {
    stopwatch_->Begin();
    next_.Send(Token{kRingHops - 1});
  }

  void On(Context&, const Token& token) {
    if (token.hops_left == 0) {
      stopwatch_->End();
      return;
    }
    next_.Send(Token{token.hops_left - 1});
  }

 private:
  Ref<Link> next_;
  Stopwatch* const stopwatch_;
};

}  // namespace

void RunRing() {
  Stopwatch stopwatch;
  const std::unique_ptr<System> system = StartBenchSystem(1);
  std::vector<Ref<Link>> links;
  for (int i = 0; i < kRingActors; ++i) links.push_back(system->Spawn<Link>({}, &stopwatch));
  for (size_t i = 0; i < links.size(); ++i) links[i].Send(Join{links[(i + 1) % links.size()]});
  links[0].Send(Begin{});
  Report("3a", kPeer, "msg_per_s", kRingHops / stopwatch.AwaitSeconds());
}

}  // namespace troupe::bench
