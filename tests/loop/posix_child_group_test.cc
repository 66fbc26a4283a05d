// F131: a child is a group, and has room for input or says when.

#include <signal.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "troupe/base/instant.h"
#include "troupe/loop/child_process.h"
#include "troupe/loop/posix_clock.h"
#include "troupe/tests/loop/child_fixture.h"

namespace troupe {
namespace {

using Probe = ChildProbe;
class PosixChildGroupTest : public PosixChildFixture {};

// Whether the process runs no more, reaped or not.
bool IsGone(int pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string number, name, state;
  stat >> number >> name >> state;
  return state.empty() || state == "Z" || state == "X";
}

// Whether it is within ten seconds, without anything that the loop would hear of.
bool IsGoneSoon(int pid) {
  const Instant give_up = PosixClock().Now() + absl::Seconds(10);
  while (!IsGone(pid) && PosixClock().Now() < give_up) std::this_thread::yield();
  return IsGone(pid);
}

// A shell that starts another process, says its number, and waits for it.
constexpr char kParent[] = "sleep 1000 & echo $!; wait";

TEST_F(PosixChildGroupTest, F131_ASignalReachesTheWholeGroup) {
  Probe probe;
  auto child = Start(Shell(kParent), probe);
  ASSERT_TRUE(loop_.RunUntil([&] { return probe.output.ends_with('\n'); }));
  const int grandchild = std::stoi(probe.output);
  EXPECT_TRUE(child->Signal(SIGTERM).ok());
  ASSERT_TRUE(loop_.RunUntil([&] { return probe.status.has_value(); }));
  EXPECT_EQ(probe.status->signal, SIGTERM);
  EXPECT_TRUE(IsGoneSoon(grandchild));
}

TEST_F(PosixChildGroupTest, F131_TheChildAloneIsSignalledIfAsked) {
  Probe probe;
  auto child = Start(Shell(kParent), probe);
  ASSERT_TRUE(loop_.RunUntil([&] { return probe.output.ends_with('\n'); }));
  const int grandchild = std::stoi(probe.output);
  EXPECT_TRUE(child->Signal(SIGTERM, SignalTarget::kChild).ok());
  ASSERT_TRUE(loop_.RunUntil([&] { return probe.status.has_value(); }));
  EXPECT_FALSE(IsGone(grandchild));
  EXPECT_EQ(child->Signal(SIGTERM).code(), absl::StatusCode::kNotFound);
  // It was its owner who ended the child, and so what is left of the group ends with this.
  child.reset();
  EXPECT_TRUE(IsGoneSoon(grandchild));
  EXPECT_TRUE(AllReapedSoon());
}

TEST_F(PosixChildGroupTest, F131_AGroupThatIgnoresTermIsKilledWithTheChild) {
  Probe probe;
  auto child = Start(Shell(std::string("trap '' TERM; ") + kParent), probe);
  ASSERT_TRUE(loop_.RunUntil([&] { return probe.output.ends_with('\n'); }));
  const int grandchild = std::stoi(probe.output);
  EXPECT_TRUE(child->Signal(SIGTERM).ok());
  loop_.RunUntilIdle();
  const int pid = child->pid();
  EXPECT_FALSE(IsGone(pid));
  EXPECT_FALSE(IsGone(grandchild));
  child.reset();
  EXPECT_TRUE(IsGoneSoon(pid));
  EXPECT_TRUE(IsGoneSoon(grandchild));
  EXPECT_TRUE(AllReapedSoon());
}

TEST_F(PosixChildGroupTest, F131_WhatAChildLeavesBehindByItselfGoesOn) {
  Probe probe;
  Run(Shell("sleep 1000 & echo $!"), probe);
  const int grandchild = std::stoi(probe.output);
  EXPECT_FALSE(IsGone(grandchild));
  kill(grandchild, SIGKILL);
}

TEST_F(PosixChildGroupTest, F131_AGroupThatItsOwnerHasLeftGoesOn) {
  Probe probe;
  auto child = Start(Shell(kParent), probe);
  ASSERT_TRUE(loop_.RunUntil([&] { return probe.output.ends_with('\n'); }));
  const int grandchild = std::stoi(probe.output);
  EXPECT_TRUE(child->Signal(SIGTERM, SignalTarget::kChild).ok());
  ASSERT_TRUE(loop_.RunUntil([&] { return probe.status.has_value(); }));
  child->LeaveGroup();
  child.reset();
  EXPECT_FALSE(IsGone(grandchild));
  EXPECT_TRUE(AllReapedSoon());
  kill(grandchild, SIGKILL);
}

TEST_F(PosixChildGroupTest, F131_AGrandchildThatWritesForEverLosesItsPipeAtTheExit) {
  Probe probe;
  auto child = Start(Shell("echo $$; yes & exit 3"), probe);
  ASSERT_TRUE(loop_.RunUntil([&] { return probe.status.has_value(); }));
  EXPECT_EQ(probe.status->exit_code, 3);
  EXPECT_LE(probe.output.size(), 2u << 20);
  EXPECT_EQ(loop_.poller().watch_count(), 0u);
}

TEST_F(PosixChildGroupTest, F131_RoomForInputIsToldOnceAfterARefusal) {
  Probe probe;
  auto child = Start({.argv = {"/bin/sh", "-c", "read go; exec cat"}, .pipe_input = true}, probe);
  const std::string block(8192, 'x');
  while (child->WriteInput(block).ok()) {
  }
  EXPECT_EQ(child->WriteInput(block).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(probe.room_count, 0);
  // Its line has no end yet: the shell reads all of it.
  ASSERT_TRUE(loop_.RunUntil([&] { return probe.room_count == 1; }));
  EXPECT_TRUE(child->WriteInput(block).ok()) << "what was refused fits";
  loop_.RunUntilIdle();
  EXPECT_EQ(probe.room_count, 1) << "no refusal, no room told";
}

// Whether there is such a file within ten seconds, without anything that the loop would hear of.
bool ExistsSoon(const std::string& path) {
  const Instant give_up = PosixClock().Now() + absl::Seconds(10);
  while (!std::ifstream(path).good() && PosixClock().Now() < give_up) std::this_thread::yield();
  return std::ifstream(path).good();
}

// Has read what a pipe holds, while more waits here and somebody was refused: the loop has heard of
// nothing.
class PosixChildThatHasReadTest : public PosixChildGroupTest {
 protected:
  PosixChildThatHasReadTest() {
    const std::string go = testing::TempDir() + "go";
    const std::string has_read = testing::TempDir() + "has_read";
    std::filesystem::remove(go);
    std::filesystem::remove(has_read);
    limits_.child_input_bytes_max = 10'000;
    child_ = Start({.argv = {"/bin/sh", "-c",
                             "while [ ! -e \"$1\" ]; do :; done; head -c 65536 >/dev/null; "
                             "touch \"$2\"; exec cat >/dev/null",
                             "sh", go, has_read},
                    .pipe_input = true},
                   probe_);
    const std::string block(8192, 'x');
    while (child_->WriteInput(block).ok()) {
    }
    std::ofstream(go).flush();
    EXPECT_TRUE(ExistsSoon(has_read));
    // The pipe is empty: this fits, and what waited before it goes with it.
    const absl::Status written = child_->WriteInput("x");
    EXPECT_TRUE(written.ok()) << written;
    EXPECT_EQ(probe_.room_count, 0);
  }

  Probe probe_;
  std::unique_ptr<ChildProcess> child_;
};

TEST_F(PosixChildThatHasReadTest, F131_RoomForInputIsToldThoughAnotherWriteHasTakenTheLastOfIt) {
  EXPECT_TRUE(loop_.RunUntil([&] { return probe_.room_count == 1; }))
      << "whoever was refused waits";
  loop_.RunUntilIdle();
  EXPECT_EQ(probe_.room_count, 1);
}

TEST_F(PosixChildThatHasReadTest, F131_AnInputThatItsOwnerClosesEndsTheWaitForRoom) {
  child_->CloseInput();
  EXPECT_TRUE(loop_.RunUntil([&] { return probe_.room_count == 1; }))
      << "whoever was refused waits";
  EXPECT_EQ(child_->WriteInput("x").code(), absl::StatusCode::kUnavailable);
}

TEST_F(PosixChildGroupTest, F131_AnInputThatItsOwnerClosesEndsTheWaitThoughNobodyReadsIt) {
  Probe probe;
  const auto child = Start({.argv = {"/bin/sleep", "1000"}, .pipe_input = true}, probe);
  const std::string block(8192, 'x');
  while (child->WriteInput(block).ok()) {
  }
  child->CloseInput();
  EXPECT_TRUE(loop_.RunUntil([&] { return probe.room_count == 1; }));
}

TEST_F(PosixChildGroupTest, F131_AClosedInputEndsTheWaitForRoom) {
  Probe probe;
  auto child = Start(
      {.argv = {"/bin/sh", "-c", "sleep 0.1; exec 0<&-; sleep 1000"}, .pipe_input = true}, probe);
  const std::string block(8192, 'x');
  while (child->WriteInput(block).ok()) {
  }
  ASSERT_TRUE(loop_.RunUntil([&] { return probe.room_count == 1; }));
  EXPECT_EQ(child->WriteInput(block).code(), absl::StatusCode::kUnavailable);
}

TEST_F(PosixChildGroupTest, F131_AClosedInputEndsTheWaitThoughAnotherWriteHasFoundItClosed) {
  Probe probe;
  const auto child = Start(
      {.argv = {"/bin/sh", "-c", "kill -STOP $$; exec 0<&-; kill -STOP $$"}, .pipe_input = true},
      probe);
  // Waits, without anything that the loop would hear of.
  const auto has_stopped = [&] {
    siginfo_t info;
    return waitid(P_PID, static_cast<id_t>(child->pid()), &info, WSTOPPED) == 0;
  };
  ASSERT_TRUE(has_stopped());
  const std::string block(10'000, 'x');
  while (child->WriteInput(block).ok()) {
  }
  ASSERT_TRUE(child->Signal(SIGCONT).ok());
  ASSERT_TRUE(has_stopped());
  EXPECT_EQ(child->WriteInput("x").code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(loop_.RunUntil([&] { return probe.room_count == 1; })) << "whoever was refused waits";
  EXPECT_FALSE(probe.status.has_value());
}

TEST_F(PosixChildGroupTest, F131_MuchInputComesWholeAndInOrder) {
  limits_.child_input_bytes_max = 8u << 20;
  Probe probe;
  const auto child = Start({.argv = {"/bin/cat"}, .pipe_input = true}, probe);
  std::string all;
  for (int i = 0; i < 200'000; ++i) all += std::to_string(i) + "\n";
  const std::string_view text = all;
  ASSERT_TRUE(child->WriteInput(text.substr(0, 1'000'000)).ok());
  ASSERT_TRUE(child->WriteInput(text.substr(1'000'000)).ok());
  child->CloseInput();
  ASSERT_TRUE(loop_.RunUntil([&] { return probe.status.has_value(); }));
  EXPECT_TRUE(probe.output == all) << probe.output.size() << " of " << all.size() << " bytes";
}

TEST_F(PosixChildGroupTest, F131_ErrorsNameTheBoundOfInputAndNoLongNames) {
  Probe probe;
  auto child = Start({.argv = {"/bin/sleep", "1000"}, .pipe_input = true}, probe);
  const std::string block(8192, 'x');
  absl::Status status;
  while (status.ok()) status = child->WriteInput(block);
  EXPECT_NE(status.message().find("child_input_bytes_max"), absl::string_view::npos) << status;
  const absl::Status never = child->WriteInput(std::string(100'000, 'x'));
  EXPECT_EQ(never.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(never.message().find("100000"), absl::string_view::npos) << never;
  const std::string name(200 << 10, 'n');
  for (const ChildOptions& options :
       {ChildOptions{.argv = {"/" + name}}, ChildOptions{.argv = {name}},
        ChildOptions{.argv = {"/bin/true"}, .directory = name}}) {
    const absl::Status long_name = Spawn(options, probe).status();
    EXPECT_FALSE(long_name.ok());
    EXPECT_LT(long_name.message().size(), 400u);
  }
}

}  // namespace
}  // namespace troupe
