// Items 2a, 2b and 7: senders send bursts to one receiver, which acknowledges each burst.

#include <memory>
#include <vector>

#include "troupe/actors/actor.h"
#include "troupe/actors/context.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/system.h"
#include "troupe/base/check.h"
#include "troupe/bench/bench_system.h"
#include "troupe/bench/inproc_items.h"
#include "troupe/bench/report.h"
#include "troupe/bench/stopwatch.h"
#include "troupe/bench/workload.h"

namespace troupe::bench {
namespace {

class Receiver;
class Sender;

// `burst_of` is set in the last one of a burst.
struct Item {
  int64_t value;
  Ref<Sender> burst_of;
};
struct Acknowledgement {};

struct FanInWork {
  int senders;
  int64_t messages_per_sender;
  int64_t burst;
  int bursts_under_way;  // Of each sender.

  int64_t messages() const { return senders * messages_per_sender; }
};

constexpr FanInWork kFanIn = {.senders = kFanInSenders,
                              .messages_per_sender = kFanInPerSender,
                              .burst = kFanInBurst,
                              .bursts_under_way = 1};
constexpr FanInWork kStream = {.senders = 1,
                               .messages_per_sender = kStreamMessages,
                               .burst = kStreamBurst,
                               .bursts_under_way = kStreamBurstsUnderWay};

class Receiver : public Actor {
 public:
  Receiver(int64_t messages, Stopwatch* stopwatch) : left_(messages), stopwatch_(stopwatch) {}

  void On(Context& cx, const Item& item);

 private:
  int64_t left_;
  Stopwatch* const stopwatch_;
};

class Sender : public Actor {
 public:
  Sender(Ref<Receiver> receiver, FanInWork work)
      : receiver_(receiver), work_(work), bursts_left_(work.messages_per_sender / work.burst) {}

  void On(Context& cx, const Acknowledgement&) {
    if (bursts_left_ == 0) return;
    --bursts_left_;
    for (int64_t i = 1; i < work_.burst; ++i) Send(Item{i, {}});
    Send(Item{0, cx.Self(this)});
  }

 private:
  void Send(const Item& item) { TROUPE_CHECK(receiver_.Send(item) == SendResult::kAccepted); }

  const Ref<Receiver> receiver_;
  const FanInWork work_;
  int64_t bursts_left_;
};

void Receiver::On(Context&, const Item& item) {
  if (item.burst_of) item.burst_of.Send(Acknowledgement{});
  if (--left_ == 0) stopwatch_->End();
}

// Sets the senders off: the first acknowledgements are for nothing.
class Starter : public Actor {
 public:
  Starter(std::vector<Ref<Sender>> senders, int bursts_under_way, Stopwatch* stopwatch)
      : senders_(std::move(senders)), bursts_under_way_(bursts_under_way), stopwatch_(stopwatch) {}

  Reply<void> OnStart(Context&) override {
    stopwatch_->Begin();
    for (const Ref<Sender>& sender : senders_) {
      for (int i = 0; i < bursts_under_way_; ++i) sender.Send(Acknowledgement{});
    }
    return absl::OkStatus();
  }

 private:
  const std::vector<Ref<Sender>> senders_;
  const int bursts_under_way_;
  Stopwatch* const stopwatch_;
};

// Messages a second. The receiver is on shard 0.
double RunFanIn(const FanInWork& work, int shards, int senders_shard) {
  Stopwatch stopwatch;
  const std::unique_ptr<System> system = StartBenchSystem(shards);
  const Ref<Receiver> receiver = system->Spawn<Receiver>(
      {.mailbox = {.messages_max = kFanInMailboxMessages}, .placement = Placement::OnShard(0)},
      work.messages(), &stopwatch);
  const SpawnOptions beside_senders = {.placement = Placement::OnShard(senders_shard)};
  std::vector<Ref<Sender>> senders;
  for (int i = 0; i < work.senders; ++i) {
    senders.push_back(system->Spawn<Sender>(beside_senders, receiver, work));
  }
  system->Spawn<Starter>(beside_senders, senders, work.bursts_under_way, &stopwatch);
  return static_cast<double>(work.messages()) / stopwatch.AwaitSeconds();
}

}  // namespace

void RunLocalFanIn() { Report("2a", kPeer, "msg_per_s", RunFanIn(kFanIn, 1, 0)); }
void RunCrossFanIn() { Report("2b", kPeer, "msg_per_s", RunFanIn(kFanIn, 2, 1)); }
void RunCrossStream() { Report("7", kPeer, "msg_per_s", RunFanIn(kStream, 2, 1)); }

}  // namespace troupe::bench
