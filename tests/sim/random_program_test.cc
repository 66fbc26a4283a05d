// A random program: actors that send, ask, watch, time, fail, stop and spawn by the seed, on some
// shards. Whatever it does, what the runtime promises of each of these holds.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/sim/tally.troupe.h"
#include "troupe/actors/actor.h"
#include "troupe/actors/any_ref.h"
#include "troupe/actors/call.h"
#include "troupe/actors/certainty.h"
#include "troupe/actors/context.h"
#include "troupe/actors/events.h"
#include "troupe/actors/ids.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/reply.h"
#include "troupe/actors/shard_counters.h"
#include "troupe/actors/spawn_options.h"
#include "troupe/actors/system.h"
#include "troupe/base/instant.h"
#include "troupe/sim/test_simulation.h"

namespace troupe {
namespace {

using tally::Tally;
using tally::TallyReply;
using tally::TallyRequest;

constexpr int kShards = 3;
constexpr size_t kActors = 12;
constexpr size_t kActorsMax = 60;  // That ever live in a run.

struct Note {
  uint64_t number;
  uint64_t sender_life;
};
struct Alarm {
  uint64_t number;
};
struct Act {};

// --- What happened. ---

struct SentNote {
  SendResult result = SendResult::kAccepted;
  uint64_t sender_life = 0;
  size_t target = 0;
  bool elsewhere = false;  // The target is on another shard.
  int handled = 0;
};
struct Request {
  int handled = 0;
  absl::Status outcome = absl::UnknownError("none yet");
  int outcomes = 0;
};
struct Timer {
  Instant due;
  bool cancelled = false;
  int fired = 0;
};
struct Watch {
  size_t target = 0;
  uint64_t watcher_life = 0;
  int downs = 0;
  bool ended = false;  // By a Demonitor() that came in time.
};

class Peer;

// Lives are numbered from 1 on over all actors.
struct Ledger {
  std::vector<Ref<Peer>> actors;
  std::vector<uint64_t> life_of;                           // Of each actor; 0 once it has ended.
  std::vector<bool> roomy;                                 // Each actor's mailbox never fills.
  std::map<std::pair<uint64_t, size_t>, int> undelivered;  // Sender's life, target.
  std::vector<bool> ended;                                 // Each actor's Down has come.
  std::map<uint64_t, SentNote> notes;
  std::map<uint64_t, Request> requests;
  std::map<uint64_t, Timer> timers;
  std::vector<Watch> watches;
  std::map<std::pair<uint64_t, size_t>, uint64_t> last_note;  // Sender's life, receiver.
  std::vector<std::string> wrong;
  uint64_t numbers = 0;
  uint64_t lives = 0;
  bool over = false;

  void Wrong(std::string what) { wrong.push_back(std::move(what)); }
};

// --- The program. ---

class Peer final : public Tally::Actor {
 public:
  Peer(size_t index, Ledger* ledger) : index_(index), life_(++ledger->lives), ledger_(*ledger) {
    ledger_.life_of[index_] = life_;
  }

  Reply<void> OnStart(Context& cx) override {
    if (cx.random().Below(20) == 0) return absl::InternalError("a bad start");
    ActLater(cx);
    return absl::OkStatus();
  }

  void On(Context& cx, const Act&) {
    if (ledger_.over) return;
    ActLater(cx);
    switch (cx.random().Below(12)) {
      case 0:
      case 1:
      case 2:
        return SendNotes(cx);
      case 3:
      case 4:
      case 5:
        kept_.push_back(Ask(cx, cx.random().Below(ledger_.actors.size())));
        return;
      case 6:
        return SetAlarm(cx);
      case 7:
        return CancelAlarm(cx);
      case 8:
        return StartWatch(cx);
      case 9:
        return EndWatch(cx);
      case 10:
        std::erase_if(kept_, [](const Reply<void>& each) { return each.done(); });
        if (!kept_.empty() && cx.random().Below(2) == 0) kept_.pop_back();
        return;
      default:
        if (cx.random().Below(4) == 0) return cx.Stop();
        if (cx.random().Below(4) == 0) throw std::runtime_error("as planned");
    }
  }

