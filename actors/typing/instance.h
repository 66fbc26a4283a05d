#ifndef TROUPE_ACTORS_TYPING_INSTANCE_H_
#define TROUPE_ACTORS_TYPING_INSTANCE_H_

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
class Instance {
 public:
  Instance(const ActorInfo* info, bool restartable) : info_(info), restartable_(restartable) {}
  virtual ~Instance() = default;
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  // Once, before the first Create(), on whatever thread spawns. An error refuses the spawn.
  virtual absl::Status Prepare() { return absl::OkStatus(); }
  // Requires that none exists. Throws what the constructor throws.
  virtual Actor* Create() = 0;
  virtual void Destroy() = 0;
  virtual bool is_worker_front() const { return false; }

  const ActorInfo& info() const { return *info_; }
  bool restartable() const { return restartable_; }

 private:
  const ActorInfo* const info_;
  const bool restartable_;
};

// Keeps the constructor's arguments, copying them into each life; Once moves them into the only
// one.
template <typename A, bool kOnce, typename... Args>
class InstanceOf final : public Instance {
 public:
  template <typename... Given>
  explicit InstanceOf(const ActorInfo* info, Given&&... arguments)
      : Instance(info, !kOnce), arguments_(std::forward<Given>(arguments)...) {}
  ~InstanceOf() override { InstanceOf::Destroy(); }

  Actor* Create() override {
    object_ = std::apply(
        [this](auto&... arguments) {
          if constexpr (kOnce) {
            return new (storage_) A(std::move(arguments)...);
          } else {
            return new (storage_) A(std::as_const(arguments)...);
          }
        },
        arguments_);
    return object_;
  }

  void Destroy() override {
    if (A* const object = std::exchange(object_, nullptr)) object->~A();
  }

 private:
  [[no_unique_address]] std::tuple<Args...> arguments_;
  A* object_ = nullptr;
  alignas(A) unsigned char storage_[sizeof(A)];
};

// What a spawn carries to the actor's own shard besides the instance.
struct SpawnRequest {
  SpawnOptions options;
  AnyRef parent = {};  // Empty for an actor spawned from outside.
  bool name_claimed = false;
};

}  // namespace internal
}  // namespace troupe

#endif  // TROUPE_ACTORS_TYPING_INSTANCE_H_
