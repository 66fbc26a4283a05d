#ifndef TROUPE_ACTORS_FRAME_MEMORY_H_
#define TROUPE_ACTORS_FRAME_MEMORY_H_

#include <cstddef>

namespace troupe::internal {

// Memory of coroutine frames: the current shard's recycled blocks, or the heap on other threads.
//
// Thread: any; a frame is freed on the thread that made it.
void* AllocateFrame(size_t bytes);
void FreeFrame(void* frame, size_t bytes);

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_FRAME_MEMORY_H_
