// Generated services in use: each shape of rpc, through each kind of server.

#include <google/protobuf/empty.pb.h>
#include <google/protobuf/wrappers.pb.h>

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "tests/proto/atlas.troupe.h"
#include "troupe/actors/actor.h"
#include "troupe/actors/context.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/reply.h"
#include "troupe/actors/stream.h"
#include "troupe/actors/system.h"
#include "troupe/actors/worker.h"
#include "troupe/base/status_macros.h"

namespace maps {
namespace {

using atlas::Atlas;
using atlas::Gazetteer;
using atlas::Note;
using atlas::Place;
using google::protobuf::Empty;
using google::protobuf::Int32Value;
using shapes::flat::Shape;

Note MakeNote(const std::string& text) {
  Note note;
  note.set_text(text);
  return note;
}

Shape Triangle() {
  Shape shape;
  for (int i = 0; i < 3; ++i) {
    Shape::Corner& corner = *shape.add_corners();
    corner.set_x(i);
    corner.set_y(i * i);
  }
  return shape;
}

Int32Value Number(int32_t value) {
  Int32Value number;
  number.set_value(value);
  return number;
}

class AtlasActor final : public Atlas::Actor {
 public:
  troupe::Reply<Place> Put(troupe::Context&, const Shape& request) override {
    shape_ = request;
    return MakePlace();
  }

  troupe::Reply<Shape::Corner> Corner(troupe::Context&, const Int32Value& request) override {
    if (request.value() < 0 || request.value() >= shape_.corners_size()) {
      return absl::OutOfRangeError("no such corner");
    }
    return shape_.corners(request.value());
  }

  troupe::Reply<void> Rename(troupe::Context&, const Place::Name& request) override {
    if (request.text() == name_) return absl::AlreadyExistsError("it is called so");
    name_ = request.text();
    return absl::OkStatus();
  }

  troupe::Reply<void> Audit(troupe::Context&, const Note& request) override {
    name_ += request.text();
    return request.text().empty() ? absl::InvalidArgumentError("empty") : absl::OkStatus();
  }

  // Waits for a note "wake" to another of its handlers, which needs to interleave.
  troupe::Reply<Note> Wait(troupe::Context& cx, const Note& request) override {
    if (request.text() == "wake") {
      awake_ = true;
      return request;
    }
    return WaitForWake(cx, request);
  }

  // Waits before each beat.
  troupe::Reply<void> Beats(troupe::Context& cx, const Int32Value& request,
                            troupe::Sink<Empty> out) override {
    for (int i = 0; i < request.value(); ++i) {
      TROUPE_CO_RETURN_IF_ERROR(co_await cx.Sleep(absl::Milliseconds(1)));
      TROUPE_CO_RETURN_IF_ERROR(co_await out.Write(Empty()));
    }
    co_return absl::OkStatus();
  }

  troupe::Reply<void> Corners(troupe::Context&, const Empty&,
                              troupe::Sink<Shape::Corner> out) override {
    for (const Shape::Corner& corner : shape_.corners()) {
      TROUPE_CO_RETURN_IF_ERROR(co_await out.Write(corner));
    }
    co_return absl::OkStatus();
  }

 private:
  troupe::Reply<Note> WaitForWake(troupe::Context& cx, const Note& request) {
    while (!awake_) co_await cx.Sleep(absl::Milliseconds(1));
    co_return request;
  }

  Place MakePlace() const {
    Place place;
    place.mutable_name()->set_text(name_);
    place.set_corners(shape_.corners_size());
    return place;
  }

  Shape shape_;
  std::string name_;
  bool awake_ = false;
};

// Reads streams for tests, which are on no shard.
class ReaderActor final : public Gazetteer::Actor {
 public:
  explicit ReaderActor(Atlas::Ref source) : source_(source) {}

  // The sum of the stream's x, as text, or its error.
  troupe::Reply<Note> Gazetteer(troupe::Context&, const Note&) override {
    troupe::Stream<Shape::Corner> corners = source_.Corners(Empty()).Start();
    int sum = 0;
    while (true) {
      absl::StatusOr<std::optional<Shape::Corner>> next = co_await corners.Next();
      if (!next.ok()) co_return next.status();
      if (!next->has_value()) break;
      sum += (*next)->x();
    }
    co_return MakeNote(std::to_string(sum));
  }

  troupe::Reply<atlas::Place> Place(troupe::Context&, const Note&) override {
    absl::StatusOr<atlas::Place> place = co_await source_.Put(Triangle());
    co_return place;
  }

  // Has the source wait, then wakes it.
  troupe::Reply<Note> PlaceMethod(troupe::Context&, const Note& request) override {
    troupe::Pending<Note> waiting = source_.Wait(request).Start();
    absl::StatusOr<Note> woken = co_await source_.Wait(MakeNote("wake"));
    if (!woken.ok()) co_return woken.status();
    co_return co_await waiting;
  }
  troupe::Reply<Note> PlaceMessage(troupe::Context&, const Note& request) override {
    source_.Audit(request);
    return request;
  }

