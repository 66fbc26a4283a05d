#ifndef TROUPE_ACTORS_ENVELOPES_UNFILLED_H_
#define TROUPE_ACTORS_ENVELOPES_UNFILLED_H_

namespace troupe::internal {

struct Envelope;

// Recycles an envelope whose payload's constructor throws. `Pool` is the shard.
template <typename Pool>
class Unfilled {
 public:
  Unfilled(Pool& pool, Envelope* envelope) : pool_(pool), envelope_(envelope) {}
  ~Unfilled() {
    if (envelope_ != nullptr) pool_.Recycle(envelope_);
  }
  Unfilled(const Unfilled&) = delete;
  Unfilled& operator=(const Unfilled&) = delete;

  void Filled() { envelope_ = nullptr; }

 private:
  Pool& pool_;
  Envelope* envelope_;
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_ENVELOPES_UNFILLED_H_
