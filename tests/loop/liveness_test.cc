// An object that ends inside of a function it calls: what comes after is not read before it was
// looked whether the object is still there. Compiled with optimisation, which is what could do so.

#include "troupe/loop/liveness.h"

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <new>

#include "gtest/gtest.h"

namespace troupe {
namespace {

constexpr size_t kPageBytes = 4096;

class Handler {
 public:
  virtual void OnFirst() = 0;
  virtual void OnSecond() = 0;

 protected:
  ~Handler() = default;
};

// In the manner of a stream that tells its handler of two things.
class Caller {
 public:
  enum class Phase : uint8_t { kConnecting, kOpen, kFailed };

  explicit Caller(Handler& handler) : handler_(handler) {}

  void Tell();

 private:
  Handler& handler_;
  Phase phase_ = Phase::kOpen;
  bool wants_first_ = true;
  bool wants_second_ = true;
  Liveness liveness_;
};

__attribute__((noinline)) void Caller::Tell() {
  // What is known on one of the ways to where it is used next may be loaded on the other.
  if (phase_ == Phase::kConnecting) return handler_.OnSecond();
  Liveness::Watch watch(liveness_);
  if (wants_first_) handler_.OnFirst();
  if (!watch.alive() || phase_ == Phase::kFailed) return;
  if (wants_second_) handler_.OnSecond();
}

class Ends final : public Handler {
 public:
  explicit Ends(void* page) : page_(page) {}

  // Its memory goes back to the kernel, as that of any object may.
  void OnFirst() override {
    caller->~Caller();
    munmap(page_, kPageBytes);
  }
  void OnSecond() override { ADD_FAILURE() << "it has ended"; }

  Caller* caller = nullptr;

 private:
  void* const page_;
};

class Counts final : public Handler {
 public:
  void OnFirst() override { ++calls; }
  void OnSecond() override { ++calls; }

  int calls = 0;
};

TEST(LivenessTest, NothingOfAnObjectThatHasEndedIsRead) {
  void* const page =
      mmap(nullptr, kPageBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(page, MAP_FAILED);
  Ends ends(page);
  ends.caller = new (page) Caller(ends);
  ends.caller->Tell();
}

TEST(LivenessTest, AnObjectThatLivesGoesOn) {
  Counts counts;
  Caller caller(counts);
  caller.Tell();
  EXPECT_EQ(counts.calls, 2);
}

}  // namespace
}  // namespace troupe
