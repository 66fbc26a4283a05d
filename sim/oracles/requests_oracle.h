#ifndef TROUPE_SIM_ORACLES_REQUESTS_ORACLE_H_
#define TROUPE_SIM_ORACLES_REQUESTS_ORACLE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "troupe/sim/sim_run.h"

namespace troupe {

// What is promised of requests: each is handled at most once and has one outcome, and what that
// says of how far it got is true.
//
// Thread: the simulation's.
class RequestsOracle {
 public:
  explicit RequestsOracle(SimRun& run) : run_(run) {}
  RequestsOracle(const RequestsOracle&) = delete;
  RequestsOracle& operator=(const RequestsOracle&) = delete;

  // Returns the number that the next request carries. `asker` is one life of an actor.
  uint64_t New(uint64_t asker);
  // Its handler began.
  void Ran(uint64_t request);
  void Outcome(uint64_t request, const absl::Status& status);
  // Its asker gave it up: there is no outcome.
  void Dropped(uint64_t request);

  // At the end: the requests of the askers that `lives` says are alive have an outcome each.
  void Judge(const std::function<bool(uint64_t asker)>& lives) const;

  uint64_t count() const { return requests_.size(); }

 private:
  struct Request {
    uint64_t asker = 0;
    int ran = 0;
    bool dropped = false;
    std::optional<absl::Status> outcome;
  };

  // Says that it is wrong if nobody made it; then null.
  Request* Find(uint64_t number, std::string_view what);
  void JudgeCertainty(uint64_t number, const Request& request) const;

  SimRun& run_;
  std::map<uint64_t, Request> requests_;
};

}  // namespace troupe

#endif  // TROUPE_SIM_ORACLES_REQUESTS_ORACLE_H_
