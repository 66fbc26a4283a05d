#include "tests/sim/random_program/player.h"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "troupe/actors/ids.h"
#include "troupe/actors/offload.h"
#include "troupe/actors/system.h"
#include "troupe/base/status_macros.h"
#include "troupe/transport/ref_proto.h"

namespace troupe {
namespace {

constexpr size_t kShards = 3;
constexpr size_t kSeats = 3;  // Names.
constexpr uint32_t kNestedMax = 3;

player::Answer AnswerTo(const player::Question& question) {
  player::Answer answer;
  answer.set_number(question.number());
  return answer;
}

// Says that a stream or a request was given up if it is destroyed before its end is known.
template <typename Oracle>
class UntilOver {
 public:
  UntilOver(Oracle& oracle, uint64_t number) : oracle_(oracle), number_(number) {}
  ~UntilOver() {
    if (!over_) oracle_.Dropped(number_);
  }
  UntilOver(const UntilOver&) = delete;
  UntilOver& operator=(const UntilOver&) = delete;

  void Over() { over_ = true; }

 private:
  Oracle& oracle_;
  const uint64_t number_;
  bool over_ = false;
};

}  // namespace

Player::Player(size_t index, World* world)
    : index_(index), life_(++world->last_life), world_(*world) {
  ++world_.alive;
  world_.actors[index_].life = life_;
}

Player::~Player() {
  --world_.alive;
  Known& known = world_.actors[index_];
  if (known.life == life_) known.life = 0;
}

uint64_t Player::Below(Context& cx, uint64_t bound) { return cx.random().Below(bound); }

absl::Duration Player::Pause(Context& cx) {
  const auto most = static_cast<uint64_t>(absl::ToInt64Microseconds(world_.pause_max));
  return absl::Microseconds(Below(cx, most));
}

Reply<void> Player::OnStart(Context& cx) {
  if (world_.features.failures && Sometimes(cx, 20)) return absl::InternalError("a bad start");
  cx.After(this, Pause(cx), Act{});
  return absl::OkStatus();
}

// --- What it does. ---

void Player::On(Context& cx, const Act&) {
  if (world_.over) return;
  cx.After(this, Pause(cx), Act{});
  const Features& does = world_.features;
  switch (Below(cx, 16)) {
    case 0:
    case 1:
      return does.news ? SendNews(cx) : void();
    case 2:
    case 3:
    case 4:
      if (does.questions) kept_.push_back(AskOne(cx, does.nested ? kNestedMax : 0));
      return;
    case 5:
      if (does.streams) kept_.push_back(ReadAll(cx));
      return;
    case 6:
      return does.timers ? SetAlarm(cx) : void();
    case 7:
      return does.timers ? CancelAlarm(cx) : void();
    case 8:
      return does.monitors ? StartMonitor(cx) : void();
    case 9:
      return does.monitors ? EndMonitor(cx) : void();
    case 10:
      if (does.offloads) kept_.push_back(OffloadOne(cx));
      return;
    case 11:
      return does.introductions ? SendIntroduction(cx) : void();
    case 12:
      return does.names ? LookAround(cx) : void();
    case 13:
      if (does.children && Sometimes(cx, 8)) SpawnPlayer(cx, world_, node());
      return;
    case 14:
      return Drop(cx);
    default:
      if (does.stops && Sometimes(cx, 6)) {
        // Its Down comes behind its last words.
        if (does.news && !world_.sessions_end) SendNews(cx);
        return cx.Stop();
      }
      if (does.failures && Sometimes(cx, 6)) throw std::runtime_error("as planned");
  }
}

Player::Partner Player::AnyPartner(Context& cx) {
  const auto& strangers = world_.strangers[node()];
  if (!strangers.empty() && Sometimes(cx, 2)) {
    auto stranger = strangers.begin();
    std::advance(stranger, static_cast<ptrdiff_t>(Below(cx, strangers.size())));
    return {stranger->first, stranger->second, false};
  }
  // Nodes have actors of their own from their start on: this one at least.
  while (true) {
    const size_t index = Below(cx, world_.actors.size());
    const Known& known = world_.actors[index];
    if (known.node == node() && known.ref) return {index, player::Player::Ref(known.ref), true};
  }
}

void Player::SendNews(Context& cx) {
  const Partner partner = AnyPartner(cx);
  MessagesOracle& oracle = world_.news_between(index_, partner.index);
  for (uint64_t count = 1 + Below(cx, 20); count > 0; --count) {
    // The order of what several workers do is not promised.
    const uint64_t lane = world_.actors[partner.index].is_pool ? ++world_.last_lane : 0;
    player::News news;
    news.set_number(oracle.New(life_, partner.index, lane));
    news.set_sender(index_);
    const SendResult result =
        world_.features.tags ? partner.ref.Tell(news, Tag(news.number())) : partner.ref.Tell(news);
    Note(partner, news.number(), result, cx);
  }
}

void Player::SendIntroduction(Context& cx) {
  const Partner to = AnyPartner(cx);
  const Partner who = AnyPartner(cx);
  // What a third node granted to this one, it did not grant to others.
  if (!to.is_near && !who.is_near &&
      world_.actors[who.index].node != world_.actors[to.index].node) {
    return;
  }
  MessagesOracle& oracle = world_.news_between(index_, to.index);
  const uint64_t lane = world_.actors[to.index].is_pool ? ++world_.last_lane : 0;
  player::Introduction introduction;
  introduction.set_number(oracle.New(life_, to.index, lane));
  introduction.set_sender(index_);
  introduction.set_actor(who.index);
  *introduction.mutable_who() = ToProto(who.ref);
  const Tag tag(world_.features.tags ? introduction.number() : 0);
  Note(to, introduction.number(), to.ref.Introduce(introduction, tag), cx);
}

// What Send() says of an actor on the sender's own shard is final; a pool may have no room later.
void Player::Note(const Partner& partner, uint64_t number, SendResult result, Context& cx) {
  const bool is_final = partner.is_near && partner.ref.shard() == cx.self().shard() &&
                        !world_.actors[partner.index].is_pool;
  world_.news_between(index_, partner.index).Sent(number, result, is_final);
}

Reply<void> Player::AskOne(Context& cx, uint32_t nested) {
  const Partner partner = AnyPartner(cx);
  player::Question question;
  question.set_number(world_.questions.New(life_));
  if (nested > 0) question.set_nested(static_cast<uint32_t>(Below(cx, nested)));
  UntilOver<RequestsOracle> until(world_.questions, question.number());
  const auto patience = absl::Microseconds(1) + 3 * Pause(cx);
  auto call = player::Player::Ref(partner.ref).Ask(question).Within(patience);
  const absl::StatusOr<player::Answer> answer = co_await std::move(call);
  until.Over();
  world_.questions.Outcome(question.number(), answer.status());
  if (answer.ok() && answer->number() != question.number()) {
    world_.run.Wrong(
        absl::StrCat("question ", question.number(), " has the answer of ", answer->number()));
  }
  co_return absl::OkStatus();
}

Reply<void> Player::ReadAll(Context& cx) {
  const Partner partner = AnyPartner(cx);
  player::CountRequest request;
  request.set_stream(world_.streams.New(life_));
  request.set_items(static_cast<uint32_t>(Below(cx, 100)));
  UntilOver<StreamsOracle> until(world_.streams, request.stream());
  const uint64_t gives_up_at = world_.features.drops ? Below(cx, 200) : 1000;
  auto stream = player::Player::Ref(partner.ref).Count(request).Within(100 * world_.pause_max);
  for (uint64_t read = 0; read < gives_up_at; ++read) {
    const absl::StatusOr<std::optional<player::Item>> item = co_await stream.Next();
    if (item.ok() && item->has_value()) {
      world_.streams.Read(request.stream(), (*item)->item());
      if (Sometimes(cx, 10)) co_await cx.Sleep(Pause(cx));
      continue;
    }
    until.Over();
    world_.streams.Ended(request.stream(), item.status());
    co_return absl::OkStatus();
  }
  co_return absl::OkStatus();
}

Reply<void> Player::OffloadOne(Context& cx) {
  const uint64_t number = Below(cx, 1000);
  auto job = [number] { return 2 * number; };
  const absl::StatusOr<uint64_t> twice = co_await cx.Offload(std::move(job));
  if (twice.ok() && *twice != 2 * number) world_.run.Wrong("a job has another one's result");
  co_return absl::OkStatus();
}

void Player::SetAlarm(Context& cx) {
  const absl::Duration delay = 10 * Pause(cx);
  const uint64_t number = world_.timers.New(life_, cx.Now() + delay);
  alarms_.emplace_back(number, cx.After(this, delay, Alarm{number}));
}

void Player::CancelAlarm(Context& cx) {
  if (alarms_.empty()) return;
  const auto [number, id] = alarms_.back();
  alarms_.pop_back();
  if (cx.Cancel(id)) world_.timers.Cancelled(number);
}

void Player::StartMonitor(Context& cx) {
  const Partner partner = AnyPartner(cx);
  const uint64_t number = world_.monitors.New(life_, partner.index);
  monitors_.emplace_back(cx.Monitor(this, partner.ref), number);
}

void Player::EndMonitor(Context& cx) {
  if (monitors_.empty()) return;
  const auto& [id, number] = monitors_[Below(cx, monitors_.size())];
  if (cx.Demonitor(id)) world_.monitors.Ended(number);
}

// A name leads to an actor that has it.
void Player::LookAround(Context& cx) {
  const std::string name = absl::StrCat("seat-", Below(cx, kSeats));
  const std::optional<player::Player::Ref> found = cx.Find<player::Player>(name);
  if (!found.has_value()) return;
  const auto known = std::find_if(world_.actors.begin(), world_.actors.end(),
                                  [&](const Known& each) { return each.ref == *found; });
  const bool right = known != world_.actors.end() && known->name == name;
  world_.run.Expect(right, "a name leads to an actor that never had it");
  world_.run.Expect(!right || !known->is_down, "a name leads to an actor whose Down was handled");
}

void Player::Drop(Context& cx) {
  std::erase_if(kept_, [](const Reply<void>& each) { return each.done(); });
  if (!world_.features.drops || kept_.empty() || !Sometimes(cx, 2)) return;
  kept_.erase(kept_.begin() + static_cast<ptrdiff_t>(Below(cx, kept_.size())));
}

// --- What it is told. ---

void Player::Received(uint64_t number, uint64_t sender) {
  world_.news_between(sender, index_).Handled(number, index_);
  // The end of a session is a Down too, and the actor may be heard of again.
  if (world_.actors[sender].node == node() || !world_.sessions_end) {
    world_.monitors.Message(life_, sender);
  }
}

Reply<void> Player::Tell(Context&, const player::News& news) {
  Received(news.number(), news.sender());
  return absl::OkStatus();
}

Reply<void> Player::Introduce(Context& cx, const player::Introduction& introduction) {
  Received(introduction.number(), introduction.sender());
  const auto who = FromProto<player::Player::Ref>(*cx.self().system(), introduction.who());
  if (!who) return absl::OkStatus();
  const size_t known = world_.Find(who);
  if (known != introduction.actor()) {
    world_.run.Wrong("a handle in a message has become another one");
  } else if (world_.actors[known].node != node()) {
    world_.strangers[node()].insert_or_assign(known, who);
  }
  return absl::OkStatus();
}

Reply<player::Answer> Player::Ask(Context& cx, const player::Question& question) {
  world_.questions.Ran(question.number());
  const uint64_t kind = Below(cx, 6);
  if (kind == 0 && world_.features.failures) throw std::runtime_error("as planned, too");
  if (kind == 1) return absl::AbortedError("refused");
  if (kind > 3 && question.nested() == 0) return AnswerTo(question);
  return AnswerLater(cx, question);
}

Reply<player::Answer> Player::AnswerLater(Context& cx, player::Question question) {
  if (question.nested() > 0) {
    TROUPE_CO_RETURN_IF_ERROR(co_await AskOne(cx, question.nested()));
  } else {
    co_await cx.Sleep(Pause(cx));
  }
  co_return AnswerTo(question);
}

Reply<void> Player::Count(Context& cx, const player::CountRequest& request,
                          Sink<player::Item> out) {
  const uint64_t pause_every = 1 + Below(cx, 50);
  for (uint32_t i = 0; i < request.items(); ++i) {
    player::Item item;
    item.set_item(world_.streams.Writes(request.stream()));
    if (Sometimes(cx, 20)) item.set_padding(std::string(Below(cx, 20'000), 'x'));
    TROUPE_CO_RETURN_IF_ERROR(co_await out.Write(item));
    if (i % pause_every == 0) co_await cx.Sleep(Pause(cx));
  }
  co_return absl::OkStatus();
}

void Player::On(Context& cx, const Alarm& alarm) {
  world_.timers.Fired(alarm.number, life_, cx.Now());
  std::erase_if(alarms_, [&](const auto& each) { return each.first == alarm.number; });
}

void Player::On(Context&, const Undelivered& notice) {
  const size_t target = world_.Find(notice.target);
  if (target == world_.actors.size()) return world_.run.Wrong("an Undelivered of nobody");
  world_.news_between(index_, target).Undelivered(life_, target, notice.tag.value());
}

void Player::On(Context&, const Down& down) {
  const auto found = std::find_if(monitors_.begin(), monitors_.end(),
                                  [&](const auto& each) { return each.first == down.monitor; });
  if (found == monitors_.end()) return world_.run.Wrong("a Down of no monitor of this life");
  world_.monitors.Down(found->second);
}

// --- The workers. ---

absl::StatusOr<player::Answer> PlayerWorker::Ask(WorkerContext&, const player::Question& question) {
  world_.questions.Ran(question.number());
  if (question.number() % 7 == 0) return absl::AbortedError("refused by a worker");
  return AnswerTo(question);
}

absl::Status PlayerWorker::Tell(WorkerContext&, const player::News& news) {
  world_.news_between(news.sender(), index_).Handled(news.number(), index_);
  return absl::OkStatus();
}

absl::Status PlayerWorker::Introduce(WorkerContext&, const player::Introduction& introduction) {
  world_.news_between(introduction.sender(), index_).Handled(introduction.number(), index_);
  return absl::OkStatus();
}

void SpawnPlayer(Context& cx, World& world, size_t node) {
  if (world.actors.size() >= World::kActorsMax) return;
  const size_t index = world.actors.size();
  Known& known = world.actors.emplace_back(Known{.node = node});
  SpawnOptions options{.restart = {.max = 3, .backoff_min = absl::Milliseconds(1)}};
  options.placement = Placement::OnShard(static_cast<int>(cx.random().Below(kShards)));
  if (world.features.small_mailboxes && cx.random().Below(3) == 0) {
    options.mailbox.messages_max = 8;
    known.roomy = false;
    if (cx.random().Below(2) == 0) options.mailbox.overflow = Overflow::kDropOldest;
  }
  if (world.features.names && cx.random().Below(2) == 0) {
    options.name = absl::StrCat("seat-", cx.random().Below(kSeats));
    known.name = options.name;
  }
  world.Spawned(index, cx.Spawn<Player>(std::move(options), index, &world));
}

}  // namespace troupe
