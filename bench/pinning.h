#ifndef TROUPE_BENCH_PINNING_H_
#define TROUPE_BENCH_PINNING_H_

namespace troupe::bench {

// Keeps the calling thread on `core`, as Troupe keeps its shards. Ignored where the machine has
// no such core.
void PinThisThread(int core);

}  // namespace troupe::bench

#endif  // TROUPE_BENCH_PINNING_H_
