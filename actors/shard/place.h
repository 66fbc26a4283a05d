#ifndef TROUPE_ACTORS_SHARD_PLACE_H_
#define TROUPE_ACTORS_SHARD_PLACE_H_

#include <string_view>

namespace troupe {

class System;

namespace internal {

class Runtime;
class Shard;

// Where a public call may be made. A call in the wrong place ends the process with a sentence that
// says what to do instead: it could only hang or read what is not there.

// The shard whose handler makes `call`. A CHECK on any other thread.
Shard& ShardHere(std::string_view call);

// `call` concerns what an actor has begun: a CHECK unless `is_here`, on that actor's shard.
void CheckIsHere(bool is_here, std::string_view call);

// `call` blocks its thread: a CHECK on a shard, and in a child that was forked.
void CheckMayBlock(const Runtime& runtime, std::string_view call);
// The same, and a CHECK on a thread that `runtime` waits for.
void CheckMayEnd(const Runtime& runtime, std::string_view call);

// `system` is that of a handle: a CHECK once it has ended.
// Thread: any.
void CheckLives(const System* system, std::string_view call);
void NoteBegun(const System* system);
void NoteEnded(const System* system);

// Marks this thread as one that does work for `runtime`.
class WorkerPlace {
 public:
  explicit WorkerPlace(const Runtime& runtime);
  ~WorkerPlace();
  WorkerPlace(const WorkerPlace&) = delete;
  WorkerPlace& operator=(const WorkerPlace&) = delete;

 private:
  const Runtime* const before_;
};

// exit() inside a handler would wait for that handler.
void CheckAtExit();

}  // namespace internal
}  // namespace troupe

#endif  // TROUPE_ACTORS_SHARD_PLACE_H_
