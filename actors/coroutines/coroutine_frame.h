#ifndef TROUPE_ACTORS_COROUTINES_COROUTINE_FRAME_H_
#define TROUPE_ACTORS_COROUTINES_COROUTINE_FRAME_H_

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <string_view>

namespace troupe::internal {

class Activation;
class Suspension;

// One coroutine of an actor, from its creation to its destruction: part of its promise.
//
// A frame belongs to the activation that ran when it was created, and is a child of the frame that
// ran then. It never changes either, wherever its Reply is moved.
//
// Thread:   the shard it was created on. On a thread that is no shard's it has no activation, and
//           may only run to its end.
// Lifetime: dies before its activation.
class CoroutineFrame {
 public:
  CoroutineFrame();
  CoroutineFrame(const CoroutineFrame&) = delete;
  CoroutineFrame& operator=(const CoroutineFrame&) = delete;

  // Memory from the shard's pool, or the heap on other threads.
  static void* operator new(size_t bytes);
  static void operator delete(void* frame, size_t bytes);

  std::suspend_never initial_suspend() noexcept { return {}; }
  struct FinalAwaiter {
    bool await_ready() noexcept { return false; }
    template <typename Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> handle) noexcept {
      return handle.promise().Finish();
    }
    void await_resume() noexcept {}
  };
  FinalAwaiter final_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept { exception_ = std::current_exception(); }

  // Null once its activation's life is over, and outside of shards.
  Activation* activation() const { return activation_; }
  std::coroutine_handle<> handle() const { return handle_; }

  // The coroutine waits at `suspension`, until Activations::Resume(). One that is cancelled
  // already is resumed in the next turn.
  void Wait(Suspension& suspension);
  // The coroutine waits at `suspension` for the next turn only: what it awaits has failed.
  void WaitForTurn(Suspension& suspension);
  // The coroutine waits for the end of another frame, which resumes it by transfer if it is of the
  // same activation.
  void WaitFor(CoroutineFrame& other, Suspension& suspension);
  // Nobody waits for its end any more.
  void ForgetWaiter() { waiter_ = nullptr; }
  bool awaited() const { return waiter_ != nullptr; }

  // A function on a worker thread uses the frame from now on; the frame cannot be destroyed.
  void BeginOffload();
  // The function has returned: frames that were dropped meanwhile, this one perhaps, are destroyed.
  void EndOffload();
  bool dropped() const { return dropped_; }

  // The owner wants the coroutine no more: destroyed now or, while it runs or is in an offload, as
  // soon as that is over.
  void Drop();

 protected:
  // A promise's destructor. Whoever awaits the frame gets CANCELLED.
  ~CoroutineFrame();

  void set_handle(std::coroutine_handle<> handle) { handle_ = handle; }
  std::exception_ptr exception_;

 private:
  friend class Activations;

  // It is not resumed any more, since the life that it belongs to is over.
  bool lost() const;
  // What it threw reaches nobody: its actor fails, if it lives.
  void NoteUntaken() const;
  // On the stack, or about to be.
  bool runs() const { return waits_at_ == nullptr && !handle_.done(); }
  // A CHECK unless this thread runs the shard that it was created on.
  void CheckHere(std::string_view call) const;
  // Whoever awaits it gets CANCELLED.
  void DisappointWaiter();
  // At the end of the coroutine: who runs next.
  std::coroutine_handle<> Finish() noexcept;
  // Leaves the running frames; the caller's goes on.
  void StopRunning(Suspension& suspension);
  void JoinParent(CoroutineFrame* parent);
  void LeaveParent();
  // Leaves its parent, and its children have none: one that was moved out of the coroutine that
  // created it outlives that.
  void LeaveFamily();

  std::coroutine_handle<> handle_;
  Activation* activation_ = nullptr;
  CoroutineFrame* parent_ = nullptr;  // The frame that created it, while that one lives.
  CoroutineFrame* caller_ = nullptr;  // While it runs: the frame that goes on when it suspends.
  Suspension* waits_at_ = nullptr;    // Null while it runs and once it is done.
  Suspension* waiter_ = nullptr;      // The await that waits for its end.
  Activation* root_of_ = nullptr;     // The activation whose handler it is.
  CoroutineFrame* next_ = nullptr;    // Of the activation's frames.
  CoroutineFrame* prev_ = nullptr;
  CoroutineFrame* first_child_ = nullptr;  // Of the living frames that it created.
  CoroutineFrame* next_sibling_ = nullptr;
  CoroutineFrame* prev_sibling_ = nullptr;
  uint32_t offloads_ = 0;          // Of its own and of the frames it created.
  bool waiter_elsewhere_ = false;  // The waiter's activation is another one.
  bool dropped_ = false;
  bool buried_ = false;  // In the list of those that are destroyed once nothing runs.
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_COROUTINES_COROUTINE_FRAME_H_
