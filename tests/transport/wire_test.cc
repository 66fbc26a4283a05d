// What a node does with other ends that are no good, played over plain sockets.

#include <cstdint>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "tests/transport/bank.troupe.h"
#include "troupe/actors/certainty.h"
#include "troupe/actors/typing/method.h"
#include "troupe/base/logging.h"
#include "troupe/base/mutex.h"
#include "troupe/tests/transport/account.h"
#include "troupe/tests/transport/raw_peer.h"
#include "troupe/tests/transport/side.h"
#include "troupe/transport/link_state.h"

namespace troupe::internal {
namespace {

Limits Quick() {
  Limits limits;
  limits.handshake_timeout = absl::Milliseconds(50);
  return limits;
}

bool Is(const std::optional<Frame>& frame, FrameType type) {
  return frame.has_value() && frame->type == type;
}

template <typename M>
M Parsed(const Frame& frame) {
  M message;
  EXPECT_TRUE(message.ParseFromArray(frame.payload.data(), static_cast<int>(frame.payload.size())));
  return message;
}

class WireTest : public testing::Test {
 protected:
  explicit WireTest(Limits limits = {}) : node_("node", 1, limits) {
    account_ = node_.system->Spawn<AccountActor>({}, 100);
    EXPECT_TRUE(node_.node->Export("alice", account_).ok());
  }
  uint16_t port() const { return node_.node->address().port; }

