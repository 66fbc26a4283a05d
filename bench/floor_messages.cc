// The floor of the items whose actors send messages on one thread.

#include <memory>
#include <vector>

#include "troupe/bench/floor_core.h"
#include "troupe/bench/floor_items.h"
#include "troupe/bench/report.h"
#include "troupe/bench/stopwatch.h"
#include "troupe/bench/workload.h"

namespace troupe::bench {
namespace {

class Echo : public FloorActor {
 public:
  explicit Echo(FloorCore* core) : core_(core) {}

  bool On(const FloorMessage& message) override {
    core_->Send(*message.from, message.value);
    return true;
  }

 private:
  FloorCore* const core_;
};

class Caller : public FloorActor {
 public:
  Caller(FloorCore* core, FloorActor* server) : core_(core), server_(server) {}

  bool On(const FloorMessage& message) override {
    if (--left_ > 0) {
      core_->Send(*server_, message.value + 1, this);
    } else {
      core_->Stop();
    }
    return true;
  }

 private:
  FloorCore* const core_;
  FloorActor* const server_;
  int64_t left_ = kLocalRoundTrips;
};

class Receiver : public FloorActor {
 public:
  explicit Receiver(FloorCore* core) : core_(core) {}

  bool On(const FloorMessage& message) override {
    if (message.from != nullptr) core_->Send(*message.from, 0);
    if (--left_ == 0) core_->Stop();
    return true;
  }

 private:
  FloorCore* const core_;
  int64_t left_ = kFanInSenders * kFanInPerSender;
};

class Sender : public FloorActor {
 public:
  Sender(FloorCore* core, FloorActor* receiver) : core_(core), receiver_(receiver) {}

  bool On(const FloorMessage&) override {
    if (bursts_left_ == 0) return true;
    --bursts_left_;
    for (int64_t i = 1; i < kFanInBurst; ++i) core_->Send(*receiver_, i);
    core_->Send(*receiver_, 0, this);
    return true;
  }

 private:
  FloorCore* const core_;
  FloorActor* const receiver_;
  int64_t bursts_left_ = kFanInPerSender / kFanInBurst;
};

class Link : public FloorActor {
 public:
  explicit Link(FloorCore* core) : core_(core) {}

  void set_next(FloorActor* next) { next_ = next; }

  bool On(const FloorMessage& message) override {
    if (message.value > 0) {
      core_->Send(*next_, message.value - 1);
    } else {
      core_->Stop();
    }
    return true;
  }

 private:
  FloorCore* const core_;
  FloorActor* next_ = nullptr;
};

class Member;

struct Crowd {
  FloorCore core;
  std::vector<std::unique_ptr<Member>> members;
  int members_pinging = kBigActors;
};

// A message that names its sender is a ping.
class Member : public FloorActor {
 public:
  Member(int index, Crowd* crowd) : draws_(static_cast<uint64_t>(index) + 1), crowd_(crowd) {}

  void PingAny() { crowd_->core.Send(*crowd_->members[draws_.Below(kBigActors)], left_, this); }

  bool On(const FloorMessage& message) override {
    if (message.from != nullptr) {
      crowd_->core.Send(*message.from, message.value);
    } else if (--left_ > 0) {
      PingAny();
    } else if (--crowd_->members_pinging == 0) {
      crowd_->core.Stop();
    }
    return true;
  }

 private:
  Draws draws_;
  int64_t left_ = kBigPingsPerActor;
  Crowd* const crowd_;
};

double RunSeconds(FloorCore& core) {
  Stopwatch stopwatch;
  stopwatch.Begin();
  core.Run();
  stopwatch.End();
  return stopwatch.AwaitSeconds();
}

}  // namespace

void RunFloorLocalPingPong() {
  FloorCore core;
  Echo server(&core);
  Caller caller(&core, &server);
  core.Send(server, 0, &caller);
  Report("1a", kFloor, "rt_per_s", kLocalRoundTrips / RunSeconds(core));
}

void RunFloorLocalFanIn() {
  FloorCore core;
  Receiver receiver(&core);
  std::vector<std::unique_ptr<Sender>> senders;
  for (int i = 0; i < kFanInSenders; ++i) {
    senders.push_back(std::make_unique<Sender>(&core, &receiver));
    core.Send(*senders.back(), 0);
  }
  Report("2a", kFloor, "msg_per_s", kFanInSenders * kFanInPerSender / RunSeconds(core));
}

void RunFloorRing() {
  FloorCore core;
  std::vector<std::unique_ptr<Link>> links;
  for (int i = 0; i < kRingActors; ++i) links.push_back(std::make_unique<Link>(&core));
  for (size_t i = 0; i < links.size(); ++i) {
    links[i]->set_next(links[(i + 1) % links.size()].get());
  }
  core.Send(*links[0], kRingHops);
  Report("3a", kFloor, "msg_per_s", kRingHops / RunSeconds(core));
}

void RunFloorBig() {
  Crowd crowd;
  for (int i = 0; i < kBigActors; ++i) {
    crowd.members.push_back(std::make_unique<Member>(i, &crowd));
  }
  for (auto& member : crowd.members) member->PingAny();
  constexpr int64_t kMessages = 2 * kBigActors * kBigPingsPerActor;
  Report("3b", kFloor, "msg_per_s_1_shard", kMessages / RunSeconds(crowd.core));
}

}  // namespace troupe::bench
