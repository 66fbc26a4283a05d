#ifndef TROUPE_BENCH_NET_PROGRAM_H_
#define TROUPE_BENCH_NET_PROGRAM_H_

#include <cstdint>

#include "troupe/bench/net_workload.h"

namespace troupe::bench {

struct NetArguments {
  bool spin = false;  // Look for work all the time instead of sleeping.
  uint16_t port = 0;
  int server_pid = 0;
};

// What main() of a benchmark between processes is made of.
struct NetProgram {
  // Listens on a port of the kernel's choice, calls AnnouncePort() and serves until the process
  // is killed.
  void (*serve)(const NetArguments& arguments);
  // Does the work and reports its figures.
  void (*run)(const NetWork& work, const NetArguments& arguments);
};

// `program server [--spin]` on core 1, or `program client [--spin] ITEM PORT SERVER_PID` on core
// 0. bench/compare starts both.
//
// Errors: returns 2 for arguments that make no sense.
int RunNetProgram(const NetProgram& program, int argc, char** argv);

// Tells whoever started the server where it listens.
void AnnouncePort(uint16_t port);

// Lets all TCP sockets of this process use one congestion control, which behaves the same on all
// machines: others have been seen to stall on loopback.
void UseCubicEverywhere();

}  // namespace troupe::bench

#endif  // TROUPE_BENCH_NET_PROGRAM_H_
