#ifndef TROUPE_LOOP_CORE_PIN_H_
#define TROUPE_LOOP_CORE_PIN_H_

#include <sched.h>

#include <optional>

namespace troupe {

// The cores that the calling thread has of its own, whether or not Troupe has pinned it since.
// None on a machine with more cores than the set has room for.
//
// Thread: any.
std::optional<cpu_set_t> OwnCores();

// As many as OwnCores() has, at least 1.
int UsableCores();

// Whether a thread of this process is pinned.
bool AnyCorePinned();

// One core for one thread: of those usable, one that the fewest threads of this process are
// pinned to, so that two do not share a core while another is free.
//
// Thread: any; Apply() the thread that is to be pinned.
class CorePin {
 public:
  // Pins nothing.
  CorePin() = default;
  // For a thread that the calling one starts.
  static CorePin Take();

  CorePin(CorePin&& other) noexcept;
  CorePin& operator=(CorePin&& other) = delete;
  ~CorePin();

  // Without a core, or when the kernel refuses, the thread runs unpinned.
  void Apply() const;

 private:
  explicit CorePin(int core) : core_(core) {}

  int core_ = kNone;

  static constexpr int kNone = -1;
  static constexpr int kNoCoreLeft = -2;
};

}  // namespace troupe

#endif  // TROUPE_LOOP_CORE_PIN_H_