  void On(Context&, const Note& note) {
    if (++ledger_.notes[note.number].handled > 1) {
      ledger_.Wrong(absl::StrCat("note ", note.number, " was handled twice"));
    }
    uint64_t& last = ledger_.last_note[{note.sender_life, index_}];
    if (note.number < last) {
      ledger_.Wrong(absl::StrCat("note ", note.number, " came after note ", last));
    }
    last = note.number;
  }

  Reply<TallyReply> Add(Context& cx, const TallyRequest& request) override {
    ++ledger_.requests[static_cast<uint64_t>(request.amount())].handled;
    TallyReply reply;
    reply.set_total(request.amount());
    const uint64_t kind = cx.random().Below(6);
    if (kind == 0) throw std::runtime_error("as planned, too");
    if (kind == 1) return absl::AbortedError("refused");
    if (kind > 3) return reply;
    return AddLater(cx, std::move(reply), absl::Microseconds(cx.random().Below(3000)));
  }

  void On(Context& cx, const Alarm& alarm) {
    Timer& timer = ledger_.timers[alarm.number];
    if (++timer.fired > 1) ledger_.Wrong(absl::StrCat("timer ", alarm.number, " fired twice"));
    if (timer.cancelled) ledger_.Wrong(absl::StrCat("timer ", alarm.number, " was cancelled"));
    if (cx.Now() < timer.due) ledger_.Wrong(absl::StrCat("timer ", alarm.number, " is early"));
    std::erase_if(alarms_, [&](const auto& each) { return each.first == alarm.number; });
  }

  void On(Context&, const Undelivered& notice) {
    const auto& actors = ledger_.actors;
    const auto target = std::find(actors.begin(), actors.end(), notice.target);
    if (target == actors.end()) return ledger_.Wrong("an Undelivered of nobody");
    ++ledger_.undelivered[{life_, static_cast<size_t>(target - actors.begin())}];
  }

  void On(Context&, const Down& down) {
    const auto found = std::find_if(watches_.begin(), watches_.end(),
                                    [&](const auto& each) { return each.first == down.monitor; });
    if (found == watches_.end()) return ledger_.Wrong("a Down of no monitor of this life");
    Watch& watch = ledger_.watches[found->second];
    if (++watch.downs > 1) ledger_.Wrong("a second Down");
    if (watch.ended) ledger_.Wrong("a Down after Demonitor()");
  }

 private:
  void ActLater(Context& cx) { cx.After(this, absl::Microseconds(cx.random().Below(2000)), Act{}); }

  void SendNotes(Context& cx) {
    const size_t target = cx.random().Below(ledger_.actors.size());
    const Ref<Peer> to = ledger_.actors[target];
    for (uint64_t count = 1 + cx.random().Below(20); count > 0; --count) {
      const uint64_t number = ++ledger_.numbers;
      ledger_.notes[number] = {.result = to.Send(Note{number, life_}),
                               .sender_life = life_,
                               .target = target,
                               .elsewhere = to.shard() != cx.self().shard()};
    }
  }

  Reply<void> Ask(Context& cx, size_t index) {
    const uint64_t number = ++ledger_.numbers;
    TallyRequest request;
    request.set_amount(static_cast<int64_t>(number));
    const auto patience = absl::Microseconds(1 + cx.random().Below(5000));
    auto call = Tally::Ref(ledger_.actors[index]).Add(request).Within(patience);
    const absl::StatusOr<TallyReply> reply = co_await std::move(call);
    Request& entry = ledger_.requests[number];
    ++entry.outcomes;
    entry.outcome = reply.status();
    if (reply.ok() && reply->total() != static_cast<int64_t>(number)) {
      ledger_.Wrong(absl::StrCat("request ", number, " has the reply of ", reply->total()));
    }
    co_return absl::OkStatus();
  }
  Reply<TallyReply> AddLater(Context& cx, TallyReply reply, absl::Duration time) {
    co_await cx.Sleep(time);
    co_return reply;
  }

