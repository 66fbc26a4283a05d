#ifndef TROUPE_ACTORS_TYPING_INSTANCE_H_
#define TROUPE_ACTORS_TYPING_INSTANCE_H_

#include <cstddef>
#include <memory>
#include <new>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "troupe/actors/any_ref.h"
#include "troupe/actors/spawn_options.h"

namespace troupe {

class Actor;

namespace internal {

struct MessageType;
struct ServiceInfo;

// What the runtime has to know of one actor class.
struct ActorInfo {
  std::string_view name;
  const ServiceInfo* service = nullptr;      // Null for a plain C++ actor.
  const MessageType* undelivered = nullptr;  // Null when it has no On(Undelivered).
  bool has_on_start = false;                 // Its own, not Actor's.
  bool has_on_stop = false;
};

// One actor's object and what it is made from, again after a failure.
//
// Lifetime: its memory is its shard's if it was made for that shard on that shard, else the
//           heap's; Dispose() frees it on the shard, or once all shards have ended.
class Instance {
 public:
  Instance(const ActorInfo* info, bool restartable, bool pooled)
      : info_(info), restartable_(restartable), pooled_(pooled) {}
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  // Once, before the first Create(), on whatever thread spawns, if it is a worker front. An error
  // refuses the spawn.
  virtual absl::Status Prepare() { return absl::OkStatus(); }
  // Requires that none exists. Throws what the constructor throws.
  virtual Actor* Create() = 0;
  virtual void Destroy() = 0;
  // Destroys this as well.
  virtual void Dispose() = 0;
  virtual bool is_worker_front() const { return false; }

  const ActorInfo& info() const { return *info_; }
  bool restartable() const { return restartable_; }

 protected:
  ~Instance() = default;
  bool pooled() const { return pooled_; }

  bool exists_ = false;  // The object, of those that need to know.

 private:
  const ActorInfo* const info_;
  const bool restartable_;
  const bool pooled_;
};

struct DisposeInstance {
  void operator()(Instance* instance) const { instance->Dispose(); }
};
using InstancePtr = std::unique_ptr<Instance, DisposeInstance>;

// Memory for an instance, until it is released: of the pool of this thread's shard for an actor of
// that shard, as `placement` says, else of the heap. A null `placement` is the heap.
class InstanceMemory {
 public:
  InstanceMemory(size_t bytes, size_t alignment, const Placement* placement);
  ~InstanceMemory() {
    if (place_ != nullptr) Free(place_, bytes_, alignment_, pooled_);
  }
  InstanceMemory(const InstanceMemory&) = delete;
  InstanceMemory& operator=(const InstanceMemory&) = delete;

  void* place() const { return place_; }
  bool pooled() const { return pooled_; }
  void Release() { place_ = nullptr; }

  static void Free(void* place, size_t bytes, size_t alignment, bool pooled);

 private:
  const size_t bytes_;
  const size_t alignment_;
  void* place_;
  bool pooled_;
};

// Keeps the constructor's arguments, copying them into each life; Once moves them into the only
// one.
template <typename A, bool kOnce, typename... Args>
class InstanceOf final : public Instance {
 public:
  template <typename... Given>
  InstanceOf(const ActorInfo* info, bool pooled, Given&&... arguments)
      : Instance(info, !kOnce, pooled), arguments_(std::forward<Given>(arguments)...) {}

  Actor* Create() override {
    A* const object = std::apply(
        [this](auto&... arguments) {
          if constexpr (kOnce) {
            return new (storage_) A(std::move(arguments)...);
          } else {
            return new (storage_) A(std::as_const(arguments)...);
          }
        },
        arguments_);
    exists_ = true;
    return object;
  }

  void Destroy() override {
    if (std::exchange(exists_, false)) std::launder(reinterpret_cast<A*>(storage_))->~A();
  }

  void Dispose() override {
    const bool is_pooled = pooled();
    this->~InstanceOf();
    InstanceMemory::Free(this, sizeof(InstanceOf), alignof(InstanceOf), is_pooled);
  }

 private:
  ~InstanceOf() { InstanceOf::Destroy(); }

  [[no_unique_address]] std::tuple<Args...> arguments_;
  alignas(A) unsigned char storage_[sizeof(A)];
};

template <typename A, bool kOnce, typename... Args>
InstancePtr MakeInstanceOf(const ActorInfo* info, const Placement* placement, Args&&... args) {
  using Made = InstanceOf<A, kOnce, std::decay_t<Args>...>;
  InstanceMemory memory(sizeof(Made), alignof(Made), placement);
  InstancePtr instance(new (memory.place())
                           Made(info, memory.pooled(), std::forward<Args>(args)...));
  memory.Release();
  return instance;
}

}  // namespace internal
}  // namespace troupe

#endif  // TROUPE_ACTORS_TYPING_INSTANCE_H_
