#include "troupe/bench/net_program.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "troupe/bench/pinning.h"

namespace troupe::bench {
namespace {

constexpr int kClientCore = 0;
constexpr int kServerCore = 1;

// As many descriptors as this process may have.
void RaiseDescriptorLimit() {
  rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int Usage(const char* name) {
  std::fprintf(stderr,
               "usage: %s server [--spin]\n"
               "       %s client [--spin] ITEM PORT SERVER_PID\n",
               name, name);
  return 2;
}

int RunClient(const NetProgram& program, const std::vector<std::string>& words,
              NetArguments arguments) {
  arguments.port = static_cast<uint16_t>(std::atoi(words[2].c_str()));
  arguments.server_pid = std::atoi(words[3].c_str());
  bool found = false;
  for (const NetWork& work : kNetWorks) {
    if (work.item != words[1]) continue;
    found = true;
    program.run(work, arguments);
  }
  if (!found) std::fprintf(stderr, "no item \"%s\"\n", words[1].c_str());
  return found ? 0 : 2;
}

}  // namespace

int RunNetProgram(const NetProgram& program, int argc, char** argv) {
  NetArguments arguments;
  std::vector<std::string> words;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--spin") == 0) {
      arguments.spin = true;
    } else {
      words.emplace_back(argv[i]);
    }
  }
  RaiseDescriptorLimit();
  if (words.size() == 1 && words[0] == "server") {
    PinThisThread(kServerCore);
    program.serve(arguments);
    return 0;
  }
  if (words.size() == 4 && words[0] == "client") {
    PinThisThread(kClientCore);
    return RunClient(program, words, arguments);
  }
  return Usage(argv[0]);
}

void AnnouncePort(uint16_t port) {
  std::printf("port %d\n", port);
  std::fflush(stdout);
}

void UseCubicEverywhere() {
  constexpr std::string_view kCubic = "cubic";
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    const int fd = std::atoi(entry.path().filename().c_str());
    // Fails on what is no TCP socket.
    setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, kCubic.data(), kCubic.size());
  }
}

}  // namespace troupe::bench
