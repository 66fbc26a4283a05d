#ifndef TROUPE_LOOP_ZEROED_MEMORY_H_
#define TROUPE_LOOP_ZEROED_MEMORY_H_

#include <cstddef>

namespace troupe {

// Memory that reads as zeros and takes no space until written to, page by page.
//
// Thread: any.
// Errors: dies if there is none.
class ZeroedMemory {
 public:
  explicit ZeroedMemory(size_t bytes);
  ZeroedMemory(const ZeroedMemory&) = delete;
  ZeroedMemory& operator=(const ZeroedMemory&) = delete;
  ~ZeroedMemory();

  // Aligned for any type.
  void* get() const { return memory_; }

 private:
  const size_t bytes_;
  void* const memory_;
};

}  // namespace troupe

#endif  // TROUPE_LOOP_ZEROED_MEMORY_H_
