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
#include "troupe/actors/memory/block_pool.h"
#include "troupe/actors/shard/shard.h"

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

class Instance;

// What all instances of one kind share: a table in place of virtual functions, since it has values
// as well, and each of a million actors keeps one pointer to it.
struct InstanceType {
  const ActorInfo* info = nullptr;
  // Requires that no object exists. Throws what the constructor throws.
  Actor* (*create)(Instance& instance) = nullptr;
  // Requires that one exists.
  void (*destroy)(Instance& instance) = nullptr;
  // Frees the instance. Requires that no object exists.
  void (*dispose)(Instance& instance) = nullptr;
  // Worker fronts only: once, before the first create(), on whatever thread spawns. An error
  // refuses the spawn.
  absl::Status (*prepare)(Instance& instance) = nullptr;
  bool restartable = false;
};

// One actor's object and what it is made from, again after a failure. Whether the object exists is
// known to whoever keeps what Create() returned.
//
// Lifetime: its memory is its shard's if it was made for that shard on that shard, else the
//           heap's; Dispose() frees it on the shard, or once all shards have ended.
class Instance {
 public:
  explicit Instance(const InstanceType* type) : type_(type) {}
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  absl::Status Prepare() { return is_worker_front() ? type_->prepare(*this) : absl::OkStatus(); }
  Actor* Create() { return type_->create(*this); }
  void Destroy() { type_->destroy(*this); }
  void Dispose() { type_->dispose(*this); }

  const ActorInfo& info() const { return *type_->info; }
  bool is_worker_front() const { return type_->prepare != nullptr; }
  bool restartable() const { return type_->restartable; }

 protected:
  ~Instance() = default;

 private:
  const InstanceType* const type_;
};

struct DisposeInstance {
  void operator()(Instance* instance) const { instance->Dispose(); }
};
using InstancePtr = std::unique_ptr<Instance, DisposeInstance>;

// Memory for an instance, until it is released: of a shard's pool or of the heap.
template <size_t kBytes, size_t kAlignment, bool kPooled>
class InstanceMemory {
 public:
  InstanceMemory() {
    if constexpr (kPooled) {
      place_ = Shard::Current()->blocks().Allocate(kBytes);
    } else {
      place_ = ::operator new (kBytes, std::align_val_t{kAlignment});
    }
  }
  ~InstanceMemory() {
    if (place_ != nullptr) Free(place_);
  }
  InstanceMemory(const InstanceMemory&) = delete;
  InstanceMemory& operator=(const InstanceMemory&) = delete;

  void* place() const { return place_; }
  void Release() { place_ = nullptr; }

  static void Free(void* place) {
    if constexpr (!kPooled) {
      ::operator delete (place, std::align_val_t{kAlignment});
    } else if (Shard* const shard = Shard::Current()) {
      shard->blocks().Free(place, BlockPool::ClassOf(kBytes));
    }  // Once all shards have ended, their memory is freed as a whole.
  }

 private:
  void* place_;
};

// Keeps the constructor's arguments, copying them into each life; Once moves them into the only
// one.
template <typename A, bool kOnce, typename... Args>
class InstanceOf final : public Instance {
 public:
  static constexpr bool kRestartable = !kOnce;

  template <typename... Given>
  explicit InstanceOf(const InstanceType* type, Given&&... arguments)
      : Instance(type), arguments_(std::forward<Given>(arguments)...) {}

  static Actor* Create(Instance& instance) {
    auto& self = static_cast<InstanceOf&>(instance);
    return std::apply(
        [&self](auto&... arguments) -> A* {
          if constexpr (kOnce) {
            return new (self.storage_) A(std::move(arguments)...);
          } else {
            return new (self.storage_) A(std::as_const(arguments)...);
          }
        },
        self.arguments_);
  }

  static void Destroy(Instance& instance) {
    std::launder(reinterpret_cast<A*>(static_cast<InstanceOf&>(instance).storage_))->~A();
  }

  template <typename Memory>
  static void Dispose(Instance& instance) {
    auto* const self = static_cast<InstanceOf*>(&instance);
    self->~InstanceOf();
    Memory::Free(self);
  }

 private:
  ~InstanceOf() = default;

  [[no_unique_address]] std::tuple<Args...> arguments_;
  alignas(A) unsigned char storage_[sizeof(A)];
};

}  // namespace internal
}  // namespace troupe

#endif  // TROUPE_ACTORS_TYPING_INSTANCE_H_
