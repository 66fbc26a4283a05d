#ifndef TROUPE_TESTS_LOOP_DESCRIPTOR_LIMIT_H_
#define TROUPE_TESTS_LOOP_DESCRIPTOR_LIMIT_H_

#include <fcntl.h>
#include <sys/resource.h>

#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "troupe/loop/fd.h"
#include "troupe/tests/loop/sanitizer.h"

namespace troupe {

// UBSan, which runs beside ASan, opens a pipe to look at an object's type, and takes EMFILE there
// for a broken object.
inline bool SanitizerNeedsDescriptors() { return UnderAddressSanitizer(); }

// Lets this process open `spare` descriptors more, while it lives.
class DescriptorLimit {
 public:
  explicit DescriptorLimit(int spare = 0) {
    EXPECT_EQ(getrlimit(RLIMIT_NOFILE, &previous_), 0);
    Fd lowest_free(open("/dev/null", O_RDONLY | O_CLOEXEC));
    // Numbers that are free below those in use would be taken first.
    const int end = lowest_free.get() + 64;
    const rlimit low = {.rlim_cur = static_cast<rlim_t>(end), .rlim_max = previous_.rlim_max};
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
    lowest_free.Reset();
    for (;;) {
      Fd fd(open("/dev/null", O_RDONLY | O_CLOEXEC));
      if (!fd.valid()) break;
      held_.push_back(std::move(fd));
    }
    for (; spare > 0 && !held_.empty(); --spare) held_.pop_back();
  }
  ~DescriptorLimit() { setrlimit(RLIMIT_NOFILE, &previous_); }
  DescriptorLimit(const DescriptorLimit&) = delete;
  DescriptorLimit& operator=(const DescriptorLimit&) = delete;

 private:
  rlimit previous_;
  std::vector<Fd> held_;
};

}  // namespace troupe

#endif  // TROUPE_TESTS_LOOP_DESCRIPTOR_LIMIT_H_
