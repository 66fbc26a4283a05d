// Fault F130: google.protobuf.Empty as a response is no value, between nodes too.

#include <google/protobuf/empty.pb.h>

#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/transport/door.troupe.h"
#include "troupe/actors/certainty.h"
#include "troupe/actors/context.h"
#include "troupe/actors/reply.h"
#include "troupe/actors/stream.h"
#include "troupe/actors/system.h"
#include "troupe/actors/typing/method.h"
#include "troupe/base/status_macros.h"
#include "troupe/tests/transport/raw_peer.h"
#include "troupe/tests/transport/side.h"

namespace troupe {
namespace {

using google::protobuf::Empty;

door::OpenRequest With(const char* key, bool knock_first = false) {
  door::OpenRequest request;
  request.set_key(key);
  request.set_knock_first(knock_first);
  return request;
}

door::ListenRequest Knocks(int count) {
  door::ListenRequest request;
  request.set_knocks(count);
  return request;
}

class DoorActor final : public door::Door::Actor {
 public:
  Reply<void> Open(Context& cx, const door::OpenRequest& request) override {
    if (request.knock_first()) return OpenLater(cx, request);
    return Try(request);
  }
  Reply<void> Listen(Context&, const door::ListenRequest& request, Sink<Empty> out) override {
    for (int i = 0; i < request.knocks(); ++i) {
      TROUPE_CO_RETURN_IF_ERROR(co_await out.Write(Empty()));
    }
    co_return absl::OkStatus();
  }

 private:
  static absl::Status Try(const door::OpenRequest& request) {
    return request.key() == "key" ? absl::OkStatus() : absl::PermissionDeniedError("locked");
  }
  static Reply<void> OpenLater(Context& cx, const door::OpenRequest& request) {
    TROUPE_CO_RETURN_IF_ERROR(co_await cx.Sleep(absl::Milliseconds(1)));
    co_return Try(request);
  }
};

class PorterActor final : public door::Porter::Actor {
 public:
  explicit PorterActor(door::Door::Ref door) : door_(door) {}

  Reply<void> Open(Context&, const door::OpenRequest& request) override {
    absl::Status opened = co_await door_.Open(request);
    co_return opened;
  }
  Reply<void> Listen(Context&, const door::ListenRequest& request) override {
    Stream<Empty> stream = door_.Listen(request);
    for (int heard = 0;; ++heard) {
      absl::StatusOr<std::optional<Empty>> knock = co_await stream.Next();
      TROUPE_CO_RETURN_IF_ERROR(knock.status());
      if (knock->has_value()) continue;
      if (heard != request.knocks()) co_return absl::UnavailableError("another number");
      co_return absl::OkStatus();
    }
  }

 private:
  const door::Door::Ref door_;
};

// One shard each, and two, where the door is on the last one and the callers are on the first.
class EmptyResponseTest : public testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    SpawnOptions options;
    options.placement.shard = GetParam() - 1;
    ASSERT_EQ(server_.node->Export("door", server_.system->Spawn<DoorActor>(options)),
              absl::OkStatus());
    absl::StatusOr<door::Door::Ref> found =
        client_.node->Lookup<door::Door>(server_.Url("door")).Wait();
    ASSERT_TRUE(found.ok()) << found.status();
    door_ = *found;
    options.placement.shard = 0;
    porter_ = client_.system->Spawn<PorterActor>(options, door_);
  }

  Side server_{"server", GetParam()};
  Side client_{"client", GetParam()};
  door::Door::Ref door_;
  door::Porter::Ref porter_;
};
INSTANTIATE_TEST_SUITE_P(Shards, EmptyResponseTest, testing::Values(1, 2));

TEST_P(EmptyResponseTest, F130_ThreadWaitsForTheStatusOfAnotherNode) {
  EXPECT_EQ(door_.Open(With("key")).Wait(), absl::OkStatus());
  EXPECT_EQ(door_.Open(With("key", /*knock_first=*/true)).Wait(), absl::OkStatus());
  for (bool knock_first : {false, true}) {
    const absl::Status refused = door_.Open(With("hairpin", knock_first)).Wait();
    EXPECT_EQ(refused.code(), absl::StatusCode::kPermissionDenied);
    EXPECT_EQ(refused.message(), "locked");
    EXPECT_EQ(CertaintyOf(refused), Certainty::kMaybeExecuted);
  }
}

TEST_P(EmptyResponseTest, F130_HandlerAwaitsTheStatusOfAnotherNode) {
  for (bool knock_first : {false, true}) {
    EXPECT_EQ(porter_.Open(With("key", knock_first)).Wait(), absl::OkStatus());
    EXPECT_EQ(porter_.Open(With("hairpin", knock_first)).Wait().code(),
              absl::StatusCode::kPermissionDenied);
  }
}

TEST_P(EmptyResponseTest, F130_ItemsOfAStreamMayBeEmpty) {
  // More than the credit of a stream.
  EXPECT_EQ(porter_.Listen(Knocks(1000)).Wait(), absl::OkStatus());
  EXPECT_EQ(porter_.Listen(Knocks(0)).Wait(), absl::OkStatus());
}

TEST_P(EmptyResponseTest, F130_ResponseIsOfZeroBytes) {
  using internal::Frame;
  using internal::FrameType;
  internal::RawPeer peer(server_.node->address().port);
  peer.Open();
  Frame request = internal::Bare(
      FrameType::kRequest, internal::kHasTarget | internal::kHasDeadline | internal::kMandatory);
  request.id = 2;
  request.target = peer.Lookup("door", "door.Door");
  request.target.fingerprint = internal::Fingerprint("door.Door", "Open");
  request.deadline = internal::EncodeRemaining(5'000'000'000);
  ASSERT_TRUE(peer.SendNumbered(request, With("key")));
  const auto response = peer.ReceiveOther();
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->type, FrameType::kResponse);
  EXPECT_EQ(response->payload, "");
}

}  // namespace
}  // namespace troupe
