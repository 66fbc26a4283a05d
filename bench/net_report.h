#ifndef TROUPE_BENCH_NET_REPORT_H_
#define TROUPE_BENCH_NET_REPORT_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "troupe/bench/latencies.h"
#include "troupe/bench/net_workload.h"

namespace troupe::bench {

// What a client measured, from its making to the call that reports it. A figure of a run that
// spins instead of sleeping ends in "_spin".
class NetReport {
 public:
  NetReport(const NetWork& work, std::string_view peer, bool spin, int server_pid);

  // Throughput and processor time, and for calls the latencies.
  void Finish(Latencies& latencies);

  // Of connections, which are there and idle.
  void FinishConnections();

 private:
  void Figure(std::string_view name, double value) const;
  void Throughput(double seconds) const;

  const NetWork& work_;
  const std::string_view peer_;
  const bool spin_;
  const int server_pid_;
  const size_t server_resident_bytes_;
  const double server_cpu_seconds_;
  const double client_cpu_seconds_;
  const int64_t began_nanos_;
};

}  // namespace troupe::bench

#endif  // TROUPE_BENCH_NET_REPORT_H_
