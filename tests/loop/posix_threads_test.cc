#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <functional>
#include <iterator>
#include <map>
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
#include "troupe/loop/core_pin.h"
#include "troupe/loop/platform.h"
#include "troupe/loop/posix_clock.h"
#include "troupe/loop/posix_event.h"
#include "troupe/loop/posix_thread.h"
#include "troupe/loop/posix_workers.h"
#include "troupe/loop/thread_mask.h"
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
  auto executor = PosixExecutor::Start({.name = "pinned", .pin = true}, &turns);
  ASSERT_TRUE(executor.ok()) << executor.status();
  (*executor)->Join();
  EXPECT_EQ(turns.core_count, 1);
}

// Keeps its thread until it is let go, and says which core it has.
class Sitter final : public LoopTask {
 public:
  bool RunTurn(bool) override {
    cpu_set_t set;
    sched_getaffinity(0, sizeof(set), &set);
    for (int i = 0; i < CPU_SETSIZE; ++i) {
      if (CPU_ISSET(i, &set)) core = i;
    }
    seated.Notify();
    leave.WaitUntil(Instant::Infinite());
    return false;
  }

  int core = -1;
  PosixEvent seated;
  PosixEvent leave;
};

TEST(PosixExecutorTest, F127_NoTwoThreadsShareACoreWhileAnotherIsFree) {
  const int cores = UsableCores();
  for (int round = 0; round < 2; ++round) {  // What ended has given its core back.
    EXPECT_FALSE(AnyCorePinned());
    std::vector<std::unique_ptr<Sitter>> sitters;
    std::vector<std::unique_ptr<Executor>> executors;
    std::map<int, int> threads_of;
    for (int i = 0; i < 2 * cores; ++i) {
      sitters.push_back(std::make_unique<Sitter>());
      auto executor = PosixExecutor::Start({.name = "sitter", .pin = true}, sitters[i].get());
      ASSERT_TRUE(executor.ok()) << executor.status();
      executors.push_back(*std::move(executor));
      ASSERT_TRUE(sitters[i]->seated.WaitUntil(PosixClock().Now() + absl::Seconds(10)));
      EXPECT_EQ(threads_of[sitters[i]->core]++, i / cores) << "thread " << i;
    }
    EXPECT_TRUE(AnyCorePinned());
    for (auto& sitter : sitters) sitter->leave.Notify();
    for (auto& executor : executors) executor->Join();
  }
}

// What a thread has of its own.
struct Traits {
  int core_count = 0;
  bool blocks_usr1 = false;
  bool blocks_usr2 = false;
};

Traits TraitsHere() {
  cpu_set_t set;
  sched_getaffinity(0, sizeof(set), &set);
  sigset_t mask;
  pthread_sigmask(SIG_BLOCK, nullptr, &mask);
  return {.core_count = CPU_COUNT(&set),
          .blocks_usr1 = sigismember(&mask, SIGUSR1) == 1,
          .blocks_usr2 = sigismember(&mask, SIGUSR2) == 1};
}

// A shard that is pinned and blocks a signal, and starts a thread from there.
class Starter final : public LoopTask {
 public:
  bool RunTurn(bool) override {
    ThreadMask::OfThisThread()->Hold({SIGUSR1});
    here = TraitsHere();
    auto thread = PosixThread::Start({.name = "started"}, [this] { there = TraitsHere(); });
    EXPECT_TRUE(thread.ok()) << thread.status();
    thread->Join();
    return false;
  }

  Traits here;
  Traits there;
};

TEST(PosixThreadTest, F127_AThreadStartedFromAPinnedOneHasTheProcesssCoresAndMask) {
  sigset_t usr2, previous;
  sigemptyset(&usr2);
  sigaddset(&usr2, SIGUSR2);
  pthread_sigmask(SIG_BLOCK, &usr2, &previous);
  Starter starter;
  auto executor = PosixExecutor::Start({.name = "starter", .pin = true}, &starter);
  ASSERT_TRUE(executor.ok()) << executor.status();
  (*executor)->Join();
  pthread_sigmask(SIG_SETMASK, &previous, nullptr);
  EXPECT_EQ(starter.here.core_count, 1);
  EXPECT_TRUE(starter.here.blocks_usr1);
  EXPECT_EQ(starter.there.core_count, UsableCores());
  EXPECT_FALSE(starter.there.blocks_usr1);
  EXPECT_TRUE(starter.there.blocks_usr2) << "the process blocks it itself";
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
