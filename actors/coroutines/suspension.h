#ifndef TROUPE_ACTORS_COROUTINES_SUSPENSION_H_
#define TROUPE_ACTORS_COROUTINES_SUSPENSION_H_

#include <cstdint>

namespace troupe::internal {

class CoroutineFrame;
struct SuspensionList;

// One await of a coroutine, as the runtime sees it.
//
// Thread:   shard-affine.
// Lifetime: in the awaiting coroutine's frame, which its frame() is from the suspension on.
class Suspension {
 public:
  Suspension() = default;
  Suspension(const Suspension&) = delete;
  Suspension& operator=(const Suspension&) = delete;

  CoroutineFrame* frame() const { return frame_; }
  // Waits for what it awaits, or for its turn to be resumed.
  bool suspended() const { return list_ != nullptr; }

  // Makes the outcome CANCELLED. The caller resumes the coroutine, or has another reason not to:
  // returns false where the wait cannot be cut short.
  virtual bool Cancel() = 0;
  // Nobody will resume the coroutine, though its frame stays for now: leaves what it waits at, as
  // the destructor does.
  virtual void StopWaiting() {}
  // The coroutine's turn has come. False if the actor is held instead, until it has room: then it
  // is asked again.
  virtual bool MayResume() { return true; }

 protected:
  // Leaves whatever list it is in: a frame that is destroyed is resumed no more.
  virtual ~Suspension();

 private:
  friend class Activations;
  friend class CoroutineFrame;
  friend struct SuspensionList;

  CoroutineFrame* frame_ = nullptr;
  SuspensionList* list_ = nullptr;
  Suspension* next_ = nullptr;
  Suspension* prev_ = nullptr;
};

// Suspensions, oldest first.
struct SuspensionList {
  Suspension* head = nullptr;
  Suspension* tail = nullptr;
  uint32_t count = 0;

  bool empty() const { return head == nullptr; }
  void Push(Suspension& suspension) {
    ++count;
    suspension.list_ = this;
    suspension.next_ = nullptr;
    suspension.prev_ = tail;
    (tail != nullptr ? tail->next_ : head) = &suspension;
    tail = &suspension;
  }
  void Remove(Suspension& suspension) {
    --count;
    (suspension.next_ != nullptr ? suspension.next_->prev_ : tail) = suspension.prev_;
    (suspension.prev_ != nullptr ? suspension.prev_->next_ : head) = suspension.next_;
    suspension.list_ = nullptr;
  }
};

// Implementation details follow.

inline Suspension::~Suspension() {
  if (list_ != nullptr) list_->Remove(*this);
}

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_COROUTINES_SUSPENSION_H_
