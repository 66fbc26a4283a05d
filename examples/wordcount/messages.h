#ifndef TROUPE_EXAMPLES_WORDCOUNT_MESSAGES_H_
#define TROUPE_EXAMPLES_WORDCOUNT_MESSAGES_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "troupe/examples/wordcount/file_list.h"

namespace wordcount {

// Messages between the coordinator and its feeders: plain C++ types, inside one process.

// To a feeder: have this batch counted.
struct Feed {
  size_t batch = 0;
  FileBatch files;
};

// To a feeder: every batch is counted; fetch the totals.
struct Collect {};

// From a feeder: ready for a batch.
struct Ready {
  int feeder = 0;
};

// From a feeder: the batch is counted.
struct Fed {
  int feeder = 0;
  size_t batch = 0;
  uint64_t files = 0;
  uint64_t bytes = 0;
  std::vector<std::string> unreadable;  // One line each.
};

// From a feeder: a part of the totals, whole lines.
struct Totals {
  int feeder = 0;
  std::string text;
  bool last = false;
};

// From a feeder: its node does not answer properly.
struct Lost {
  int feeder = 0;
  absl::Status why;
};

}  // namespace wordcount

#endif  // TROUPE_EXAMPLES_WORDCOUNT_MESSAGES_H_
