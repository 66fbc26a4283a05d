#include "troupe/loop/zeroed_memory.h"

#include <sys/mman.h>

#include "troupe/base/check.h"

namespace troupe {
namespace {

// Not calloc(), which writes the zeros itself into memory that was in use before.
void* MapZeros(size_t bytes) {
  void* const memory =
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  TROUPE_CHECK_MSG(memory != MAP_FAILED, "mmap");
  // Neighbours may become one huge page, of which the first byte written would take all. Advice:
  // where it is refused, memory is what it costs.
  madvise(memory, bytes, MADV_NOHUGEPAGE);
  return memory;
}

}  // namespace

ZeroedMemory::ZeroedMemory(size_t bytes) : bytes_(bytes), memory_(MapZeros(bytes)) {}

ZeroedMemory::~ZeroedMemory() { munmap(memory_, bytes_); }

}  // namespace troupe
