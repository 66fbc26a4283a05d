#ifndef TROUPE_BENCH_FLOOR_ITEMS_H_
#define TROUPE_BENCH_FLOOR_ITEMS_H_

#include <string_view>

namespace troupe::bench {

inline constexpr std::string_view kFloor = "floor";

// The items over FloorCore, or over bare queues where two threads take part.
//
// Thread: main().

void RunFloorLocalPingPong();  // 1a
void RunFloorCrossPingPong();  // 1b
void RunFloorLocalFanIn();     // 2a
void RunFloorCrossFanIn();     // 2b
void RunFloorRing();           // 3a
void RunFloorBig();            // 3b
void RunFloorSkynet();         // 4
void RunFloorIdleActors();     // 5
void RunFloorTimers();         // 6
void RunFloorCrossStream();    // 7

}  // namespace troupe::bench

#endif  // TROUPE_BENCH_FLOOR_ITEMS_H_