  // Its number of beats.
  troupe::Reply<Int32Value> Listen(troupe::Context&, const Int32Value& request) override {
    troupe::Stream<Empty> beats = source_.Beats(request).Start();
    for (int count = 0;; ++count) {
      absl::StatusOr<std::optional<Empty>> next = co_await beats.Next();
      if (!next.ok()) co_return next.status();
      if (!next->has_value()) co_return Number(count);
    }
  }

  // Renames the source, which is awaited here.
  troupe::Reply<void> Christen(troupe::Context&, const atlas::Place::Name& request) override {
    absl::Status named = co_await source_.Rename(request);
    co_return named;
  }

 private:
  const Atlas::Ref source_;
};

class AtlasWorker final : public Atlas::Worker {
 public:
  absl::StatusOr<Place> Put(troupe::WorkerContext&, const Shape& request) override {
    Place place;
    place.mutable_name()->set_text(name_);
    place.set_corners(request.corners_size());
    return place;
  }
  absl::StatusOr<Shape::Corner> Corner(troupe::WorkerContext&, const Int32Value&) override {
    return absl::UnimplementedError("a worker keeps no shape");
  }
  absl::Status Rename(troupe::WorkerContext&, const Place::Name& request) override {
    if (request.text() == name_) return absl::AlreadyExistsError("it is called so");
    name_ = request.text();
    return absl::OkStatus();
  }
  absl::Status Audit(troupe::WorkerContext&, const Note& request) override {
    name_ += request.text();
    return absl::OkStatus();
  }
  absl::StatusOr<Note> Wait(troupe::WorkerContext&, const Note& request) override {
    return request;
  }

 private:
  std::string name_;
};

// --- Handles. ---

static_assert(sizeof(Atlas::Ref) == 32);
static_assert(std::is_trivially_copyable_v<Atlas::Ref>);
static_assert(std::convertible_to<troupe::Ref<AtlasActor>, Atlas::Ref>);
static_assert(std::convertible_to<troupe::Ref<AtlasWorker>, Atlas::Ref>);
static_assert(!std::convertible_to<troupe::Ref<ReaderActor>, Atlas::Ref>);
static_assert(!std::convertible_to<Gazetteer::Ref, Atlas::Ref>);
static_assert(!std::convertible_to<troupe::AnyRef, Atlas::Ref>);

class ServiceTest : public testing::Test {
 protected:
  void SetUp() override {
    absl::StatusOr<std::unique_ptr<troupe::System>> started = troupe::System::Start({.shards = 2});
    ASSERT_TRUE(started.ok()) << started.status();
    system_ = *std::move(started);
    atlas_ = system_->Spawn<AtlasActor>({.name = "atlas"});
  }

  std::string NameAt(const Atlas::Ref& atlas) {
    absl::StatusOr<Place> place = atlas.Put(Triangle()).Wait();
    return place.ok() ? place->name().text() : place.status().ToString();
  }

