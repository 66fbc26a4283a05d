#ifndef TROUPE_EXAMPLES_WORDCOUNT_COUNTER_WORKER_H_
#define TROUPE_EXAMPLES_WORDCOUNT_COUNTER_WORKER_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "examples/wordcount/counter.troupe.h"
#include "troupe/examples/wordcount/word_table.h"
#include "troupe/troupe.h"

namespace wordcount {

// Reads files and counts their words, on a thread of its own: it may block. One thread per pool, so
// that the table has one owner.
class CounterWorker final : public Counter::Worker {
 public:
  absl::StatusOr<Counted> Count(troupe::WorkerContext& cx, const Batch& batch) override;
  absl::StatusOr<Text> Totals(troupe::WorkerContext& cx, const Page& page) override;

 private:
  WordTable table_;
  std::vector<char> buffer_;
  std::string totals_;  // The table as text, once requested.
  bool asked_ = false;
};

}  // namespace wordcount

#endif  // TROUPE_EXAMPLES_WORDCOUNT_COUNTER_WORKER_H_
