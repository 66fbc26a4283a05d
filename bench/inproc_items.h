#ifndef TROUPE_BENCH_INPROC_ITEMS_H_
#define TROUPE_BENCH_INPROC_ITEMS_H_

namespace troupe::bench {

// The items inside of one process: each runs its work once, in a system of its own, and reports
// its figures. What an item is stands in the README; how much of it, in workload.h.
//
// Thread: main().

void RunLocalPingPong();  // 1a
void RunCrossPingPong();  // 1b
void RunLocalFanIn();     // 2a
void RunCrossFanIn();     // 2b
void RunRing();           // 3a
void RunBig();            // 3b
void RunSkynet();         // 4
void RunIdleActors();     // 5
void RunTimers();         // 6
void RunCrossStream();    // 7
void RunManyShards();     // 13
void RunFanOut();         // 14
void RunStalls();         // 15

}  // namespace troupe::bench

#endif  // TROUPE_BENCH_INPROC_ITEMS_H_
