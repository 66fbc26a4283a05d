#include "troupe/bench/report.h"

#include <cstdio>

namespace troupe::bench {
namespace {

int Width(std::string_view text) { return static_cast<int>(text.size()); }

}  // namespace

void Report(std::string_view item, std::string_view peer, std::string_view figure, double value) {
  std::printf("R,%.*s,%.*s,%.*s,%.6g\n", Width(item), item.data(), Width(peer), peer.data(),
              Width(figure), figure.data(), value);
  std::fflush(stdout);
}

}  // namespace troupe::bench
