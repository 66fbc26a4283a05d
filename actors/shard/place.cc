#include "troupe/actors/shard/place.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "troupe/actors/runtime/runtime.h"
#include "troupe/actors/shard/shard.h"
#include "troupe/base/check.h"
#include "troupe/base/mutex.h"
#include "troupe/base/text.h"
#include "troupe/loop/process_id.h"

namespace troupe::internal {
namespace {

constinit thread_local const Runtime* worker_of = nullptr;

// The systems of the process that have begun and not ended. Only threads that are no shard's ask.
struct LiveSystems {
  Mutex mutex;
  std::vector<const System*> systems ABSL_GUARDED_BY(mutex);
};

LiveSystems& Live() {
  static LiveSystems* const live = new LiveSystems;
  return *live;
}

[[noreturn]] void Misplaced(std::string_view call, std::string_view why) {
  Shard* const shard = Shard::Current();
  const std::string where = shard != nullptr ? Describe(shard->running()) : "";
  CheckFailed(__FILE__, __LINE__, "the call is made where it may be",
              absl::StrCat(AbslView(call), ": ", AbslView(why),
                           where.empty() ? "" : absl::StrCat(" (", where, ")")));
}

}  // namespace

Shard& ShardHere(std::string_view call) {
  Shard* const shard = Shard::Current();
  if (shard == nullptr) {
    Misplaced(call,
              "only a handler may do this, on its own shard; on a worker or another thread use "
              "Send() or Wait(), or message an actor that does it");
  }
  return *shard;
}

void CheckIsHere(bool is_here, std::string_view call) {
  if (is_here) return;
  Misplaced(call,
            "what an actor has begun belongs to that actor: only its own handlers, on its shard's "
            "thread, may await it, write to it or drop it");
}

void CheckMayBlock(const Runtime& runtime, std::string_view call) {
  if (ProcessId() != runtime.process_id()) {
    Misplaced(call,
              "this is a forked child, which has none of the System's threads: leave it by "
              "exec or _exit()");
  }
  if (Shard::Current() == nullptr) return;
  Misplaced(call,
            "it would block a shard, in whose handler this is: co_await instead, or ask the "
            "System to end by Shutdown() and let main() do this");
}

void CheckMayEnd(const Runtime& runtime, std::string_view call) {
  CheckMayBlock(runtime, call);
  if (worker_of != &runtime) return;
  Misplaced(call,
            "it would wait for the worker that this thread is: ask for the end by Shutdown() "
            "and let main() do this");
}

void CheckLives(const System* system, std::string_view call) {
  LiveSystems& live = Live();
  {
    MutexLock lock(live.mutex);
    if (std::find(live.systems.begin(), live.systems.end(), system) != live.systems.end()) return;
  }
  Misplaced(call, "the handle's System has ended: handles are not used after it");
}

void NoteBegun(const System* system) {
  MutexLock lock(Live().mutex);
  Live().systems.push_back(system);
}

void NoteEnded(const System* system) {
  MutexLock lock(Live().mutex);
  std::erase(Live().systems, system);
}

WorkerPlace::WorkerPlace(const Runtime& runtime) : before_(std::exchange(worker_of, &runtime)) {}
WorkerPlace::~WorkerPlace() { worker_of = before_; }

void CheckAtExit() {
  static const bool registered = [] {
    return std::atexit([] {
             if (Shard::Current() != nullptr) {
               Misplaced("exit()",
                         "it would wait for the handler that calls it: call Shutdown() "
                         "of the System and return from main()");
             }
           }) == 0;
  }();
  static_cast<void>(registered);
}

}  // namespace troupe::internal