  void SetAlarm(Context& cx) {
    const uint64_t number = ++ledger_.numbers;
    const auto delay = absl::Microseconds(cx.random().Below(20'000));
    ledger_.timers[number].due = cx.Now() + delay;
    alarms_.emplace_back(number, cx.After(this, delay, Alarm{number}));
  }
  void CancelAlarm(Context& cx) {
    if (alarms_.empty()) return;
    const auto [number, id] = alarms_.back();
    alarms_.pop_back();
    if (cx.Cancel(id)) ledger_.timers[number].cancelled = true;
  }

  void StartWatch(Context& cx) {
    const size_t target = cx.random().Below(ledger_.actors.size());
    ledger_.watches.push_back({.target = target, .watcher_life = life_});
    watches_.emplace_back(cx.Monitor(this, ledger_.actors[target]), ledger_.watches.size() - 1);
  }
  void EndWatch(Context& cx) {
    if (watches_.empty()) return;
    const auto& [id, index] = watches_[cx.random().Below(watches_.size())];
    if (cx.Demonitor(id)) ledger_.watches[index].ended = true;
  }

  const size_t index_;
  const uint64_t life_;
  Ledger& ledger_;
  std::vector<Reply<void>> kept_;
  std::vector<std::pair<uint64_t, TimerId>> alarms_;
  std::vector<std::pair<MonitorId, size_t>> watches_;
};

// Keeps as many actors as there were at the beginning.
class Gardener final : public Actor {
 public:
  explicit Gardener(Ledger* ledger) : ledger_(*ledger) {}

  Reply<void> OnStart(Context& cx) override {
    for (size_t i = 0; i < kActors; ++i) Plant(cx);
    return absl::OkStatus();
  }
  void On(Context& cx, const Down& down) {
    for (size_t i = 0; i < ledger_.actors.size(); ++i) {
      if (ledger_.actors[i] != down.who) continue;
      ledger_.ended[i] = true;
      ledger_.life_of[i] = 0;
    }
    if (!ledger_.over && ledger_.actors.size() < kActorsMax) Plant(cx);
  }

 private:
  void Plant(Context& cx) {
    const size_t index = ledger_.actors.size();
    ledger_.life_of.push_back(0);
    ledger_.ended.push_back(false);
    ledger_.roomy.push_back(true);
    ledger_.actors.emplace_back();
    SpawnOptions options{.restart = {.max = 3, .backoff_min = absl::Milliseconds(1)}};
    options.placement = Placement::OnShard(static_cast<int>(cx.random().Below(kShards)));
    if (cx.random().Below(3) == 0) {
      options.mailbox.messages_max = 8;
      ledger_.roomy[index] = false;
    }
    if (cx.random().Below(3) == 0) options.mailbox.overflow = Overflow::kDropOldest;
    ledger_.actors[index] = cx.Spawn<Peer>(std::move(options), index, &ledger_);
    cx.Monitor(this, ledger_.actors[index]);
  }

  Ledger& ledger_;
};

// --- The judgement. ---

void JudgeNotes(const Ledger& ledger, const ShardCounters& counters,
                std::vector<std::string>& wrong) {
  uint64_t accepted = 0, handled = 0, gone = 0;
  for (const auto& [number, note] : ledger.notes) {
    accepted += note.result == SendResult::kAccepted ? 1 : 0;
    gone += note.result == SendResult::kGone ? 1 : 0;
    handled += static_cast<uint64_t>(note.handled);
    if (note.result != SendResult::kAccepted && note.handled > 0) {
      wrong.push_back(absl::StrCat("note ", number, " was refused and handled"));
    }
  }
  if (accepted != handled + (counters.dead_letters - gone)) {
    wrong.push_back(absl::StrCat(accepted, " notes were accepted, ", handled, " handled, ",
                                 counters.dead_letters, " dead letters, ", gone, " to nobody"));
  }
}

// Of those who live on and have room for it, each hears of each loss on another shard.
void JudgeUndelivered(const Ledger& ledger, std::vector<std::string>& wrong) {
  std::map<std::pair<uint64_t, size_t>, int> lost;
  for (const auto& [number, note] : ledger.notes) {
    const bool is_lost = note.result == SendResult::kAccepted && note.handled == 0;
    if (is_lost && note.elsewhere) ++lost[{note.sender_life, note.target}];
  }
  for (size_t i = 0; i < ledger.actors.size(); ++i) {
    if (ledger.life_of[i] == 0 || !ledger.roomy[i]) continue;
    for (size_t target = 0; target < ledger.actors.size(); ++target) {
      const std::pair key(ledger.life_of[i], target);
      const auto of = [&key](const auto& counts) {
        const auto found = counts.find(key);
        return found == counts.end() ? 0 : found->second;
      };
      if (of(lost) == of(ledger.undelivered)) continue;
      wrong.push_back(absl::StrCat("actor ", i, " lost ", of(lost), " notes to actor ", target,
                                   " and heard of ", of(ledger.undelivered)));
    }
  }
}

void JudgeRequests(const Ledger& ledger, std::vector<std::string>& wrong) {
  for (const auto& [number, request] : ledger.requests) {
    const auto says = [&](std::string_view what) {
      wrong.push_back(absl::StrCat("request ", number, " ", std::string(what), ": ",
                                   request.outcome.ToString()));
    };
    if (request.handled > 1) says("was handled twice");
    if (request.outcomes > 1) says("has two outcomes");
    if (request.outcomes == 0) continue;  // Its asker ended, or gave it up.
    if (request.outcome.ok() && request.handled == 0) says("was not handled");
    if (!request.outcome.ok() && request.handled > 0 && HasCertainty(request.outcome) &&
        CertaintyOf(request.outcome) != Certainty::kMaybeExecuted) {
      says("was handled");
    }
  }
}

void JudgeWatches(const Ledger& ledger, std::vector<std::string>& wrong) {
  for (const Watch& watch : ledger.watches) {
    const bool lives = std::find(ledger.life_of.begin(), ledger.life_of.end(),
                                 watch.watcher_life) != ledger.life_of.end();
    if (!lives || watch.ended) continue;
    const int due = ledger.ended[watch.target] ? 1 : 0;
    if (watch.downs != due) {
      wrong.push_back(absl::StrCat(watch.downs, " Downs of actor ", watch.target, ", not ", due));
    }
  }
}

std::vector<std::string> RunProgram(uint64_t seed) {
  TestSimulation simulation({.seed = seed, .log_to_stderr = false});
  Ledger ledger;
  const auto system = *System::Start({.shards = kShards,
                                      .limits = {.turn_messages_per_actor_max = 4},
                                      .platform = &simulation.AddNode("node")});
  system->Spawn<Gardener>({}, &ledger);
  simulation.RunFor(absl::Milliseconds(200));
  ledger.over = true;
  simulation.RunFor(absl::Seconds(5));  // Until all is quiet.
  std::vector<std::string> wrong = ledger.wrong;
  JudgeNotes(ledger, system->Counters(), wrong);
  JudgeUndelivered(ledger, wrong);
  JudgeRequests(ledger, wrong);
  JudgeWatches(ledger, wrong);
  return wrong;
}

void ExpectPromisesKept(uint64_t seed) {
  const std::vector<std::string> wrong = RunProgram(seed);
  EXPECT_TRUE(wrong.empty()) << "seed " << seed << ":\n" << absl::StrJoin(wrong, "\n");
}

TEST(RandomProgramTest, WhatItIsPromisedHolds) {
  for (const uint64_t seed : SimulationSeeds(200)) ExpectPromisesKept(seed);
}

// Notices of losses outlived a restart in the mailbox.
TEST(RandomProgramTest, F163_SeedsThatOnceBrokeAPromise) {
  for (const uint64_t seed : {695, 814, 1632, 1643, 2137, 3029, 3374, 3506}) {
    ExpectPromisesKept(seed);
  }
}

}  // namespace
}  // namespace troupe
