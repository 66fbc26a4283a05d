// Exceptions that end the process say whose they were.

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <utility>

#include "gtest/gtest.h"
#include "troupe/actors/context.h"
#include "troupe/actors/runtime/runtime.h"
#include "troupe/actors/system.h"
#include "troupe/base/instant.h"
#include "troupe/tests/actors/probe.h"

namespace troupe::test {
namespace {

[[noreturn]] void Throw(const char* what) { throw std::runtime_error(what); }

struct Text {};

struct ThrowsAtTheEnd : Actor {
  ~ThrowsAtTheEnd() override { Throw("from the destructor"); }
  void On(Context& cx, const Tick&) { cx.Stop(); }
  void On(Context&, const Number&) { Throw("for another life"); }
  void On(Context&, const Text&) noexcept { Throw("from a handler that promised not to"); }
};

template <typename M>
void SpawnAndSend(SpawnOptions options, M message) {
  const auto system = StartSystem(1);
  system->Spawn<ThrowsAtTheEnd>(options).Send(std::move(message));
  system->runtime().platform().MakeEvent()->WaitUntil(Instant::Infinite());
}

TEST(TerminateHandlerDeathTest, F48_AnExceptionInADestructorNamesTheActorAndEndsTheProcess) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_DEATH(SpawnAndSend({.name = "the last"}, Tick{}),
               "std::terminate in actor .*ThrowsAtTheEnd \"the last\", in the destructor"
               "(.|\n)*from the destructor");
  EXPECT_DEATH(SpawnAndSend({}, Num(1)), "ThrowsAtTheEnd, in the destructor");
}

TEST(TerminateHandlerDeathTest, F48_WhateverElseTerminatesNamesTheHandler) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_DEATH(SpawnAndSend({}, Text{}), "std::terminate in actor .*ThrowsAtTheEnd, in .*Text");
}

TEST(TerminateHandlerDeathTest, TheHandlerThatWasSetBeforeStillRuns) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_DEATH(
      {
        std::set_terminate([] {
          std::fputs("the handler before\n", stderr);
          std::abort();
        });
        SpawnAndSend({}, Tick{});
      },
      "in the destructor(.|\n)*the handler before");
}

}  // namespace
}  // namespace troupe::test
