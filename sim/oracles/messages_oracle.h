#ifndef TROUPE_SIM_ORACLES_MESSAGES_ORACLE_H_
#define TROUPE_SIM_ORACLES_MESSAGES_ORACLE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <tuple>
#include <utility>

#include "troupe/actors/any_ref.h"
#include "troupe/sim/sim_run.h"

namespace troupe {

// What is promised of one-way messages: each is handled at most once, by its receiver, and in the
// order of its sender, receiver and lane; what was refused is not handled; what was accepted is
// handled or lost, and a sender is told of each loss. Parties are numbers of the test's: a sender
// is one life of an actor, a receiver an actor over all of its lives.
//
// Thread: the simulation's.
class MessagesOracle {
 public:
  struct Counts {
    uint64_t accepted = 0;
    uint64_t handled = 0;
    uint64_t gone = 0;  // Refused with kGone.
  };

  explicit MessagesOracle(SimRun& run, bool in_order = true) : run_(run), in_order_(in_order) {}
  MessagesOracle(const MessagesOracle&) = delete;
  MessagesOracle& operator=(const MessagesOracle&) = delete;

  // Returns the number that the next message carries.
  uint64_t New(uint64_t sender, uint64_t receiver, uint64_t lane = 0);
  // `final`: a later refusal would not be told, since there is none.
  void Sent(uint64_t message, SendResult result, bool final);
  void Handled(uint64_t message, uint64_t receiver);
  // The sender got an Undelivered; `message` is its tag, 0 if it has none.
  void Undelivered(uint64_t sender, uint64_t receiver, uint64_t message = 0);

  Counts counts() const;
  // Where a loss may be told that was none: a session has ended, and nobody knows.
  enum class Told : uint8_t { kExactly, kAtLeast };
  // At the end: every loss that is not final was told to its sender, if `hears` says that it could
  // hear it.
  void JudgeLosses(const std::function<bool(uint64_t sender)>& hears, Told told) const;

 private:
  struct Message {
    uint64_t sender;
    uint64_t receiver;
    uint64_t lane;
    SendResult result = SendResult::kGone;
    bool final = true;
    bool handled = false;
    int told = 0;  // That it is lost, by its tag.
  };
  using Pair = std::pair<uint64_t, uint64_t>;  // Sender and receiver.

  SimRun& run_;
  const bool in_order_;
  uint64_t last_ = 0;
  std::map<uint64_t, Message> messages_;
  std::map<std::tuple<uint64_t, uint64_t, uint64_t>, uint64_t> last_handled_;
  std::map<Pair, int64_t> undelivered_;
};

}  // namespace troupe

#endif  // TROUPE_SIM_ORACLES_MESSAGES_ORACLE_H_
