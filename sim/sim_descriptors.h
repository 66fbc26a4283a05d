#ifndef TROUPE_SIM_SIM_DESCRIPTORS_H_
#define TROUPE_SIM_SIM_DESCRIPTORS_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "troupe/loop/poller.h"

namespace troupe {

// The real descriptors of a simulation. This process alone holds their other ends, and one thread
// plays all: the kernel is memory, and what it says depends on nothing but the run.
//
// Thread: the simulation's.
class SimDescriptors {
 public:
  SimDescriptors();
  ~SimDescriptors();
  SimDescriptors(const SimDescriptors&) = delete;
  SimDescriptors& operator=(const SimDescriptors&) = delete;

  // As Poller's. The handler runs inside Look(), between two steps.
  absl::StatusOr<WatchId> Add(int fd, uint32_t events, FdHandler* handler);
  void Remove(WatchId id);

  // Calls the handlers of those that are ready. Makes one system call for all of them, which does
  // not wait, and none if nothing is watched.
  void Look() {
    if (count_ > 0) Deliver();
  }

 private:
  void Deliver();

  std::unique_ptr<Poller> poller_;  // Once there is something to watch.
  size_t count_ = 0;
};

}  // namespace troupe

#endif  // TROUPE_SIM_SIM_DESCRIPTORS_H_
