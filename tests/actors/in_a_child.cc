#include "troupe/tests/actors/in_a_child.h"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iostream>

#include "gtest/gtest.h"

#if defined(__SANITIZE_ADDRESS__)
#define TROUPE_TEST_CHECKS_LEAKS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TROUPE_TEST_CHECKS_LEAKS 1
#endif
#endif
#ifdef TROUPE_TEST_CHECKS_LEAKS
#include <sanitizer/lsan_interface.h>
#endif

namespace troupe::test {
namespace {

bool Leaks() {
#ifdef TROUPE_TEST_CHECKS_LEAKS
  return __lsan_do_recoverable_leak_check() != 0;
#else
  return false;
#endif
}

[[noreturn]] void RunAndExit(const std::function<void()>& body) {
  bool failed = false;
  try {
    body();
  } catch (const std::exception& thrown) {
    std::cerr << "the child's body threw: " << thrown.what() << std::endl;
    failed = true;
  }
  failed = failed || testing::Test::HasFailure() || Leaks();
  std::cout << std::flush;
  std::fflush(nullptr);
  std::_Exit(failed ? 1 : 0);
}

// Whether every copy of the write end behind `fd` is closed before the deadline.
bool ClosedWithin(int fd, absl::Duration deadline) {
  struct pollfd end = {.fd = fd, .events = POLLIN, .revents = 0};
  int ready = 0;
  do {
    ready = poll(&end, 1, static_cast<int>(absl::ToInt64Milliseconds(deadline)));
  } while (ready < 0 && errno == EINTR);
  return ready > 0;
}

}  // namespace

void RunInAChild(const std::function<void()>& body, absl::Duration deadline) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0) << std::strerror(errno);
  std::cout << std::flush;
  std::fflush(nullptr);
  const pid_t child = fork();
  ASSERT_GE(child, 0) << std::strerror(errno);
  if (child == 0) {
    close(ends[0]);
    RunAndExit(body);
  }
  close(ends[1]);
  const bool in_time = ClosedWithin(ends[0], deadline);
  if (!in_time) kill(child, SIGKILL);
  close(ends[0]);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!in_time) {
    ADD_FAILURE() << "it hung: the child still ran after " << absl::FormatDuration(deadline);
  } else if (WIFSIGNALED(status)) {
    ADD_FAILURE() << "it crashed: the child ended by signal " << WTERMSIG(status) << ", "
                  << strsignal(WTERMSIG(status));
  } else {
    EXPECT_EQ(WEXITSTATUS(status), 0) << "the child failed: see its output above";
  }
}

}  // namespace troupe::test
