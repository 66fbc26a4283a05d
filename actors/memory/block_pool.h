#ifndef TROUPE_ACTORS_MEMORY_BLOCK_POOL_H_
#define TROUPE_ACTORS_MEMORY_BLOCK_POOL_H_

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <new>

#include "troupe/base/poison.h"
#include "troupe/loop/slab_memory.h"

namespace troupe::internal {

// Blocks of a few sizes, recycled without a lock: coroutine frames, payloads that do not fit an
// envelope, records.
//
// Thread:   shard-affine.
// Bounds:   what is asked for at once; freed blocks are kept for reuse. Blocks over
//           kPooledBytesMax come from the heap each time.
class BlockPool {
 public:
  static constexpr size_t kPooledBytesMax = 4096;

  explicit BlockPool(SlabMemory& memory) : memory_(memory) {}
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;

  // The class of blocks that hold `bytes`: what Free() is told.
  static uint16_t ClassOf(size_t bytes) {
    if (bytes > kPooledBytesMax) return kHeapClass;
    const size_t granules = bytes <= kGranule ? 1 : (bytes + kGranule - 1) / kGranule;
    // Steps of 16 up to 512 bytes, then powers of two.
    if (granules <= kFineClasses) return static_cast<uint16_t>(granules - 1);
    return static_cast<uint16_t>(kFineClasses + std::bit_width((bytes - 1) >> 9) - 1);
  }

  void* Allocate(size_t bytes) {
    const uint16_t size_class = ClassOf(bytes);
    if (size_class == kHeapClass) return ::operator new(bytes);
    if (FreeBlock* block = free_[size_class]) {
      Unpoison(block, BytesOf(size_class));
      free_[size_class] = block->next;
      return block;
    }
    return Carve(size_class);
  }

  void Free(void* block, uint16_t size_class) {
    if (size_class == kHeapClass) {
      ::operator delete(block);
      return;
    }
    auto* free = static_cast<FreeBlock*>(block);
    free->next = free_[size_class];
    free_[size_class] = free;
    Poison(block, BytesOf(size_class));
  }

 private:
  static constexpr size_t kGranule = 16;
  static constexpr size_t kFineClasses = 32;
  static constexpr size_t kClasses = kFineClasses + 3;  // 1024, 2048, 4096.
  static constexpr uint16_t kHeapClass = 0xffff;
  static constexpr size_t kRunBytes = 64u << 10;

  struct FreeBlock {
    FreeBlock* next;
  };

  static size_t BytesOf(uint16_t size_class) {
    return size_class < kFineClasses ? (size_class + 1) * kGranule
                                     : size_t{1024} << (size_class - kFineClasses);
  }

  // The part of a class's newest run that was never given out: it is touched when it is.
  struct Fresh {
    char* begin = nullptr;
    char* end = nullptr;
  };

  void* Carve(uint16_t size_class);

  SlabMemory& memory_;
  std::array<FreeBlock*, kClasses> free_{};
  std::array<Fresh, kClasses> fresh_{};
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_MEMORY_BLOCK_POOL_H_
