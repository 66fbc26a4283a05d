#ifndef TROUPE_TESTS_SIM_MEMBER_H_
#define TROUPE_TESTS_SIM_MEMBER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/sim/tally.troupe.h"
#include "troupe/actors/context.h"
#include "troupe/actors/reply.h"
#include "troupe/actors/system.h"
#include "troupe/base/limits.h"
#include "troupe/loop/platform.h"
#include "troupe/sim/simulation.h"
#include "troupe/transport/node.h"

namespace troupe {

class TallyActor final : public tally::Tally::Actor {
 public:
  Reply<tally::TallyReply> Add(Context&, const tally::TallyRequest& request) override {
    total_ += request.amount();
    tally::TallyReply reply;
    reply.set_total(total_);
    return reply;
  }

 private:
  int64_t total_ = 0;
};

inline tally::TallyRequest Amount(int64_t amount) {
  tally::TallyRequest request;
  request.set_amount(amount);
  return request;
}

// A node of the cluster. What it is made of ends in the order that a program's main() has.
struct Member {
  Member(Simulation& simulation, const std::string& name, const Limits& limits = {})
      : Member(simulation.AddNode(name), name, limits) {}
  Member(Platform& platform, const std::string& name, const Limits& limits = {})
      : system(*System::Start({.shards = 2, .limits = limits, .platform = &platform})),
        node(*Node::Start(*system, {.name = name, .listen = "127.0.0.1:0"})) {}

  std::string Url(std::string_view exported) const {
    return absl::StrCat("troupe://", node->address().ToString(), "/", std::string(exported));
  }

  std::unique_ptr<System> system;
  std::unique_ptr<Node> node;
};

inline tally::Tally::Ref ExportTally(Member& member) {
  const tally::Tally::Ref tally = member.system->Spawn<TallyActor>({});
  EXPECT_TRUE(member.node->Export("tally", tally).ok());
  return tally;
}

inline tally::Tally::Ref Find(Member& from, const Member& at) {
  const auto found = from.node->Lookup<tally::Tally>(at.Url("tally")).Wait();
  EXPECT_TRUE(found.ok()) << found.status();
  return found.ok() ? *found : tally::Tally::Ref();
}

}  // namespace troupe

#endif  // TROUPE_TESTS_SIM_MEMBER_H_
