// Item 14: a busy shard sends some messages to another one, which has nothing else to do, for each
// message that it handles.

#include <cstdint>
#include <memory>
#include <string_view>

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

struct Step {};
struct Load {
  int64_t value;
};

class Receiver : public Actor {
 public:
  void On(Context&, const Load& load) { sum_ += load.value; }

 private:
  int64_t sum_ = 0;
};

class Source : public Actor {
 public:
  Source(Ref<Receiver> receiver, int fan, int64_t* refused, Stopwatch* stopwatch)
      : receiver_(receiver), fan_(fan), refused_(refused), stopwatch_(stopwatch) {}

  // Enough steps wait for it that its shard is never idle.
  Reply<void> OnStart(Context& cx) override {
    stopwatch_->Begin();
    for (int i = 0; i < kFanOutSteps; ++i) cx.Self(this).Send(Step{});
    return absl::OkStatus();
  }

  void On(Context& cx, const Step&) {
    if (left_ <= 0) return;
    left_ -= fan_;
    for (int i = 0; i < fan_; ++i) {
      if (receiver_.Send(Load{i}) != SendResult::kAccepted) ++*refused_;
    }
    if (left_ <= 0) return stopwatch_->End();
    cx.Self(this).Send(Step{});
  }

 private:
  const Ref<Receiver> receiver_;
  const int fan_;
  int64_t left_ = kFanOutMessages;
  int64_t* const refused_;
  Stopwatch* const stopwatch_;
};

void RunFanOutOf(int fan, std::string_view figure) {
  Stopwatch stopwatch;
  int64_t refused = 0;
  const std::unique_ptr<System> system = StartBenchSystem(2);
  const Ref<Receiver> receiver = system->Spawn<Receiver>({.placement = Placement::OnShard(1)});
  system->Spawn<Source>({.placement = Placement::OnShard(0)}, receiver, fan, &refused, &stopwatch);
  stopwatch.AwaitSeconds();
  Report("14", kPeer, figure, 100.0 * static_cast<double>(refused) / kFanOutMessages);
}

}  // namespace

void RunFanOut() {
  RunFanOutOf(2, "refused_percent_of_2");
  RunFanOutOf(4, "refused_percent_of_4");
}

}  // namespace troupe::bench
