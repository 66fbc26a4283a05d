#ifndef TROUPE_LOOP_POSIX_WORKERS_H_
#define TROUPE_LOOP_POSIX_WORKERS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "troupe/loop/platform.h"
#include "troupe/loop/posix_thread.h"

namespace troupe {

// A pool of threads behind one bounded queue.
//
// Lifetime: the destructor stops the pool and waits for its jobs, unless Stop() was called.
class PosixWorkers final : public WorkerThreads {
 public:
  // Errors: RESOURCE_EXHAUSTED if a thread could not be started; then none runs.
  static absl::StatusOr<std::unique_ptr<WorkerThreads>> Start(const std::string& name, int threads,
                                                              int queue_max);
  ~PosixWorkers() override;

  bool TryPost(WorkItem* item) override;
  void Close() override;
  int Stop(Instant deadline) override;

 private:
  class Pool;

  explicit PosixWorkers(int queue_max);

  // Shared with the threads, since one that is stuck in a job outlives this object.
  const std::shared_ptr<Pool> pool_;
  std::vector<PosixThread> threads_;
};

}  // namespace troupe

#endif  // TROUPE_LOOP_POSIX_WORKERS_H_