  std::unique_ptr<troupe::System> system_;
  Atlas::Ref atlas_;
};

TEST_F(ServiceTest, AskComesToTheHandlersResponse) {
  absl::StatusOr<Place> place = atlas_.Put(Triangle()).Wait();
  ASSERT_TRUE(place.ok()) << place.status();
  EXPECT_EQ(place->corners(), 3);
}

TEST_F(ServiceTest, MessagesOfOtherFilesAndNestedOnesTravel) {
  ASSERT_TRUE(atlas_.Put(Triangle()).Wait().ok());
  absl::StatusOr<Shape::Corner> corner = atlas_.Corner(Number(2)).Wait();
  ASSERT_TRUE(corner.ok()) << corner.status();
  EXPECT_EQ(corner->y(), 4);
}

TEST_F(ServiceTest, AskComesToTheHandlersError) {
  absl::StatusOr<Shape::Corner> corner = atlas_.Corner(Number(7)).Wait();
  EXPECT_EQ(corner.status().code(), absl::StatusCode::kOutOfRange);
}

TEST_F(ServiceTest, F130_EmptyResponseIsAStatus) {
  Place::Name name;
  name.set_text("here");
  const absl::Status done = atlas_.Rename(name).Wait();
  EXPECT_TRUE(done.ok()) << done;
  EXPECT_EQ(NameAt(atlas_), "here");
  EXPECT_EQ(atlas_.Rename(name).Wait().code(), absl::StatusCode::kAlreadyExists);
}

TEST_F(ServiceTest, F130_ActorAwaitsAStatusOfItsShardAndOfAnother) {
  Place::Name name;
  for (int shard : {0, 1}) {
    Gazetteer::Ref reader =
        system_->Spawn<ReaderActor>({.placement = troupe::Placement::OnShard(shard)}, atlas_);
    name.set_text("at " + std::to_string(shard));
    EXPECT_EQ(reader.Christen(name).Wait(), absl::OkStatus());
    EXPECT_EQ(NameAt(atlas_), name.text());
    EXPECT_EQ(reader.Christen(name).Wait().code(), absl::StatusCode::kAlreadyExists);
  }
}

TEST_F(ServiceTest, F130_ItemsOfAStreamMayBeEmpty) {
  Gazetteer::Ref reader = system_->Spawn<ReaderActor>({}, atlas_);
  absl::StatusOr<Int32Value> beats = reader.Listen(Number(3)).Wait();
  ASSERT_TRUE(beats.ok()) << beats.status();
  EXPECT_EQ(beats->value(), 3);
}

TEST_F(ServiceTest, OnewayComesBeforeALaterAsk) {
  EXPECT_EQ(atlas_.Audit(MakeNote("a")), troupe::SendResult::kAccepted);
  Note note = MakeNote("b");
  EXPECT_EQ(atlas_.Audit(note), troupe::SendResult::kAccepted);
  EXPECT_EQ(note.text(), "b");
  EXPECT_EQ(NameAt(atlas_), "ab");
}

TEST_F(ServiceTest, OnewayToNobodyIsGone) {
  EXPECT_EQ(Atlas::Ref().Audit(MakeNote("a")), troupe::SendResult::kGone);
}

TEST_F(ServiceTest, FailedOnewayLeavesItsActorAlive) {
  atlas_.Audit(MakeNote(""));
  EXPECT_EQ(NameAt(atlas_), "");
}

TEST_F(ServiceTest, InterleavingHandlerLetsOthersRun) {
  Gazetteer::Ref reader = system_->Spawn<ReaderActor>({}, atlas_);
  absl::StatusOr<Note> woken = reader.PlaceMethod(MakeNote("sleeper")).Wait();
  ASSERT_TRUE(woken.ok()) << woken.status();
  EXPECT_EQ(woken->text(), "sleeper");
}

TEST_F(ServiceTest, StreamComesInOrderAndEnds) {
  ASSERT_TRUE(atlas_.Put(Triangle()).Wait().ok());
  Gazetteer::Ref reader = system_->Spawn<ReaderActor>({}, atlas_);
  absl::StatusOr<Note> sum = reader.Gazetteer(Note()).Wait();
  ASSERT_TRUE(sum.ok()) << sum.status();
  EXPECT_EQ(sum->text(), "3");
}

TEST_F(ServiceTest, ActorsAskAndSendFromTheSameShardAndFromAnother) {
  std::string expected;
  for (int shard : {0, 1}) {
    Gazetteer::Ref reader =
        system_->Spawn<ReaderActor>({.placement = troupe::Placement::OnShard(shard)}, atlas_);
    EXPECT_TRUE(reader.PlaceMessage(MakeNote("x")).Wait().ok());
    expected += "x";
    absl::StatusOr<Place> place = reader.Place(Note()).Wait();
    ASSERT_TRUE(place.ok()) << place.status();
    EXPECT_EQ(place->corners(), 3);
    EXPECT_EQ(place->name().text(), expected);
  }
}

TEST_F(ServiceTest, ServiceIsFoundByName) {
  std::optional<Atlas::Ref> found = system_->Find<Atlas>("atlas");
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(*found, atlas_);
  EXPECT_FALSE(system_->Find<Gazetteer>("atlas").has_value());
}

TEST_F(ServiceTest, WorkersServeAsksAndOneways) {
  Atlas::Ref workers = system_->SpawnWorkers<AtlasWorker>({.name = "atlas-workers", .threads = 1});
  Place::Name name;
  name.set_text("w");
  EXPECT_TRUE(workers.Rename(name).Wait().ok());
  EXPECT_EQ(workers.Rename(name).Wait().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(workers.Audit(MakeNote("1")), troupe::SendResult::kAccepted);
  EXPECT_EQ(NameAt(workers), "w1");
  EXPECT_EQ(workers.Corner(Number(0)).Wait().status().code(), absl::StatusCode::kUnimplemented);
}

TEST_F(ServiceTest, WorkersHaveNoStreams) {
  Atlas::Ref workers = system_->SpawnWorkers<AtlasWorker>({.name = "atlas-workers", .threads = 1});
  Gazetteer::Ref reader = system_->Spawn<ReaderActor>({}, workers);
  absl::StatusOr<Note> sum = reader.Gazetteer(Note()).Wait();
  EXPECT_EQ(sum.status().code(), absl::StatusCode::kUnimplemented);
}

}  // namespace
}  // namespace maps
