#include "troupe/bench/net_report.h"

#include "troupe/bench/report.h"
#include "troupe/bench/usage.h"

namespace troupe::bench {

NetReport::NetReport(const NetWork& work, std::string_view peer, bool spin, int server_pid)
    : work_(work),
      peer_(peer),
      spin_(spin),
      server_pid_(server_pid),
      server_resident_bytes_(ResidentBytesOf(server_pid)),
      server_cpu_seconds_(CpuSecondsOf(server_pid)),
      client_cpu_seconds_(ProcessCpuSeconds()),
      began_nanos_(MonotonicNanos()) {}

void NetReport::Figure(std::string_view name, double value) const {
  std::string figure(name);
  figure += work_.suffix;
  if (spin_) figure += "_spin";
  Report(work_.item, peer_, figure, value);
}

void NetReport::Throughput(double seconds) const {
  const auto messages = static_cast<double>(work_.messages);
  if (work_.kind == NetKind::kCalls) {
    Figure("req_per_s", messages / seconds);
  } else if (work_.body_bytes == kSmallBodyBytes) {
    Figure("msg_per_s", messages / seconds);
  } else {
    Figure("gb_per_s", messages * static_cast<double>(work_.body_bytes) / seconds / 1e9);
  }
}

void NetReport::Finish(Latencies& latencies) {
  const double seconds = static_cast<double>(MonotonicNanos() - began_nanos_) / 1e9;
  const double client_seconds = ProcessCpuSeconds() - client_cpu_seconds_;
  const double server_seconds = CpuSecondsOf(server_pid_) - server_cpu_seconds_;
  const double millions = static_cast<double>(work_.messages) / 1e6;
  Throughput(seconds);
  if (work_.kind == NetKind::kCalls) {
    Figure("lat_us_p50", latencies.Quantile(0.5) / 1e3);
    Figure("lat_us_p99", latencies.Quantile(0.99) / 1e3);
  }
  Figure("cpu_s_per_1M_client", client_seconds / millions);
  Figure("cpu_s_per_1M_server", server_seconds / millions);
}

void NetReport::FinishConnections() {
  const size_t grown_bytes = ResidentBytesOf(server_pid_) - server_resident_bytes_;
  Figure("bytes_per_connection", static_cast<double>(grown_bytes) / work_.connections);
}

}  // namespace troupe::bench
