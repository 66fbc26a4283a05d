// A node that connects, and other ends that are no good, played over plain sockets.

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/transport/bank.troupe.h"
#include "troupe/actors/actor.h"
#include "troupe/actors/certainty.h"
#include "troupe/base/limits.h"
#include "troupe/tests/transport/account.h"
#include "troupe/tests/transport/mail.h"
#include "troupe/tests/transport/raw_peer.h"
#include "troupe/tests/transport/side.h"

namespace troupe::internal {
namespace {

struct LookUp {
  Node* node;
  std::string url;
};
struct Ask {
  bank::Account::Ref whom;
};

// Tells a test what came of what it asked for.
class Asker : public Actor {
 public:
  struct Told {
    Mail<absl::StatusOr<bank::Account::Ref>> refs;
    Mail<absl::Status> outcomes;
  };
  explicit Asker(Told* told) : told_(told) {}

  Reply<void> On(Context&, LookUp what) {
    absl::StatusOr<bank::Account::Ref> ref =
        co_await what.node->Lookup<bank::Account>(what.url).Within(absl::Seconds(30));
    told_->refs.Put(std::move(ref));
    co_return absl::OkStatus();
  }
  Reply<void> On(Context&, Ask what) {
    absl::StatusOr<bank::Balance> balance =
        co_await what.whom.Get(google::protobuf::Empty()).Within(absl::Seconds(30));
    told_->outcomes.Put(std::move(balance).status());
    co_return absl::OkStatus();
  }

 private:
  Told* const told_;
};

class DialTest : public testing::Test {
 protected:
  static Limits Quick() {
    Limits limits;
    limits.handshake_timeout = absl::Milliseconds(100);
    limits.reconnect_backoff_min = absl::Milliseconds(1);
    limits.reconnect_backoff_max = absl::Milliseconds(2);
    return limits;
  }
  void StartLookup() { asker_.Send(LookUp{node_.node.get(), url_}); }
  // The other end, with a session and the lookup answered.
  bank::Account::Ref Connected(RawPeer& peer) {
    peer.AcceptSession();
    const auto lookup = peer.ReceiveOther();
    EXPECT_TRUE(lookup.has_value() && lookup->type == FrameType::kLookup);
    wire::LookupReply reply;
    reply.set_generation(4);
    reply.set_slot(5);
    reply.set_shard(6);
    reply.set_service("bank.Account");
    Frame frame = Bare(FrameType::kLookupReply, kMandatory);
    frame.id = lookup->id;
    EXPECT_TRUE(peer.SendNumbered(frame, reply));
    const absl::StatusOr<bank::Account::Ref> ref = told_.refs.Take();
    EXPECT_TRUE(ref.ok()) << ref.status();
    return ref.ok() ? *ref : bank::Account::Ref();
  }
  void ExpectLookupFails(absl::StatusCode code) {
    const absl::StatusOr<bank::Account::Ref> ref = told_.refs.Take();
    EXPECT_EQ(ref.status().code(), code) << ref.status();
    EXPECT_EQ(CertaintyOf(ref.status()), Certainty::kNotSent);
  }

