#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "troupe/base/instant.h"
#include "troupe/loop/platform.h"
#include "troupe/loop/posix_clock.h"
#include "troupe/loop/posix_event.h"
#include "troupe/loop/posix_thread.h"
#include "troupe/loop/posix_workers.h"
#include "troupe/tests/loop/sanitizer.h"

namespace troupe {
namespace {

Instant Soon() { return PosixClock().Now() + absl::Milliseconds(10); }

class Turns final : public LoopTask {
 public:
  explicit Turns(int count) : left_(count) {}

  bool RunTurn(bool may_block) override {
    EXPECT_TRUE(may_block);
    char text[16] = {};
    pthread_getname_np(pthread_self(), text, sizeof(text));
    name = text;
    cpu_set_t set;
    sched_getaffinity(0, sizeof(set), &set);
    core_count = CPU_COUNT(&set);
    return --left_ > 0;
  }
  int left() const { return left_; }

  std::string name;
  int core_count = 0;

 private:
  int left_;
};

TEST(PosixExecutorTest, ItTurnsUntilTheTaskIsOver) {
  Turns turns(3);
  auto executor = PosixExecutor::Start({.name = "a-name-longer-than-15"}, &turns);
  ASSERT_TRUE(executor.ok()) << executor.status();
  (*executor)->Join();
  EXPECT_EQ(turns.left(), 0);
  EXPECT_EQ(turns.name, "a-name-longer-t");
  EXPECT_EQ(turns.core_count, UsableCores());
}

TEST(PosixExecutorTest, APinnedThreadHasOneCore) {
  Turns turns(1);
  auto executor = PosixExecutor::Start({.name = "pinned", .cpu = UsableCores() - 1}, &turns);
  ASSERT_TRUE(executor.ok()) << executor.status();
  (*executor)->Join();
  EXPECT_EQ(turns.core_count, 1);
}

TEST(PosixExecutorTest, ACoreThatIsNotThereLeavesTheThreadUnpinned) {
  Turns turns(1);
  auto executor = PosixExecutor::Start({.name = "nowhere", .cpu = 100'000}, &turns);
  ASSERT_TRUE(executor.ok()) << executor.status();
  (*executor)->Join();
  EXPECT_EQ(turns.core_count, UsableCores());
}

// From now on the kernel says to this process what it says at a limit of threads. (The limit
// itself does not bind root.)
bool RefuseThreads() {
  sock_filter refuse_clone[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone, 1, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone3, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAGAIN),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program = {.len = std::size(refuse_clone), .filter = refuse_clone};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

TEST(PosixExecutorTest, F75_NoThreadToHaveIsResourceExhausted) {
  // It refuses any new thread after a fork.
  if (UnderThreadSanitizer()) GTEST_SKIP();
  const pid_t pid = fork();
  if (pid == 0) {
    if (!RefuseThreads()) _exit(2);
    Turns turns(1);
    const absl::Status executor = PosixExecutor::Start({.name = "none"}, &turns).status();
    const absl::Status workers = PosixWorkers::Start("none", 4, 1).status();
    const bool exhausted = executor.code() == absl::StatusCode::kResourceExhausted &&
                           workers.code() == absl::StatusCode::kResourceExhausted &&
                           executor.message().find("pthread_create") != absl::string_view::npos;
    _exit(exhausted ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(pid, &status, 0), pid);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

TEST(PosixEventTest, NotifiedBeforeOrDuringTheWaitItSaysSo) {
  PosixEvent event;
  EXPECT_FALSE(event.WaitUntil({0}));
  std::thread notifier([&] { event.Notify(); });
  EXPECT_TRUE(event.WaitUntil(Instant::Infinite()));
  notifier.join();
  EXPECT_TRUE(event.WaitUntil({0}));
  EXPECT_TRUE(event.WaitUntil(Instant::Infinite()));
}

TEST(PosixEventTest, TheDeadlineIsNotEarly) {
  PosixEvent event;
  const Instant deadline = Soon();
  EXPECT_FALSE(event.WaitUntil(deadline));
  EXPECT_GE(PosixClock().Now(), deadline);
}

class Job final : public WorkItem {
 public:
  explicit Job(std::function<void()> body = [] {}) : body_(std::move(body)) {}

  void Run(int thread) override {
    ran_on = thread;
    body_();
  }
  void Abandon() override { abandoned = true; }

  std::atomic<int> ran_on{-1};
  bool abandoned = false;

 private:
  std::function<void()> body_;
};

TEST(PosixWorkersTest, JobsRunInTheOrderTheyWerePosted) {
  auto workers = *PosixWorkers::Start("order", 1, 100);
  std::vector<int> order;
  std::vector<std::unique_ptr<Job>> jobs;
  PosixEvent done;
  for (int i = 0; i < 10; ++i) {
    jobs.push_back(std::make_unique<Job>([&order, &done, i] {
      order.push_back(i);
      if (i == 9) done.Notify();
    }));
    ASSERT_TRUE(workers->TryPost(jobs.back().get()));
  }
  EXPECT_TRUE(done.WaitUntil(Instant::Infinite()));
  EXPECT_EQ(workers->Stop(Instant::Infinite()), 0);
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

TEST(PosixWorkersTest, AllThreadsWork) {
  auto workers = *PosixWorkers::Start("all", 3, 100);
  // Three jobs that end only together.
  std::atomic<int> arrived{0};
  const auto meet = [&] {
    ++arrived;
    while (arrived < 3) std::this_thread::yield();
  };
  Job jobs[3] = {Job(meet), Job(meet), Job(meet)};
  for (Job& job : jobs) ASSERT_TRUE(workers->TryPost(&job));
  while (arrived < 3) std::this_thread::yield();
  EXPECT_EQ(workers->Stop(Instant::Infinite()), 0);
  EXPECT_EQ(jobs[0].ran_on + jobs[1].ran_on + jobs[2].ran_on, 0 + 1 + 2);
}

TEST(PosixWorkersTest, AFullQueueRefusesAndAStoppedPoolAbandonsAndRefuses) {
  auto workers = *PosixWorkers::Start("full", 1, 2);
  PosixEvent started, release, over;
  Job busy([&] {
    started.Notify();
    release.WaitUntil(Instant::Infinite());
    over.Notify();
  });
  Job waiting[2], refused;
  ASSERT_TRUE(workers->TryPost(&busy));
  ASSERT_TRUE(started.WaitUntil(Instant::Infinite()));
  EXPECT_TRUE(workers->TryPost(&waiting[0]));
  EXPECT_TRUE(workers->TryPost(&waiting[1]));
  EXPECT_FALSE(workers->TryPost(&refused));
  EXPECT_EQ(workers->Stop(Soon()), 1);
  EXPECT_TRUE(waiting[0].abandoned && waiting[1].abandoned);
  EXPECT_FALSE(busy.abandoned || refused.abandoned);
  EXPECT_FALSE(workers->TryPost(&refused));
  EXPECT_EQ(workers->Stop(Instant::Infinite()), 0);
  release.Notify();
  EXPECT_TRUE(over.WaitUntil(Instant::Infinite()));
}

TEST(PosixWorkersTest, AStuckThreadOutlivesThePool) {
  PosixEvent started, release, over;
  Job stuck([&] {
    started.Notify();
    release.WaitUntil(Instant::Infinite());
    over.Notify();
  });
  auto workers = *PosixWorkers::Start("stuck", 2, 1);
  ASSERT_TRUE(workers->TryPost(&stuck));
  ASSERT_TRUE(started.WaitUntil(Instant::Infinite()));
  EXPECT_EQ(workers->Stop(Soon()), 1);
  workers.reset();
  release.Notify();
  EXPECT_TRUE(over.WaitUntil(Instant::Infinite()));
}

TEST(PosixWorkersTest, TheDestructorWaitsForItsJobs) {
  std::atomic<bool> ran{false};
  PosixEvent started;
  Job job([&] {
    started.Notify();
    ran = true;
  });
  auto workers = *PosixWorkers::Start("scope", 1, 1);
  ASSERT_TRUE(workers->TryPost(&job));
  ASSERT_TRUE(started.WaitUntil(Instant::Infinite()));
  workers.reset();
  EXPECT_TRUE(ran);
}

}  // namespace
}  // namespace troupe
