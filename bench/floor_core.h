#ifndef TROUPE_BENCH_FLOOR_CORE_H_
#define TROUPE_BENCH_FLOOR_CORE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>
#include <vector>

namespace troupe::bench {

// Objects of one size, recycled.
//
// Lifetime: the memory goes with the pool; no destructor runs but through Delete().
template <typename T>
class FloorPool {
 public:
  template <typename... Args>
  T* New(Args&&... args) {
    return new (Take()) T(std::forward<Args>(args)...);
  }

  void Delete(T* object) {
    object->~T();
    free_ = new (object) Free{free_};
  }

 private:
  static constexpr size_t kSlabObjects = 4096;

  struct Free {
    Free* next;
  };
  union Place {
    Free free;
    alignas(T) std::byte object[sizeof(T)];
  };

  void* Take() {
    if (free_ != nullptr) return std::exchange(free_, free_->next);
    if (unused_ == 0) {
      slabs_.push_back(std::unique_ptr<Place[]>(new Place[kSlabObjects]));
      unused_ = kSlabObjects;
    }
    return &slabs_.back()[kSlabObjects - unused_--];
  }

  Free* free_ = nullptr;
  size_t unused_ = 0;
  std::vector<std::unique_ptr<Place[]>> slabs_;
};

class FloorActor;

struct FloorMessage {
  FloorMessage* next;
  int64_t value;
  FloorActor* from;
};

// What an actor is at least: a mailbox and a place in the run queue.
class FloorActor {
 public:
  virtual ~FloorActor() = default;

  // False when the actor has deleted itself.
  virtual bool On(const FloorMessage& message) = 0;

 private:
  friend class FloorCore;

  FloorMessage* first_ = nullptr;
  FloorMessage* last_ = nullptr;
  FloorActor* run_next_ = nullptr;
  bool queued_ = false;
};

// The least that runs actors on one thread: no types, limits, failures, deadlines, other threads
// or I/O. What Troupe's figures are measured against.
class FloorCore {
 public:
  enum class Order { kOldestFirst, kNewestFirst };

  explicit FloorCore(Order order = Order::kOldestFirst) : order_(order) {}

  void Send(FloorActor& to, int64_t value, FloorActor* from = nullptr) {
    FloorMessage* const message = messages_.New(FloorMessage{nullptr, value, from});
    (to.last_ != nullptr ? to.last_->next : to.first_) = message;
    to.last_ = message;
    MakeRunnable(to);
  }

  // Until Stop(), or until nobody has a message.
  void Run() {
    stopped_ = false;
    while (!stopped_ && run_first_ != nullptr) RunActor(TakeRunnable());
  }

  void Stop() { stopped_ = true; }

 private:
  static constexpr int kMessagesPerVisit = 64;

  void MakeRunnable(FloorActor& actor) {
    if (actor.queued_) return;
    actor.queued_ = true;
    if (order_ == Order::kNewestFirst) {
      actor.run_next_ = std::exchange(run_first_, &actor);
      return;
    }
    actor.run_next_ = nullptr;
    (run_last_ != nullptr ? run_last_->run_next_ : run_first_) = &actor;
    run_last_ = &actor;
  }

  FloorActor& TakeRunnable() {
    FloorActor& actor = *std::exchange(run_first_, run_first_->run_next_);
    if (run_first_ == nullptr) run_last_ = nullptr;
    actor.queued_ = false;
    return actor;
  }

  void RunActor(FloorActor& actor) {
    int left = kMessagesPerVisit;
    while (FloorMessage* const message = actor.first_) {
      if (left-- == 0) {
        MakeRunnable(actor);
        return;
      }
      actor.first_ = message->next;
      if (actor.first_ == nullptr) actor.last_ = nullptr;
      const bool alive = actor.On(*message);
      messages_.Delete(message);
      if (!alive) return;
    }
  }

  const Order order_;
  bool stopped_ = false;
  FloorActor* run_first_ = nullptr;
  FloorActor* run_last_ = nullptr;
  FloorPool<FloorMessage> messages_;
};

}  // namespace troupe::bench

#endif  // TROUPE_BENCH_FLOOR_CORE_H_
