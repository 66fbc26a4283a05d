// The story of a run, and that telling it changes nothing.

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <initializer_list>
#include <memory>
#include <sstream>
#include <string>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/sim/tally.troupe.h"
#include "troupe/actors/context.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/reply.h"
#include "troupe/actors/system.h"
#include "troupe/base/instant.h"
#include "troupe/sim/sim_story.h"
#include "troupe/sim/story_page.h"
#include "troupe/sim/test_simulation.h"
#include "troupe/transport/node.h"

namespace troupe {
namespace {

using tally::Tally;
using tally::TallyReply;
using tally::TallyRequest;

class Adder final : public Tally::Actor {
 public:
  Reply<TallyReply> Add(Context&, const TallyRequest& request) override {
    TallyReply reply;
    reply.set_total(total_ += request.amount());
    return reply;
  }

 private:
  int64_t total_ = 0;
};

// Asks another actor, perhaps of another node.
class Clerk final : public Tally::Actor {
 public:
  explicit Clerk(Tally::Ref adder) : adder_(adder) {}

  Reply<TallyReply> Add(Context&, const TallyRequest& request) override {
    co_return co_await adder_.Add(request);
  }

 private:
  const Tally::Ref adder_;
};

struct Told {
  uint64_t hash = 0;
  std::string text;
  std::string page;
};

Told TellRun(uint64_t seed, bool records) {
  TestSimulation simulation({.seed = seed, .record_trace = records, .log_to_stderr = false});
  Told told;
  {
    const auto home = *System::Start({.shards = 2, .platform = &simulation.AddNode("home")});
    const auto node = *Node::Start(*home, {.name = "home", .listen = "127.0.0.1:4500"});
    const Tally::Ref adder = home->Spawn<Adder>({.name = "sum"});
    EXPECT_TRUE(node->Export("sum", adder).ok());
    const auto away = *System::Start({.shards = 1, .platform = &simulation.AddNode("away")});
    const auto other = *Node::Start(*away, {.name = "away"});
    const auto found = other->Lookup<Tally>("troupe://127.0.0.1:4500/sum").Wait();
    EXPECT_TRUE(found.ok()) << found.status();
    const Tally::Ref clerk = away->Spawn<Clerk>({}, *found);
    TallyRequest request;
    request.set_amount(5);
    simulation.Cut("home", "away");
    simulation.RunFor(absl::Milliseconds(10));
    simulation.Heal("home", "away");
    EXPECT_TRUE(clerk.Add(request).Wait().ok());
    away->Stop(clerk);
    simulation.RunFor(absl::Seconds(1));
  }
  told.hash = simulation.trace_hash();
  told.text = simulation.trace_text();
  told.page = simulation.trace_page();
  return told;
}

// In this order, with anything between.
bool HasInOrder(const std::string& text, std::initializer_list<std::string> parts) {
  size_t from = 0;
  for (const std::string& part : parts) {
    from = text.find(part, from);
    if (from == std::string::npos) return false;
    from += part.size();
  }
  return true;
}

TEST(TraceTest, TheStoryNamesActorsMessagesAndFaults) {
  const Told told = TellRun(1, true);
  EXPECT_TRUE(HasInOrder(
      told.text,
      {"*** cut from home to away", "*** healed: home and away", "away troupe::", "Clerk", " <- ",
       "Add", "home troupe::", "Adder \"sum\"", " <- ", "Add", "the outcome of", "Clerk", " ends"}))
      << told.text;
  EXPECT_TRUE(HasInOrder(told.text, {"log: ", "is up"})) << told.text;
}

TEST(TraceTest, TheFileHasABoundAndSaysSo) {
  const std::string file = testing::TempDir() + "/story.txt";
  SimStory story(10, file, /*file_bytes_max=*/1000);
  for (int i = 0; i < 1000; ++i) story.Log({}, "a line that is a bit long");
  std::stringstream text;
  text << std::ifstream(file).rdbuf();
  EXPECT_LT(text.str().size(), 1100u);
  EXPECT_TRUE(text.str().ends_with("of which nothing is kept here\n")) << text.str();
  EXPECT_EQ(story.events().size(), 10u);
}

TEST(TraceTest, ThePageHasTheColumnsAndTheArrows) {
  const std::string page = TellRun(1, true).page;
  EXPECT_TRUE(HasInOrder(page, {"<!doctype html>", "seed 1", "away", "Clerk", "home",
                                "Adder &quot;sum&quot;", "cut from home to away", "</html>"}))
      << page;
}

TEST(TraceTest, TellingTheStoryChangesNothing) {
  for (uint64_t seed = 1; seed <= 20; ++seed)
    EXPECT_EQ(TellRun(seed, true).hash, TellRun(seed, false).hash);
  EXPECT_EQ(TellRun(1, false).text, "");
}

TEST(TraceTest, NamesAreWhateverTheyAre) {
  SimStory story(10);
  story.Message({1}, "<b>", {1, 0, 1}, "</script><script>alert(1)", "a&b\n\"c\"", {});
  story.Fault({2}, "it's <over>");
  const std::string page = StoryPage(story, "<title>");
  EXPECT_EQ(page.find("<script>alert"), std::string::npos) << page;
  EXPECT_EQ(page.find("<over>"), std::string::npos) << page;
  EXPECT_NE(page.find("a&amp;b\\n&quot;c&quot;"), std::string::npos) << page;
  EXPECT_EQ(story.ToText().find("\n\""), std::string::npos) << story.ToText();
}

TEST(TraceTest, ItIsBounded) {
  SimStory story(100);
  for (int i = 0; i < 1000; ++i) story.Fault({i}, std::to_string(i));
  EXPECT_EQ(story.events().size(), 100u);
  EXPECT_EQ(story.events().front().text, "900");
  SimStory large(10'000);
  for (int i = 0; i < 10'000; ++i) large.Fault({i}, std::string(10'000, 'x'));
  const std::string page = StoryPage(large, "large");
  EXPECT_LT(page.size(), 4u << 20);
  EXPECT_NE(page.find("3000 events, the newest of 10000"), std::string::npos);
}

}  // namespace
}  // namespace troupe
