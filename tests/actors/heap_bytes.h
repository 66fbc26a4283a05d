#ifndef TROUPE_TESTS_ACTORS_HEAP_BYTES_H_
#define TROUPE_TESTS_ACTORS_HEAP_BYTES_H_

#include <cstdint>

namespace troupe::test {

// Bytes that operator new gave out and that were not deleted yet, on all threads: slabs, payloads
// and tables alike. A program that is linked with this has all its operators new counted.
//
// Thread: any.
int64_t HeapBytes();

// The most there were since the last call of this.
int64_t TakeHeapPeakBytes();

}  // namespace troupe::test

#endif  // TROUPE_TESTS_ACTORS_HEAP_BYTES_H_
