#ifndef TROUPE_LOOP_POSIX_POLLER_H_
#define TROUPE_LOOP_POSIX_POLLER_H_

#include <cstddef>
#include <cstdint>

#include "troupe/loop/poller.h"

namespace troupe {

class DeferredCalls;

// A call that an object defers to the next Poll(), so that an immediate failure is reported later.
// It needs neither a descriptor nor memory.
//
// Lifetime: embedded in that object; its destruction withdraws the call.
class DeferredCall {
 public:
  DeferredCall() = default;
  DeferredCall(const DeferredCall&) = delete;
  DeferredCall& operator=(const DeferredCall&) = delete;

 protected:
  inline ~DeferredCall();
  // Called once per Add(); may destroy this.
  virtual void OnDeferred() = 0;

 private:
  friend class DeferredCalls;

  DeferredCalls* list_ = nullptr;  // While pending.
  DeferredCall* next_ = nullptr;
  DeferredCall* prev_ = nullptr;
  uint64_t round_ = 0;
};

// The deferred calls of one poller, in the order in which they were added.
//
// Thread: shard-affine.
class DeferredCalls {
 public:
  bool empty() const { return first_ == nullptr; }

  // Does nothing if `call` is pending.
  inline void Add(DeferredCall& call);
  inline void Remove(DeferredCall& call);

  // Makes the calls pending now, not those added meanwhile, and returns their number.
  inline size_t Run();

 private:
  DeferredCall* first_ = nullptr;
  DeferredCall* last_ = nullptr;
  uint64_t round_ = 0;
};

// A Poller with what the operating system's implementation needs beyond it. PosixPlatform makes no
// other kind, so it may cast the pollers it is given.
class PosixPoller : public Poller {
 public:
  // Makes `call` in the next Poll(), which then does not wait.
  void Defer(DeferredCall& call) { deferred_.Add(call); }

 protected:
  DeferredCalls deferred_;
};

// Implementation details follow.

DeferredCall::~DeferredCall() {
  if (list_ != nullptr) list_->Remove(*this);
}

void DeferredCalls::Add(DeferredCall& call) {
  if (call.list_ != nullptr) return;
  call.list_ = this;
  call.round_ = round_;
  call.next_ = nullptr;
  call.prev_ = last_;
  (last_ != nullptr ? last_->next_ : first_) = &call;
  last_ = &call;
}

void DeferredCalls::Remove(DeferredCall& call) {
  (call.prev_ != nullptr ? call.prev_->next_ : first_) = call.next_;
  (call.next_ != nullptr ? call.next_->prev_ : last_) = call.prev_;
  call.list_ = nullptr;
}

size_t DeferredCalls::Run() {
  ++round_;
  size_t count = 0;
  while (first_ != nullptr && first_->round_ < round_) {
    DeferredCall& call = *first_;
    Remove(call);
    call.OnDeferred();
    ++count;
  }
  return count;
}

}  // namespace troupe

#endif  // TROUPE_LOOP_POSIX_POLLER_H_
