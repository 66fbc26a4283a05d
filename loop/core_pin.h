#ifndef TROUPE_LOOP_CORE_PIN_H_
#define TROUPE_LOOP_CORE_PIN_H_

#include <sched.h>

#include <optional>

namespace troupe {

// Returns the calling thread's own cores, disregarding what Troupe has pinned it to; none on a
// machine with more cores than the set can hold.
//
// Thread: any.
std::optional<cpu_set_t> OwnCores();

// Returns the number of OwnCores(), at least 1.
int UsableCores();

// Returns whether a thread of this process is pinned.
bool AnyCorePinned();

// Reserves a core for one thread: of the usable ones, one with the fewest pinned threads of this
// process, so that two do not share a core while another is free.
//
// Thread: any; Apply() the thread to be pinned.
class CorePin {
 public:
  // Pins nothing.
  CorePin() = default;
  // Takes a core for a thread that the calling one will start.
  static CorePin Take();

  CorePin(CorePin&& other) noexcept;
  CorePin& operator=(CorePin&& other) = delete;
  ~CorePin();

  // Pins the calling thread. Without a core, or if the kernel refuses, the thread runs unpinned.
  void Apply() const;

 private:
  explicit CorePin(int core) : core_(core) {}

  int core_ = kNone;

  static constexpr int kNone = -1;
  static constexpr int kNoCoreLeft = -2;
};

}  // namespace troupe

#endif  // TROUPE_LOOP_CORE_PIN_H_
