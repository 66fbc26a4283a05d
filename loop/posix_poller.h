#ifndef TROUPE_LOOP_POSIX_POLLER_H_
#define TROUPE_LOOP_POSIX_POLLER_H_

#include <cstddef>
#include <cstdint>

#include "troupe/loop/poller.h"

namespace troupe {

class DeferredCalls;

// One call that an object owes itself at the next Poll(): what fails at once is told later, and
// that needs neither a descriptor nor memory.
//
// Lifetime: embedded in that object; destroying it takes the call back.
class DeferredCall {
 public:
  DeferredCall() = default;
  DeferredCall(const DeferredCall&) = delete;
  DeferredCall& operator=(const DeferredCall&) = delete;

 protected:
  inline ~DeferredCall();
  // Once per Add(); may destroy this.
  virtual void OnDeferred() = 0;

 private:
  friend class DeferredCalls;

  DeferredCalls* list_ = nullptr;  // While pending.
  DeferredCall* next_ = nullptr;
  DeferredCall* prev_ = nullptr;
  uint64_t round_ = 0;
};

// The calls that one poller owes, in the order they were added.
//
// Thread: shard-affine.
class DeferredCalls {
 public:
  bool empty() const { return first_ == nullptr; }

  // Ignored when `call` is pending.
  inline void Add(DeferredCall& call);
  inline void Remove(DeferredCall& call);

  // Makes the calls pending now, not those added meanwhile. Returns their number.
  inline size_t Run();

 private:
  DeferredCall* first_ = nullptr;
  DeferredCall* last_ = nullptr;
  uint64_t round_ = 0;
};

// What the operating system's implementation asks of its pollers beyond Poller: PosixPlatform
// makes no other kind, so that it may cast the pollers it is handed.
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
