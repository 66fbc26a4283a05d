#ifndef TROUPE_TESTS_SIM_RANDOM_PROGRAM_OUTSIDE_H_
#define TROUPE_TESTS_SIM_RANDOM_PROGRAM_OUTSIDE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "troupe/sim/sim_run.h"
#include "troupe/sim/sim_socket.h"

namespace troupe {

// The other ends of the sockets of a run: each sends some bytes and closes. Whoever lives and reads
// gets all of them, in order, and the end.
//
// Thread: the simulation's.
class Feeds {
 public:
  explicit Feeds(SimRun& run) : run_(run) {}

  // Returns the reader's descriptor, which is its own, and the number of what comes there. `reader`
  // is one life of an actor.
  std::pair<int, uint64_t> Open(uint64_t reader, std::string bytes);
  void Read(uint64_t feed, std::string_view bytes);
  // The reader has seen its end.
  void Ended(uint64_t feed);
  // The reader reads no more.
  void Closed(uint64_t feed) { feeds_[feed].over = true; }

  // At the end: those whose reader `lives` have ended.
  void Judge(const std::function<bool(uint64_t reader)>& lives) const;

 private:
  struct Feed {
    uint64_t reader = 0;
    std::string rest;
    bool over = false;
    std::unique_ptr<SimSocket> socket;
  };

  SimRun& run_;
  std::vector<Feed> feeds_;
};

// The programs of a run, each of which copies what it reads until that ends.
//
// Thread: the simulation's.
class Copiers {
 public:
  explicit Copiers(SimRun& run);

  static int ExitCodeFor(size_t bytes) { return static_cast<int>(bytes % 100); }

  // Returns its number. `parent` is one life of an actor.
  uint64_t New(uint64_t parent);
  // Its parent was told.
  void Ended(uint64_t copier);

  // At the end, long after their inputs have: those whose parent `lives` have ended.
  void Judge(const std::function<bool(uint64_t parent)>& lives) const;

 private:
  struct Copier {
    uint64_t parent = 0;
    bool over = false;
  };

  SimRun& run_;
  std::vector<Copier> copiers_;
};

}  // namespace troupe

#endif  // TROUPE_TESTS_SIM_RANDOM_PROGRAM_OUTSIDE_H_
