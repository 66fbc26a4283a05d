#ifndef TROUPE_EXAMPLES_WORDCOUNT_FEEDER_H_
#define TROUPE_EXAMPLES_WORDCOUNT_FEEDER_H_

#include <string>

#include "examples/wordcount/counter.troupe.h"
#include "troupe/examples/wordcount/messages.h"
#include "troupe/troupe.h"

namespace wordcount {

class Coordinator;

// Passes batches to one worker of one node, one at a time, and reports to the coordinator.
class Feeder final : public troupe::Actor {
 public:
  Feeder(int number, troupe::Ref<Coordinator> coordinator, troupe::Node* node, std::string url);

  troupe::Reply<void> OnStart(troupe::Context& cx) override;
  troupe::Reply<void> On(troupe::Context& cx, const Feed& feed);
  troupe::Reply<void> On(troupe::Context& cx, const Collect& collect);

 private:
  const int number_;
  const troupe::Ref<Coordinator> coordinator_;
  troupe::Node* const node_;
  const std::string url_;
  Counter::Ref counter_;
};

}  // namespace wordcount

#endif  // TROUPE_EXAMPLES_WORDCOUNT_FEEDER_H_
