#ifndef TROUPE_TESTS_LOOP_CHILD_FIXTURE_H_
#define TROUPE_TESTS_LOOP_CHILD_FIXTURE_H_

#include <sys/wait.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "troupe/base/instant.h"
#include "troupe/base/limits.h"
#include "troupe/loop/child_place.h"
#include "troupe/loop/child_process.h"
#include "troupe/loop/posix_child.h"
#include "troupe/loop/posix_clock.h"
#include "troupe/tests/loop/test_loop.h"

namespace troupe {

// What a child did.
class ChildProbe final : public ChildHandler {
 public:
  void OnChildOutput(bool is_stderr, std::string_view bytes) override {
    EXPECT_FALSE(status.has_value()) << "output after the exit";
    (is_stderr ? error : output).append(bytes);
    largest = std::max(largest, bytes.size());
    if (on_output) on_output();
  }
  void OnChildExited(const ChildStatus& ended) override {
    EXPECT_FALSE(status.has_value()) << "a second exit";
    status = ended;
    if (on_exited) on_exited();
  }
  void OnChildInputRoom() override { ++room_count; }

  std::string output;
  std::string error;
  size_t largest = 0;
  std::optional<ChildStatus> status;
  int room_count = 0;
  std::function<void()> on_output;
  std::function<void()> on_exited;
};

class PosixChildFixture : public testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<ChildProcess>> Spawn(const ChildOptions& options,
                                                      ChildProbe& probe) {
    return PosixChild::Spawn(loop_.poller(), options, limits_, count_, &probe);
  }
  std::unique_ptr<ChildProcess> Start(const ChildOptions& options, ChildProbe& probe) {
    auto child = Spawn(options, probe);
    EXPECT_TRUE(child.ok()) << child.status();
    return child.ok() ? *std::move(child) : nullptr;
  }
  static ChildOptions Shell(std::string script) {
    return {.argv = {"/bin/sh", "-c", std::move(script)}};
  }
  // Runs `options` to the end.
  void Run(const ChildOptions& options, ChildProbe& probe) {
    auto child = Start(options, probe);
    ASSERT_TRUE(loop_.RunUntil([&] { return probe.status.has_value(); }));
  }
  static bool HasChildren() {
    siginfo_t info;
    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD;
  }
  // On a machine that does much else, a child's end may come after its destructor.
  static bool AllReapedSoon() {
    const Instant give_up = PosixClock().Now() + absl::Seconds(10);
    while (HasChildren() && PosixClock().Now() < give_up) std::this_thread::yield();
    return !HasChildren();
  }

  TestLoop loop_;
  Limits limits_;
  const ChildCount count_ = std::make_shared<std::atomic<uint32_t>>(0);
};

}  // namespace troupe

#endif  // TROUPE_TESTS_LOOP_CHILD_FIXTURE_H_
