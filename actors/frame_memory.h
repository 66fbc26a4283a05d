#ifndef TROUPE_ACTORS_FRAME_MEMORY_H_
#define TROUPE_ACTORS_FRAME_MEMORY_H_

#include <coroutine>
#include <cstddef>

namespace troupe::internal {

// Memory of coroutine frames: the current shard's recycled blocks, or the heap on other threads.
//
// Thread: any; a frame is freed on the thread that made it.
void* AllocateFrame(size_t bytes);
void FreeFrame(void* frame, size_t bytes);

// Destroys a coroutine that is not through: at once or, when it waits for an Offload or for one
// that does, once the offloaded function is back. Its actor stops no sooner.
void DropFrame(std::coroutine_handle<> frame);

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_FRAME_MEMORY_H_
