#ifndef TROUPE_SIM_ORACLES_STREAMS_ORACLE_H_
#define TROUPE_SIM_ORACLES_STREAMS_ORACLE_H_

#include <cstdint>
#include <functional>
#include <map>

#include "absl/status/status.h"
#include "troupe/sim/sim_run.h"

namespace troupe {

// What is promised of streams: the reader gets a prefix of what was written, in order; all of it if
// the stream ended well; and an end in any case. The items of a stream are numbered from 0.
//
// Thread: the simulation's.
class StreamsOracle {
 public:
  explicit StreamsOracle(SimRun& run) : run_(run) {}
  StreamsOracle(const StreamsOracle&) = delete;
  StreamsOracle& operator=(const StreamsOracle&) = delete;

  // Returns the stream's number. `reader` is one life of an actor.
  uint64_t New(uint64_t reader);
  // Returns the number of the item that is about to be written.
  uint64_t Writes(uint64_t stream) { return streams_.at(stream).written++; }
  void Read(uint64_t stream, uint64_t item);
  // The reader has seen its end.
  void Ended(uint64_t stream, const absl::Status& status);
  // The reader gave it up.
  void Dropped(uint64_t stream) { streams_.at(stream).over = true; }

  // At the end: the streams of the readers that `lives` says are alive have ended.
  void Judge(const std::function<bool(uint64_t reader)>& lives) const;

 private:
  struct Stream {
    uint64_t reader;
    uint64_t written = 0;
    uint64_t read = 0;
    bool over = false;
  };

  SimRun& run_;
  std::map<uint64_t, Stream> streams_;
};

}  // namespace troupe

#endif  // TROUPE_SIM_ORACLES_STREAMS_ORACLE_H_
