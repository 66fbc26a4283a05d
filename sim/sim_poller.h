#ifndef TROUPE_SIM_SIM_POLLER_H_
#define TROUPE_SIM_SIM_POLLER_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "troupe/loop/poller.h"
#include "troupe/sim/sim_host.h"
#include "troupe/sim/sim_scheduler.h"

namespace troupe {

class EpollPoller;
class SimPoller;

// An event source: a stream, a listener, signals, a child, a watched descriptor.
//
// Lifetime: ends before its poller.
class SimSource {
 public:
  explicit SimSource(SimPoller& poller);
  SimSource(const SimSource&) = delete;
  SimSource& operator=(const SimSource&) = delete;

 protected:
  ~SimSource();
  // Sets readiness, level-triggered: while ready, OnReady() is called once in each Poll().
  void SetReady(bool ready);

 private:
  friend class SimPoller;

  // May destroy this or any other source.
  virtual void OnReady() = 0;
  // Called instead if this Poll()'s batch is full.
  virtual void OnPutOff() {}

  SimPoller& poller_;
  const uint64_t id_;
};

// A Poller in virtual time. In a shard's turn, a Poll() that finds nothing returns at once, and the
// shard's task sleeps until the deadline, Wake() or a ready source; on the test's own thread, it
// drives the simulation.
//
// Descriptors are real ones, whose other ends only this process uses. The kernel keeps what is
// registered, as for an EpollPoller, and is asked in each Poll() and between the steps; the seed
// decides the order of delivery.
class SimPoller final : public Poller, private FdHandler {
 public:
  SimPoller(SimScheduler& scheduler, SimHost& host, size_t watches_max);
  ~SimPoller() override;

  absl::StatusOr<WatchId> Add(int fd, uint32_t events, FdHandler* handler) override;
  absl::Status Modify(WatchId id, uint32_t events) override;
  void Remove(WatchId id) override;
  size_t Poll(Instant now, Instant deadline) override;
  void Wake() override;
  size_t watch_count() const override { return watches_.size(); }

  SimScheduler& scheduler() { return scheduler_; }
  SimHost& host() { return host_; }

 private:
  friend class SimSource;
  class Watch;

  uint64_t Register(SimSource& source);
  void Unregister(uint64_t id);
  void SetReady(uint64_t id, bool ready);
  void WakeSleeper();
  void OnFdReady(uint32_t) override;
  void LookNoMore();
  void Collect();
  size_t Deliver();

  SimScheduler& scheduler_;
  SimHost& host_;
  const size_t watches_max_;
  std::map<uint64_t, SimSource*> sources_;
  std::set<uint64_t> ready_;
  uint64_t last_id_ = 0;
  bool woken_ = false;
  SimTask* sleeper_ = nullptr;

  std::unique_ptr<EpollPoller> kernel_;  // From the first watch on.
  std::map<WatchId, std::unique_ptr<Watch>> watches_;
  WatchId look_;  // Between the steps, while anything is watched.
};

}  // namespace troupe

#endif  // TROUPE_SIM_SIM_POLLER_H_