  Asker::Told told_;
  RawListener listener_;
  std::string url_ = absl::StrCat("troupe://127.0.0.1:", listener_.port(), "/alice");
  Side node_{"node", 1, Quick()};
  Ref<Asker> asker_ = node_.system->Spawn<Asker>({}, &told_);
};

TEST_F(DialTest, F44_OtherEndThatClosesAtOnceIsUnavailable) {
  StartLookup();
  { RawPeer peer(listener_); }
  ExpectLookupFails(absl::StatusCode::kUnavailable);
}

TEST_F(DialTest, F44_OtherEndThatSaysNothingIsGivenUp) {
  StartLookup();
  RawPeer peer(listener_);
  ExpectLookupFails(absl::StatusCode::kUnavailable);
  // The connection is not leaked.
  while (peer.Receive().has_value()) {
  }
}

TEST_F(DialTest, OtherProtocolIsUnavailable) {
  StartLookup();
  RawPeer peer(listener_);
  peer.Send("HTTP/1.1 400 Bad Request\r\n\r\n");
  ExpectLookupFails(absl::StatusCode::kUnavailable);
}

TEST_F(DialTest, RejectsReasonIsInTheText) {
  StartLookup();
  RawPeer peer(listener_);
  wire::Reject reject;
  reject.set_reason(wire::Reject::VERSION);
  reject.set_detail("no\nsuch version");
  peer.Send(kPreamble);
  peer.Send(Bytes(Bare(FrameType::kReject, kMandatory), reject));
  const absl::StatusOr<bank::Account::Ref> ref = told_.refs.Take();
  EXPECT_EQ(ref.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_NE(ref.status().message().find("VERSION: no\\nsuch version"), std::string::npos)
      << ref.status();
}

TEST_F(DialTest, WrongEndThatBeginsTheSessionIsAViolation) {
  StartLookup();
  RawPeer peer(listener_);
  ASSERT_TRUE(peer.Receive().has_value());
  // "a" < "node": it has no say.
  wire::Hello answer = GoodHello("a");
  answer.set_version(1);
  answer.set_session(5);
  peer.Send(kPreamble);
  peer.Send(Bytes(Bare(FrameType::kHello, kMandatory), answer));
  ExpectLookupFails(absl::StatusCode::kUnavailable);
  EXPECT_EQ(node_.node->Counters().sessions_begun, 0);
}

TEST_F(DialTest, TriesAgainWhenToldTo) {
  StartLookup();
  for (int i = 0; i < 3; ++i) {
    RawPeer peer(listener_);
    ASSERT_TRUE(peer.Receive().has_value());
    wire::Reject reject;
    reject.set_reason(wire::Reject::TRY_AGAIN);
    peer.Send(kPreamble);
    peer.Send(Bytes(Bare(FrameType::kReject, kMandatory), reject));
  }
  RawPeer peer(listener_);
  EXPECT_TRUE(static_cast<bool>(Connected(peer)));
}

TEST_F(DialTest, DuplicateThatIsNotKnownHereIsReplaced) {
  StartLookup();
  {
    RawPeer peer(listener_);
    ASSERT_TRUE(peer.Receive().has_value());
    wire::Reject reject;
    reject.set_reason(wire::Reject::DUPLICATE);
    reject.set_session(4711);
    reject.set_incarnation(99);
    peer.Send(kPreamble);
    peer.Send(Bytes(Bare(FrameType::kReject, kMandatory), reject));
  }
  RawPeer peer(listener_);
  const auto hello = peer.Receive();
  ASSERT_TRUE(hello.has_value());
  wire::Hello message;
  ASSERT_TRUE(
      message.ParseFromArray(hello->payload.data(), static_cast<int>(hello->payload.size())));
  EXPECT_EQ(message.replaces(), 4711);
}

TEST_F(DialTest, F38_ResetMayHaveExecutedWhatWasSent) {
  StartLookup();
  RawPeer peer(listener_);
  const bank::Account::Ref alice = Connected(peer);
  asker_.Send(Ask{alice});
  const auto request = peer.ReceiveOther();
  ASSERT_TRUE(request.has_value() && request->type == FrameType::kRequest);
  EXPECT_EQ(request->target.generation, 4);
  EXPECT_EQ(request->target.slot, 5);
  EXPECT_EQ(request->target.shard, 6);
  peer.Reset();
  const absl::Status outcome = told_.outcomes.Take();
  EXPECT_EQ(outcome.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(CertaintyOf(outcome), Certainty::kMaybeExecuted);
}

TEST_F(DialTest, ReplyThatIsNoSuchMessageIsAnInternalError) {
  StartLookup();
  RawPeer peer(listener_);
  asker_.Send(Ask{Connected(peer)});
  const auto request = peer.ReceiveOther();
  ASSERT_TRUE(request.has_value());
  Frame reply = Bare(FrameType::kResponse, kMandatory);
  reply.id = request->id;
  peer.SendNumbered(reply, "\x0f");
  EXPECT_EQ(told_.outcomes.Take().code(), absl::StatusCode::kInternal);
  EXPECT_EQ(node_.node->Counters().bad_messages, 1);
}

TEST_F(DialTest, SecondReplyIsLate) {
  StartLookup();
  RawPeer peer(listener_);
  asker_.Send(Ask{Connected(peer)});
  const auto request = peer.ReceiveOther();
  ASSERT_TRUE(request.has_value());
  Frame reply = Bare(FrameType::kResponse, kMandatory);
  reply.id = request->id;
  peer.SendNumbered(reply);
  EXPECT_EQ(told_.outcomes.Take(), absl::OkStatus());
  peer.SendNumbered(reply);
  node_.Until([](const NodeCounters& counters) { return counters.late_replies == 1; });
}

TEST_F(DialTest, ErrorWithAnUnknownCodeIsUnknown) {
  StartLookup();
  RawPeer peer(listener_);
  asker_.Send(Ask{Connected(peer)});
  const auto request = peer.ReceiveOther();
  ASSERT_TRUE(request.has_value());
  wire::Status status;
  status.set_code(4711);
  status.set_message(std::string(5000, 'm'));
  status.set_certainty(wire::Status::NOT_SENT);
  Frame reply = Bare(FrameType::kError, kMandatory);
  reply.id = request->id;
  peer.SendNumbered(reply, status);
  const absl::Status outcome = told_.outcomes.Take();
  EXPECT_EQ(outcome.code(), absl::StatusCode::kUnknown);
  EXPECT_EQ(outcome.message().size(), 512);
  // It was sent, whatever the other end says.
  EXPECT_EQ(CertaintyOf(outcome), Certainty::kNotExecuted);
}

TEST_F(DialTest, HandleIsReachedAgainAfterALostConnection) {
  StartLookup();
  bank::Account::Ref alice;
  {
    RawPeer peer(listener_);
    alice = Connected(peer);
    peer.Reset();
  }
  node_.Until([](const NodeCounters& counters) { return counters.sessions_alive == 0; });
  asker_.Send(Ask{alice});
  RawPeer peer(listener_);
  peer.AcceptSession();
  const auto request = peer.ReceiveOther();
  ASSERT_TRUE(request.has_value() && request->type == FrameType::kRequest);
  EXPECT_EQ(request->sequence, 1) << "a session of its own";
  Frame reply = Bare(FrameType::kResponse, kMandatory);
  reply.id = request->id;
  peer.SendNumbered(reply);
  EXPECT_EQ(told_.outcomes.Take(), absl::OkStatus());
}

TEST(SimultaneousTest, F39_ExactlyOneSessionSurvivesEveryTime) {
  for (int round = 0; round < 30; ++round) {
    SCOPED_TRACE(round);
    Asker::Told told;
    Side one("one", 2);
    Side two("two", 2);
    for (Side* side : {&one, &two}) {
      const bank::Account::Ref account = side->system->Spawn<AccountActor>({}, 100);
      ASSERT_TRUE(side->node->Export("alice", account).ok());
    }
    for (int i = 0; i < 2; ++i) {
      one.system->Spawn<Asker>({}, &told).Send(LookUp{one.node.get(), two.Url("alice")});
      two.system->Spawn<Asker>({}, &told).Send(LookUp{two.node.get(), one.Url("alice")});
    }
    for (int i = 0; i < 4; ++i) {
      const absl::StatusOr<bank::Account::Ref> ref = told.refs.Take();
      EXPECT_TRUE(ref.ok()) << ref.status();
    }
    for (const Side* side : {&one, &two}) {
      const NodeCounters counters = side->node->Counters();
      EXPECT_EQ(counters.sessions_alive, 1);
      EXPECT_EQ(counters.sessions_begun, 1);
    }
  }
}

}  // namespace
}  // namespace troupe::internal