  FrameTarget Alice(RawPeer& peer) { return peer.Lookup("alice", "bank.Account"); }
  // A request of `method` with what makes it whole.
  static Frame Request(FrameTarget target, std::string_view method, uint64_t id) {
    Frame frame = Bare(FrameType::kRequest, kHasTarget | kHasDeadline | kMandatory);
    frame.id = id;
    frame.target = target;
    frame.target.fingerprint = Fingerprint("bank.Account", method);
    frame.deadline = EncodeRemaining(5'000'000'000);
    return frame;
  }
  // Another peer, which nothing may trouble.
  void ExpectOthersAreWell() {
    RawPeer canary(port());
    canary.Open("canary" + std::to_string(++canaries_));
    Frame request = Request(Alice(canary), "Get", 2);
    ASSERT_TRUE(canary.SendNumbered(request));
    EXPECT_TRUE(Is(canary.ReceiveOther(), FrameType::kResponse));
  }
  // The node says why, and closes.
  static void ExpectGoodbye(RawPeer& peer, wire::Goodbye::Reason reason) {
    const auto frame = peer.ReceiveOther();
    ASSERT_TRUE(Is(frame, FrameType::kGoodbye));
    EXPECT_EQ(Parsed<wire::Goodbye>(*frame).reason(), reason);
    EXPECT_FALSE(peer.ReceiveOther().has_value());
  }
  static void ExpectReject(RawPeer& peer, wire::Reject::Reason reason) {
    const auto frame = peer.ReceiveOther();
    ASSERT_TRUE(Is(frame, FrameType::kReject));
    EXPECT_EQ(Parsed<wire::Reject>(*frame).reason(), reason);
    EXPECT_FALSE(peer.ReceiveOther().has_value());
  }
  int64_t Cents() { return account_.Get(google::protobuf::Empty()).Wait()->cents(); }

  Side node_;
  bank::Account::Ref account_;
  int canaries_ = 0;
};

class QuickWireTest : public WireTest {
 protected:
  QuickWireTest() : WireTest(Quick()) {}
};

// --- Before the session. ---

TEST_F(WireTest, F1_OtherProtocolsAreClosedWithoutAWord) {
  for (const std::string_view first :
       {std::string_view("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
        std::string_view("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11),
        std::string_view("SSH-2.0-OpenSSH_9.2\r\n"), std::string_view("\0\0\0\0", 4),
        std::string_view("TROUPE\r\r"), std::string_view("TROUPE\n\n"), std::string_view("t")}) {
    RawPeer peer(port());
    peer.Send(first);
    EXPECT_EQ(peer.ReadToEnd(), "") << first;
  }
  ExpectOthersAreWell();
}

TEST_F(QuickWireTest, F2_SilenceIsClosedAtTheHandshakesDeadline) {
  const std::string hello =
      std::string(kPreamble) + Bytes(Bare(FrameType::kHello, kMandatory), GoodHello("a"));
  for (const size_t size : {size_t{0}, size_t{1}, kPreamble.size(), kPreamble.size() + 3,
                            kPreamble.size() + kBaseHeaderBytes - 1, hello.size() - 1}) {
    RawPeer peer(port());
    peer.Send(hello.substr(0, size));
    EXPECT_EQ(peer.ReadToEnd(), "") << size;
  }
  ExpectOthersAreWell();
}

TEST_F(WireTest, HelloMayComeByteByByte) {
  RawPeer peer(port());
  ASSERT_TRUE(peer.SendByteByByte(std::string(kPreamble) +
                                  Bytes(Bare(FrameType::kHello, kMandatory), GoodHello("a"))));
  EXPECT_TRUE(Is(peer.Receive(), FrameType::kHello));
}

TEST_F(WireTest, F3_HelloOverItsLimitIsRefusedByItsLength) {
  for (const uint32_t length : {4093u, 0x7fffffffu, 0xffffffffu, 0u}) {
    RawPeer peer(port());
    peer.Send(kPreamble);
    peer.Send({reinterpret_cast<const char*>(&length), sizeof(length)});
    ExpectReject(peer, wire::Reject::PROTOCOL);
  }
  ExpectOthersAreWell();
}

class HelloTest : public WireTest {
 protected:
  void ExpectRejected(const wire::Hello& hello, wire::Reject::Reason reason) {
    RawPeer peer(port());
    peer.Send(kPreamble);
    peer.Send(Bytes(Bare(FrameType::kHello, kMandatory), hello));
    ExpectReject(peer, reason);
  }
};

TEST_F(HelloTest, F7_VersionWithoutOverlap) {
  wire::Hello hello = GoodHello("a");
  hello.set_version_min(2);
  hello.set_version_max(9);
  ExpectRejected(hello, wire::Reject::VERSION);
  hello.set_version_min(0);
  hello.set_version_max(0);
  ExpectRejected(hello, wire::Reject::VERSION);
  hello.set_version_min(3);
  hello.set_version_max(1);
  ExpectRejected(hello, wire::Reject::VERSION);
}

TEST_F(HelloTest, F7_FeatureNamedTwice) {
  wire::Hello hello = GoodHello("a");
  hello.add_features(7);
  hello.add_features(7);
  ExpectRejected(hello, wire::Reject::FEATURE);
}

TEST_F(HelloTest, F7_UnknownFeatureIsIgnoredUnlessRequired) {
  wire::Hello hello = GoodHello("a");
  hello.add_features(7);
  RawPeer peer(port());
  peer.Send(kPreamble);
  peer.Send(Bytes(Bare(FrameType::kHello, kMandatory), hello));
  EXPECT_TRUE(Is(peer.Receive(), FrameType::kHello));
  hello.add_features_required(7);
  hello.set_incarnation(77);
  ExpectRejected(hello, wire::Reject::FEATURE);
}

TEST_F(HelloTest, F7_ManyFeaturesAreTooLong) {
  wire::Hello hello = GoodHello("a");
  for (uint32_t i = 0; i < 10'000; ++i) hello.add_features(i);
  ExpectRejected(hello, wire::Reject::PROTOCOL);
}

TEST_F(HelloTest, F7_MoreThanIsKnownIsIgnored) {
  RawPeer peer(port());
  peer.Send(kPreamble);
  // Field 100, of a later version.
  const std::string more = GoodHello("a").SerializeAsString() + std::string("\xa2\x06\x01x", 4);
  peer.Send(Bytes(Bare(FrameType::kHello, kMandatory), more));
  EXPECT_TRUE(Is(peer.Receive(), FrameType::kHello));
}

TEST_F(HelloTest, F7_NoMessageAtAll) {
  RawPeer peer(port());
  peer.Send(kPreamble);
  peer.Send(Bytes(Bare(FrameType::kHello, kMandatory), "\x0a\xff"));
  ExpectReject(peer, wire::Reject::PROTOCOL);
}

TEST_F(HelloTest, F21_NameTooLongOrMissing) {
  ExpectRejected(GoodHello(std::string(256, 'n')), wire::Reject::PROTOCOL);
  ExpectRejected(GoodHello(""), wire::Reject::PROTOCOL);
}

// Keeps the lines of a test's log.
class KeptLog final : public LogSink {
 public:
  KeptLog() : before_(SetLogSink(this)) {}
  ~KeptLog() override { SetLogSink(before_); }

  void Write(LogLevel, std::string_view line) override {
    MutexLock lock(mutex_);
    text_ += std::string(line) + "\n";
  }
  void Flush() override {}
  uint64_t dropped_lines() const override { return 0; }
  std::string text() {
    MutexLock lock(mutex_);
    return text_;
  }

 private:
  LogSink* const before_;
  Mutex mutex_;
  std::string text_ ABSL_GUARDED_BY(mutex_);
};

TEST_F(HelloTest, F21_NameIsEscapedInTheLog) {
  KeptLog log;
  {
    RawPeer peer(port());
    peer.Open("a\x1b[31m\n%n../");
    node_.Until([](const NodeCounters& counters) { return counters.sessions_begun == 1; });
  }
  node_.Until([](const NodeCounters& counters) { return counters.sessions_ended == 1; });
  EXPECT_NE(log.text().find("%n../"), std::string::npos) << log.text();
  EXPECT_EQ(log.text().find('\x1b'), std::string::npos);
}

TEST_F(WireTest, F25_ConnectionsOfOneAddressThatSayNothingAreLimited) {
  RawPeer open(port());
  open.Open("open");
  std::vector<std::unique_ptr<RawPeer>> silent;
  for (int i = 0; i < 16; ++i) silent.push_back(std::make_unique<RawPeer>(port()));
  node_.Until([](const NodeCounters& counters) { return counters.connections_accepted == 17; });
  RawPeer one_too_many(port());
  EXPECT_EQ(one_too_many.ReadToEnd(), "");
  // Who is known already is not concerned, and a place that is free again serves the next.
  Frame request = Request(Alice(open), "Get", 2);
  ASSERT_TRUE(open.SendNumbered(request));
  EXPECT_TRUE(Is(open.ReceiveOther(), FrameType::kResponse));
  silent[0]->Send("x");
  EXPECT_EQ(silent[0]->ReadToEnd(), "");
  ExpectOthersAreWell();
}

// --- Every frame in every state. ---

// Brings a connection to `state`, as the end that connected.
void Reach(RawPeer& peer, LinkState state) {
  switch (state) {
    case LinkState::kAwaitHello:
      peer.Send(kPreamble);
      return;
    case LinkState::kAwaitReady:
      // The greater end decides.
      TROUPE_CHECK(peer.ShakeHands("zebra").type == FrameType::kHello);
      return;
    case LinkState::kOpen:
      peer.Open("a");
      return;
    default:
      TROUPE_CHECK(false);
  }
}

std::string OneOf(FrameType type) {
  Frame frame = Bare(type, kMandatory);
  if (IsNumbered(type)) frame.sequence = 1;
  switch (type) {
    case FrameType::kHello:
      return Bytes(frame, GoodHello("a"));
    case FrameType::kReady: {
      wire::Ready ready;
      ready.set_session(1);
      return Bytes(frame, ready);
    }
    case FrameType::kRequest:
    case FrameType::kMonitor:
      frame.flags |= kHasTarget;
      frame.id = 1;
      return Bytes(frame);
    case FrameType::kOneway:
      frame.flags |= kHasTarget;
      return Bytes(frame);
    case FrameType::kCredit:
      frame.flags |= kHasCredit;
      frame.credit = 1;
      return Bytes(frame);
    case FrameType::kLookup:
      frame.id = 1;
      return Bytes(frame);
    case FrameType::kUndelivered:
      frame.flags |= kHasSender;
      return Bytes(frame);
    default:
      return Bytes(frame);
  }
}

TEST_F(WireTest, F9_EveryFrameInEveryStateIsTreatedAsTheTableSays) {
  const std::vector<FrameType> types = {FrameType::kHello,
                                        FrameType::kReady,
                                        FrameType::kReject,
                                        FrameType::kPing,
                                        FrameType::kPong,
                                        FrameType::kAck,
                                        FrameType::kGoodbye,
                                        FrameType::kRequest,
                                        FrameType::kOneway,
                                        FrameType::kResponse,
                                        FrameType::kItem,
                                        FrameType::kError,
                                        FrameType::kCancel,
                                        FrameType::kCredit,
                                        FrameType::kLookup,
                                        FrameType::kLookupReply,
                                        FrameType::kMonitor,
                                        FrameType::kDemonitor,
                                        FrameType::kDown,
                                        FrameType::kUndelivered,
                                        static_cast<FrameType>(0x00),
                                        static_cast<FrameType>(0x0f),
                                        static_cast<FrameType>(0x7f)};
  for (const LinkState state : {LinkState::kAwaitHello, LinkState::kAwaitReady, LinkState::kOpen}) {
    for (const FrameType type : types) {
      SCOPED_TRACE(testing::Message()
                   << "state " << static_cast<int>(state) << ", type " << static_cast<int>(type));
      const uint64_t violations = node_.node->Counters().violations;
      const uint64_t ended = node_.node->Counters().sessions_ended;
      const uint64_t begun = node_.node->Counters().sessions_begun;
      {
        RawPeer peer(port());
        Reach(peer, state);
        peer.Send(OneOf(type));
        peer.ShutdownWrite();
        while (peer.Receive().has_value()) {
        }
      }
      const Verdict verdict = Judge(state, ClassOf(type));
      const bool violates = verdict == Verdict::kViolation || verdict == Verdict::kMayUnknow;
      EXPECT_EQ(node_.node->Counters().violations - violations, violates ? 1 : 0);
      // What began has ended.
      node_.Until([&](const NodeCounters& counters) {
        return counters.sessions_ended - ended == counters.sessions_begun - begun;
      });
    }
  }
  ExpectOthersAreWell();
}

TEST(LinkTableTest, F8_NothingButHelloIsTakenFirst) {
  for (size_t frame = 0; frame < static_cast<size_t>(FrameClass::kCount); ++frame) {
    const auto type = static_cast<FrameClass>(frame);
    EXPECT_EQ(Judge(LinkState::kAwaitHello, type) == Verdict::kHandle, type == FrameClass::kHello);
    EXPECT_EQ(Judge(LinkState::kConnecting, type), Verdict::kViolation);
    EXPECT_EQ(Judge(LinkState::kLingering, type), Verdict::kSkip);
  }
}

TEST_F(WireTest, F8_SecondHelloEndsTheSession) {
  RawPeer peer(port());
  peer.Open();
  peer.Send(Bytes(Bare(FrameType::kHello, kMandatory), GoodHello("a")));
  ExpectGoodbye(peer, wire::Goodbye::PROTOCOL);
}

// --- In the session. ---

TEST_F(WireTest, F3_FrameOverTheLimitEndsTheSession) {
  for (const uint32_t length : {(1u << 20) - 3, 0x7fffffffu, 0x80000000u, 0xffffffffu, 0u, 19u}) {
    RawPeer peer(port());
    peer.Open();
    peer.Send({reinterpret_cast<const char*>(&length), sizeof(length)});
    ExpectGoodbye(peer, wire::Goodbye::PROTOCOL);
    node_.Until([](const NodeCounters& counters) { return counters.sessions_alive == 0; });
  }
  ExpectOthersAreWell();
}

TEST_F(WireTest, F4_TruncatedRequestIsNeverHandled) {
  bank::DepositRequest deposit;
  deposit.set_cents(1);
  size_t whole = 1000;
  for (size_t size = 0; size < whole; ++size) {
    RawPeer peer(port());
    peer.Open();
    Frame request = Request(Alice(peer), "Deposit", 2);
    request.sequence = 2;
    const std::string bytes = Bytes(request, deposit);
    whole = bytes.size();
    peer.Send(bytes.substr(0, size));
    if (size % 2 == 0) {
      peer.ShutdownWrite();
      EXPECT_FALSE(peer.ReceiveOther().has_value());
    } else {
      peer.Reset();
    }
    node_.Until([](const NodeCounters& counters) { return counters.sessions_alive == 0; });
  }
  EXPECT_EQ(Cents(), 100);
  ExpectOthersAreWell();
}

TEST_F(WireTest, RequestMayComeByteByByte) {
  bank::DepositRequest deposit;
  deposit.set_cents(1);
  RawPeer peer(port());
  peer.Open();
  Frame request = Request(Alice(peer), "Deposit", 2);
  request.sequence = 2;
  ASSERT_TRUE(peer.SendByteByByte(Bytes(request, deposit)));
  const auto reply = peer.ReceiveOther();
  ASSERT_TRUE(Is(reply, FrameType::kResponse));
  EXPECT_EQ(reply->id, 2);
  EXPECT_EQ(Parsed<bank::Balance>(*reply).cents(), 101);
}

TEST_F(WireTest, F5_FlippedHeaderBitNeverReachesAnotherActor) {
  const bank::Account::Ref secret = node_.system->Spawn<AccountActor>({}, 7);
  bank::DepositRequest deposit;
  deposit.set_cents(1);
  std::unique_ptr<RawPeer> peer;
  FrameTarget alice;
  const size_t bits = Bytes(Request(alice, "Deposit", 2)).size() * 8;
  for (size_t bit = 0; bit < bits; ++bit) {
    peer = std::make_unique<RawPeer>(port());
    peer->Open();
    alice = Alice(*peer);
    Frame request = Request(alice, "Deposit", 2);
    request.sequence = 2;
    std::string bytes = Bytes(request, deposit);
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    peer->Send(bytes);
    peer->ShutdownWrite();
    while (peer->Receive().has_value()) {
    }
    node_.Until([](const NodeCounters& counters) { return counters.sessions_alive == 0; });
  }
  EXPECT_EQ(secret.Get(google::protobuf::Empty()).Wait()->cents(), 7);
  ExpectOthersAreWell();
}

TEST_F(WireTest, F6_UnknownTypeEndsTheSessionOnlyWhenMandatory) {
  RawPeer peer(port());
  peer.Open();
  // Numbered and not.
  ASSERT_TRUE(peer.Send(Bytes(Bare(static_cast<FrameType>(0x0e)))));
  ASSERT_TRUE(peer.SendNumbered(Bare(static_cast<FrameType>(0x70))));
  Frame request = Request(Alice(peer), "Get", 3);
  ASSERT_TRUE(peer.SendNumbered(request));
  EXPECT_TRUE(Is(peer.ReceiveOther(), FrameType::kResponse));
  EXPECT_EQ(node_.node->Counters().frames_skipped, 2);
  ASSERT_TRUE(peer.SendNumbered(Bare(static_cast<FrameType>(0x70), kMandatory)));
  ExpectGoodbye(peer, wire::Goodbye::PROTOCOL);
}

TEST_F(WireTest, FrameOutOfSequenceEndsTheSession) {
  for (const uint32_t sequence : {0u, 2u, 0xffffffffu}) {
    RawPeer peer(port());
    peer.Open();
    Frame frame = Bare(FrameType::kCancel, kMandatory);
    frame.sequence = sequence;
    peer.Send(Bytes(frame));
    ExpectGoodbye(peer, wire::Goodbye::PROTOCOL);
    node_.Until([](const NodeCounters& counters) { return counters.sessions_alive == 0; });
  }
}

TEST_F(WireTest, AcknowledgementOfWhatWasNotSentEndsTheSession) {
  RawPeer peer(port());
  peer.Open();
  Frame ack = Bare(FrameType::kAck);
  ack.ack = 5;
  peer.Send(Bytes(ack));
  ExpectGoodbye(peer, wire::Goodbye::PROTOCOL);
}

// Protobuf that is none, in the ways that matter.
const std::string_view kBadProtobufs[] = {
    std::string_view("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12),  // Over-long varint.
    std::string_view("\x00\x01", 2),                                           // Tag 0.
    std::string_view("\x0c\x01", 2),    // An end of a group that was not begun.
    std::string_view("\x12\x05xy", 4),  // Length past the end.
    std::string_view("\x12\xff\xff\xff\xff\x0f", 6),
    std::string_view("\x0f", 1),  // Wire type 7.
};

TEST_F(WireTest, F14_BadMessagesAreRefusedAndTooManyEndTheSession) {
  RawPeer peer(port());
  peer.Open();
  const FrameTarget alice = Alice(peer);
  uint64_t id = 2;
  for (uint32_t i = 0; i < Limits().bad_messages_per_session_max; ++i) {
    ASSERT_TRUE(peer.SendNumbered(Request(alice, "Deposit", id++),
                                  kBadProtobufs[i % std::size(kBadProtobufs)]));
    const auto reply = peer.ReceiveOther();
    ASSERT_TRUE(Is(reply, FrameType::kError));
    const auto status = Parsed<wire::Status>(*reply);
    EXPECT_EQ(status.code(), 3) << i;
    EXPECT_EQ(status.certainty(), wire::Status::NOT_EXECUTED);
  }
  // A good one still passes.
  ASSERT_TRUE(peer.SendNumbered(Request(alice, "Get", id++)));
  EXPECT_TRUE(Is(peer.ReceiveOther(), FrameType::kResponse));
  ASSERT_TRUE(peer.SendNumbered(Request(alice, "Deposit", id++), kBadProtobufs[0]));
  EXPECT_TRUE(Is(peer.ReceiveOther(), FrameType::kError));
  ExpectGoodbye(peer, wire::Goodbye::BAD_MESSAGES);
  EXPECT_EQ(Cents(), 100);
}

TEST_F(WireTest, F10_MessageNestedTooDeepIsRefused) {
  // Groups of an unknown field: the library's limit is 100.
  RawPeer peer(port());
  peer.Open();
  const FrameTarget alice = Alice(peer);
  const std::string deep = std::string(101, '\x7b') + std::string(101, '\x7c');
  ASSERT_TRUE(peer.SendNumbered(Request(alice, "Get", 2), deep));
  EXPECT_TRUE(Is(peer.ReceiveOther(), FrameType::kError));
  const std::string shallow = std::string(99, '\x7b') + std::string(99, '\x7c');
  ASSERT_TRUE(peer.SendNumbered(Request(alice, "Get", 3), shallow));
  EXPECT_TRUE(Is(peer.ReceiveOther(), FrameType::kResponse));
}

TEST_F(WireTest, F17_UnknownMethodIsUnimplementedAndTheActorLives) {
  RawPeer peer(port());
  peer.Open();
  const FrameTarget alice = Alice(peer);
  uint64_t id = 2;
  for (const char* method : {"NoSuch", "Audit"}) {  // One-way, which is no request.
    ASSERT_TRUE(peer.SendNumbered(Request(alice, method, id++)));
    const auto reply = peer.ReceiveOther();
    ASSERT_TRUE(Is(reply, FrameType::kError));
    EXPECT_EQ(Parsed<wire::Status>(*reply).code(), 12);
  }
  ExpectOthersAreWell();
}

TEST_F(WireTest, MethodIsFoundByItsFingerprintWhereverItIs) {
  RawPeer peer(port());
  peer.Open();
  Frame request = Request(Alice(peer), "Get", 2);
  request.target.method = 0xffff;
  ASSERT_TRUE(peer.SendNumbered(request));
  EXPECT_TRUE(Is(peer.ReceiveOther(), FrameType::kResponse));
}

TEST_F(WireTest, F18_TargetsThatWereNotGivenReachNobody) {
  RawPeer peer(port());
  peer.Open();
  const FrameTarget alice = Alice(peer);
  uint64_t id = 2;
  for (const FrameTarget target :
       {FrameTarget{}, FrameTarget{alice.generation + 1, alice.slot, alice.shard},
        FrameTarget{alice.generation, alice.slot, 0xffff},
        FrameTarget{alice.generation, 0xffffffff, alice.shard}, FrameTarget{~0ull, ~0u, 0xffff}}) {
    ASSERT_TRUE(peer.SendNumbered(Request(target, "Get", id++)));
    const auto reply = peer.ReceiveOther();
    ASSERT_TRUE(Is(reply, FrameType::kError));
    EXPECT_EQ(Parsed<wire::Status>(*reply).code(), 5);
    Frame monitor = Bare(FrameType::kMonitor, kHasTarget | kMandatory);
    monitor.id = id++;
    monitor.target = target;
    ASSERT_TRUE(peer.SendNumbered(monitor));
    EXPECT_TRUE(Is(peer.ReceiveOther(), FrameType::kDown));
  }
  ExpectOthersAreWell();
}

TEST_F(WireTest, F19_SenderIsAlwaysOfTheSessionsOwnNode) {
  RawPeer peer(port());
  peer.Open();
  Frame oneway = Bare(FrameType::kOneway, kHasTarget | kHasSender | kMandatory);
  oneway.sender = {0x1111, 0x2222, 0x3333};
  ASSERT_TRUE(peer.SendNumbered(oneway));
  // The refusal goes to the peer that sent it, whatever it says that it is.
  const auto refused = peer.ReceiveOther();
  ASSERT_TRUE(Is(refused, FrameType::kUndelivered));
  EXPECT_EQ(refused->sender.generation, 0x1111);
  EXPECT_EQ(Parsed<wire::Undelivered>(*refused).sequence(), 1);
  // A refusal of what the node never sent is nothing.
  Frame forged = Bare(FrameType::kUndelivered, kHasSender);
  forged.sender = {1, 0, 0};
  wire::Undelivered notice;
  notice.set_sequence(1);
  ASSERT_TRUE(peer.SendNumbered(forged, notice));
  ASSERT_TRUE(peer.SendNumbered(Request(Alice(peer), "Get", 2)));
  EXPECT_TRUE(Is(peer.ReceiveOther(), FrameType::kResponse));
  EXPECT_EQ(node_.node->Counters().late_replies, 1);
}

TEST_F(WireTest, HandleThatThePeerMadeUpIsEmptied) {
  const bank::Account::Ref vault = node_.system->Spawn<AccountActor>({}, 100);
  RawPeer peer(port());
  peer.Open();
  bank::Introduction introduction;
  *introduction.mutable_who() = ToProto(vault);
  *introduction.add_others() = ToProto(vault);
  ASSERT_TRUE(peer.SendNumbered(Request(Alice(peer), "Introduce", 2), introduction));
  EXPECT_TRUE(Is(peer.ReceiveOther(), FrameType::kError));
  EXPECT_EQ(vault.Get(google::protobuf::Empty()).Wait()->cents(), 100);
  EXPECT_EQ(node_.node->Counters().not_granted, 2);
}

TEST_F(WireTest, HandleThatThePeerWasGivenIsKept) {
  RawPeer peer(port());
  peer.Open();
  bank::Introduction introduction;
  *introduction.mutable_who() = ToProto(account_);
  Alice(peer);
  const bank::Account::Ref bob = node_.system->Spawn<AccountActor>({}, 0);
  ASSERT_TRUE(node_.node->Export("bob", bob).ok());
  FrameTarget target = peer.Lookup("bob", "bank.Account");
  ASSERT_TRUE(peer.SendNumbered(Request(target, "Introduce", 2), introduction));
  EXPECT_TRUE(Is(peer.ReceiveOther(), FrameType::kResponse));
  EXPECT_EQ(Cents(), 101);
}

TEST_F(WireTest, HandleOfAnActorThatDoesNotServeTheServiceIsUnimplemented) {
  class Plain : public Actor {};
  class OtherActor final : public bank::Other::Actor {
    Reply<bank::Balance> Deposit(Context&, const bank::DepositRequest&) override {
      return absl::InternalError("not meant");
    }
  };
  const AnyRef plain = node_.system->Spawn<Plain>({});
  const AnyRef other = node_.system->Spawn<OtherActor>({});
  for (const AnyRef& ref : {plain, other}) {
    const bank::Account::Ref account(ref);
    const absl::Status outcome = account.Get(google::protobuf::Empty()).Wait().status();
    EXPECT_EQ(outcome.code(), absl::StatusCode::kUnimplemented);
    EXPECT_EQ(CertaintyOf(outcome), Certainty::kNotExecuted);
    EXPECT_EQ(account.Audit(bank::AuditNote()), SendResult::kAccepted);
  }
  node_.Until([&](const NodeCounters&) { return node_.system->Counters().dead_letters == 2; });
}

TEST_F(WireTest, RepliesToNothingAreCountedAndIgnored) {
  RawPeer peer(port());
  peer.Open();
  for (const FrameType type : {FrameType::kResponse, FrameType::kItem, FrameType::kError}) {
    Frame forged = Bare(type, kMandatory);
    forged.id = 0x1000001;
    ASSERT_TRUE(peer.SendNumbered(forged));
  }
  ASSERT_TRUE(peer.SendNumbered(Request(Alice(peer), "Get", 2)));
  EXPECT_TRUE(Is(peer.ReceiveOther(), FrameType::kResponse));
  EXPECT_EQ(node_.node->Counters().late_replies, 3);
}

TEST_F(WireTest, F27_FloodOfPingsEndsTheSession) {
  RawPeer peer(port());
  peer.Open();
  std::string pings;
  for (int i = 0; i < 1000; ++i) pings += Bytes(Bare(FrameType::kPing));
  peer.Send(pings);
  std::optional<Frame> frame;
  int pongs = 0;
  while ((frame = peer.ReceiveOther()).has_value() && frame->type == FrameType::kPong) ++pongs;
  EXPECT_LE(pongs, 64);
  EXPECT_TRUE(Is(frame, FrameType::kGoodbye));
}

TEST_F(WireTest, F31_CreditOfNothingOrTooMuchEndsTheSession) {
  for (const uint32_t credit : {0u, 0xffffffffu, (1u << 24) + 1}) {
    RawPeer peer(port());
    peer.Open();
    Frame frame = Bare(FrameType::kCredit, kHasCredit | kMandatory);
    frame.credit = credit;
    ASSERT_TRUE(peer.SendNumbered(frame));
    ExpectGoodbye(peer, wire::Goodbye::PROTOCOL);
    node_.Until([](const NodeCounters& counters) { return counters.sessions_alive == 0; });
  }
}

TEST_F(WireTest, StreamWritesNoMoreItemsThanThereIsCreditFor) {
  RawPeer peer(port());
  peer.Open();
  const FrameTarget alice = Alice(peer);
  bank::WatchRequest watch;
  watch.set_items(100);
  Frame request = Request(alice, "Watch", 2);
  request.flags |= kHasCredit;
  request.credit = 3;
  ASSERT_TRUE(peer.SendNumbered(request, watch));
  int items = 0;
  for (; items < 3; ++items) ASSERT_TRUE(Is(peer.ReceiveOther(), FrameType::kItem));
  // What comes next is the answer to something else.
  ASSERT_TRUE(peer.SendNumbered(Request(alice, "Get", 3)));
  EXPECT_TRUE(Is(peer.ReceiveOther(), FrameType::kResponse));
  Frame credit = Bare(FrameType::kCredit, kHasCredit | kMandatory);
  credit.id = 2;
  credit.credit = 50;
  ASSERT_TRUE(peer.SendNumbered(credit));
  for (; items < 53; ++items) {
    const auto item = peer.ReceiveOther();
    ASSERT_TRUE(Is(item, FrameType::kItem)) << items;
    EXPECT_EQ(Parsed<bank::Balance>(*item).cents(), items);
  }
  ASSERT_TRUE(peer.SendNumbered(credit));
  for (; items < 100; ++items) ASSERT_TRUE(Is(peer.ReceiveOther(), FrameType::kItem));
  EXPECT_TRUE(Is(peer.ReceiveOther(), FrameType::kResponse));
}

size_t ResidentBytes() {
  size_t total = 0;
  size_t resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return resident * 4096;
}

TEST_F(WireTest, F29_StreamThatIsNotReadIsHeldWithinItsLimits) {
  RawPeer peer(port());
  peer.Open();
  const FrameTarget alice = Alice(peer);
  bank::WatchRequest watch;
  watch.set_items(1'000'000);
  watch.set_padding(std::string(100'000, 'x'));
  Frame request = Request(alice, "Watch", 2);
  request.flags |= kHasCredit;
  request.credit = 1 << 24;
  const size_t before_bytes = ResidentBytes();
  ASSERT_TRUE(peer.SendNumbered(request, watch));
  for (int i = 0; i < 100; ++i) ExpectOthersAreWell();
  EXPECT_LT(ResidentBytes(), before_bytes + (size_t{100} << 20));
  // It goes on where it was, whoever reads now.
  for (int64_t i = 0; i < 1000; ++i) {
    const auto item = peer.ReceiveOther();
    ASSERT_TRUE(Is(item, FrameType::kItem)) << i;
    ASSERT_EQ(Parsed<bank::Balance>(*item).cents(), i);
  }
}

TEST_F(WireTest, F29_PlaceUsedAgainWhileItsItemsAreHeldIsHarmless) {
  RawPeer peer(port());
  peer.Open();
  const FrameTarget alice = Alice(peer);
  bank::WatchRequest watch;
  watch.set_items(1000);
  watch.set_padding(std::string(1'000'000, 'x'));
  // More than may wait for the connection.
  for (uint64_t id = 2; id < 4; ++id) {
    Frame request = Request(alice, "Watch", id);
    request.flags |= kHasCredit;
    request.credit = 32;
    if (!peer.SendNumbered(request, watch)) break;
  }
  for (uint64_t use = 1; use < 100; ++use) {
    if (!peer.SendNumbered(Request(alice, "Hang", 2 | use << 24))) break;
  }
  ExpectOthersAreWell();
}

TEST_F(WireTest, RequestIdBeyondWhatWasAnnouncedEndsTheSession) {
  RawPeer peer(port());
  peer.Open();
  ASSERT_TRUE(peer.SendNumbered(Request(Alice(peer), "Get", 0xfffff0)));
  ExpectGoodbye(peer, wire::Goodbye::PROTOCOL);
}

TEST_F(WireTest, SecondUseOfAPlaceCancelsTheFirst) {
  RawPeer peer(port());
  peer.Open();
  const FrameTarget alice = Alice(peer);
  ASSERT_TRUE(peer.SendNumbered(Request(alice, "Hang", 2)));
  ASSERT_TRUE(peer.SendNumbered(Request(alice, "Get", 2 | 1 << 24)));
  const auto reply = peer.ReceiveOther();
  ASSERT_TRUE(Is(reply, FrameType::kResponse));
  EXPECT_EQ(reply->id, 2 | 1 << 24);
}

TEST_F(WireTest, NewcomerWithALivingNodesNameIsRefused) {
  RawPeer first(port());
  first.Open("twin");
  node_.Until([](const NodeCounters& counters) { return counters.sessions_alive == 1; });
  RawPeer second(port());
  second.Send(kPreamble);
  wire::Hello hello = GoodHello("twin");
  hello.set_incarnation(0x9999);
  second.Send(Bytes(Bare(FrameType::kHello, kMandatory), hello));
  // As the greater end, it decides; the refusal comes as the session's end.
  std::optional<Frame> answer = second.ReceiveOther();
  ASSERT_TRUE(Is(answer, FrameType::kHello));
  wire::Ready ready;
  ready.set_session(5);
  second.Send(Bytes(Bare(FrameType::kReady, kMandatory), ready));
  ExpectGoodbye(second, wire::Goodbye::REPLACED);
  ASSERT_TRUE(first.SendNumbered(Request(Alice(first), "Get", 2)));
  EXPECT_TRUE(Is(first.ReceiveOther(), FrameType::kResponse));
}

TEST_F(WireTest, NamesakesTroubleALivingNodeNoMoreThanOnce) {
  RawPeer first(port());
  first.Open("twin");
  node_.Until([](const NodeCounters& counters) { return counters.sessions_alive == 1; });
  for (uint64_t incarnation = 1; incarnation <= 100; ++incarnation) {
    RawPeer second(port());
    second.Send(kPreamble);
    wire::Hello hello = GoodHello("twin");
    hello.set_incarnation(incarnation);
    second.Send(Bytes(Bare(FrameType::kHello, kMandatory), hello));
    ASSERT_TRUE(Is(second.ReceiveOther(), FrameType::kHello));
    wire::Ready ready;
    ready.set_session(incarnation);
    second.Send(Bytes(Bare(FrameType::kReady, kMandatory), ready));
    ExpectGoodbye(second, wire::Goodbye::REPLACED);
  }
  ASSERT_TRUE(first.SendNumbered(Request(Alice(first), "Get", 2)));
  int pings = 0;
  std::optional<Frame> frame;
  while ((frame = first.Receive()).has_value() && frame->type != FrameType::kResponse) {
    if (frame->type == FrameType::kPing) ++pings;
  }
  EXPECT_TRUE(Is(frame, FrameType::kResponse));
  EXPECT_LE(pings, 1);
}

TEST_F(WireTest, F40_SecondConnectionOfOneIncarnationIsADuplicateUnlessItReplaces) {
  RawPeer first(port());
  first.Open();
  node_.Until([](const NodeCounters& counters) { return counters.sessions_alive == 1; });
  uint64_t session = 0;
  {
    RawPeer second(port());
    second.Send(kPreamble);
    second.Send(Bytes(Bare(FrameType::kHello, kMandatory), GoodHello("a")));
    const auto reject = second.ReceiveOther();
    ASSERT_TRUE(Is(reject, FrameType::kReject));
    EXPECT_EQ(Parsed<wire::Reject>(*reject).reason(), wire::Reject::DUPLICATE);
    session = Parsed<wire::Reject>(*reject).session();
  }
  RawPeer third(port());
  third.Send(kPreamble);
  wire::Hello hello = GoodHello("a");
  hello.set_replaces(session);
  third.Send(Bytes(Bare(FrameType::kHello, kMandatory), hello));
  EXPECT_TRUE(Is(third.ReceiveOther(), FrameType::kHello));
  ExpectGoodbye(first, wire::Goodbye::REPLACED);
}

// --- Between shards. ---

// The first connection is the first shard's; the account lives on the second.
class TwoShardWireTest : public testing::Test {
 protected:
  TwoShardWireTest() {
    account_ = node_.system->Spawn<AccountActor>({.placement = Placement::OnShard(1)}, 100);
    EXPECT_TRUE(node_.node->Export("alice", account_).ok());
    target_ = {account_.generation(), account_.slot(), account_.shard(), 0, 0};
  }

  Side node_{"node", 2};
  bank::Account::Ref account_;
  FrameTarget target_;  // Not looked up: the node has yet to find out what it serves.
};

TEST_F(TwoShardWireTest, CancelRightBehindTheFirstRequestIsNotLost) {
  RawPeer peer(node_.node->address().port);
  peer.Open();
  std::string bytes;
  const auto add = [&](Frame frame) {
    frame.sequence = ++peer.frames_sent;
    bytes += Bytes(frame);
  };
  Frame hang = Bare(FrameType::kRequest, kHasTarget | kMandatory);
  hang.id = 2;
  hang.target = target_;
  hang.target.fingerprint = Fingerprint("bank.Account", "Hang");
  add(hang);
  Frame cancel = Bare(FrameType::kCancel, kMandatory);
  cancel.id = 2;
  add(cancel);
  Frame get = hang;
  get.id = 3;
  get.target.fingerprint = Fingerprint("bank.Account", "Get");
  add(get);
  ASSERT_TRUE(peer.Send(bytes));
  const auto reply = peer.ReceiveOther();
  ASSERT_TRUE(Is(reply, FrameType::kResponse));
  EXPECT_EQ(reply->id, 3);
  EXPECT_EQ(reply->ack, 3);
}

TEST_F(TwoShardWireTest, CreditRightBehindTheFirstRequestIsNotLost) {
  RawPeer peer(node_.node->address().port);
  peer.Open();
  Frame watch = Bare(FrameType::kRequest, kHasTarget | kHasCredit | kMandatory);
  watch.id = 2;
  watch.target = target_;
  watch.target.fingerprint = Fingerprint("bank.Account", "Watch");
  watch.credit = 1;
  watch.sequence = ++peer.frames_sent;
  bank::WatchRequest ten;
  ten.set_items(10);
  Frame credit = Bare(FrameType::kCredit, kHasCredit | kMandatory);
  credit.id = 2;
  credit.credit = 9;
  credit.sequence = ++peer.frames_sent;
  ASSERT_TRUE(peer.Send(Bytes(watch, ten) + Bytes(credit)));
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(Is(peer.ReceiveOther(), FrameType::kItem)) << i;
  EXPECT_TRUE(Is(peer.ReceiveOther(), FrameType::kResponse));
}

// --- Time. ---

class HeartbeatTest : public WireTest {
 protected:
  static Limits Impatient() {
    Limits limits;
    limits.heartbeat_idle = absl::Milliseconds(10);
    limits.heartbeat_suspect = absl::Milliseconds(1000);
    limits.heartbeat_dead = absl::Milliseconds(1100);
    return limits;
  }
  HeartbeatTest() : WireTest(Impatient()) {}
};

TEST_F(HeartbeatTest, F36_SilentPeerIsPingedAndThenDown) {
  RawPeer peer(port());
  peer.Open();
  EXPECT_TRUE(Is(peer.Receive(), FrameType::kPing));
  while (peer.Receive().has_value()) {
  }
  EXPECT_EQ(node_.node->Counters().sessions_alive, 0);
}

TEST_F(HeartbeatTest, AnyByteKeepsAPeerAlive) {
  RawPeer peer(port());
  peer.Open();
  // 150 pings are more than heartbeat_dead.
  for (int i = 0; i < 150; ++i) {
    ASSERT_TRUE(Is(peer.Receive(), FrameType::kPing));
    ASSERT_TRUE(peer.Send(Bytes(Bare(FrameType::kPong))));
  }
  EXPECT_EQ(node_.node->Counters().sessions_alive, 1);
}

TEST_F(HeartbeatTest, F29_PeerThatDoesNotReadIsClosedAndTroublesNobody) {
  RawPeer peer(port());
  peer.Open();
  const FrameTarget alice = Alice(peer);
  bank::DepositRequest deposit;
  deposit.set_cents(1);
  deposit.set_padding(std::string(500'000, 'x'));
  uint64_t id = 2;
  // It asks on and on, until the node has had enough.
  while (peer.SendNumbered(Request(alice, "Deposit", id++), deposit)) {
    if (id % 16 == 0) ExpectOthersAreWell();
    if (id > 90) id = 2 | ((id >> 24) + 1) << 24;
  }
  node_.Until([](const NodeCounters& counters) { return counters.asks_alive == 0; });
  ExpectOthersAreWell();
}

}  // namespace
}  // namespace troupe::internal
