#ifndef TROUPE_BENCH_WIRE_CLIENT_H_
#define TROUPE_BENCH_WIRE_CLIENT_H_

#include <cstdint>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "troupe/bench/latencies.h"
#include "troupe/bench/net_program.h"
#include "troupe/bench/net_workload.h"
#include "troupe/bench/raw_loop.h"
#include "troupe/bench/wire_session.h"

namespace troupe::bench {

// The client of items with many connections: two nodes have one between them, so here is a plain
// loop that plays many nodes. The server is Troupe.
class WireClient {
 public:
  WireClient(const NetWork& work, const NetArguments& arguments);

  void Run();

 private:
  struct Peer {
    std::unique_ptr<WireSession> session;
    std::vector<int64_t> sent_nanos;  // By place.
  };

  // One after the other: a node lets few shake hands at a time.
  void Open(int index);
  void AwaitState(const WireSession& session, WireSession::State state);
  void RunCalls();
  void Send(Peer& peer, uint32_t place, int64_t now_nanos);
  void OnFrame(RawConnection& connection, std::string_view bytes);
  void OnResponse(Peer& peer);

  const NetWork& work_;
  const NetArguments arguments_;
  Msg request_;
  Msg response_;
  Latencies latencies_;
  RawLoop loop_;
  std::unordered_map<int, Peer> peers_;  // By descriptor.
  int64_t sent_ = 0;
  int64_t answered_ = 0;
};

}  // namespace troupe::bench

#endif  // TROUPE_BENCH_WIRE_CLIENT_H_
