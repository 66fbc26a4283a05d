// The floor between processes: messages as protobuf over one epoll loop, without actors, limits,
// heartbeats or a handshake. `raw_net server` and `raw_net client ...`: see RunNetProgram().

#include <poll.h>

#include <deque>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "troupe/base/check.h"
#include "troupe/bench/latencies.h"
#include "troupe/bench/net_program.h"
#include "troupe/bench/net_report.h"
#include "troupe/bench/net_workload.h"
#include "troupe/bench/raw_connection.h"
#include "troupe/bench/raw_frame.h"
#include "troupe/bench/raw_loop.h"
#include "troupe/bench/usage.h"

namespace troupe::bench {
namespace {

constexpr std::string_view kFloor = "floor";

void Serve(const NetArguments& arguments) {
  Msg msg;
  bool settled = false;
  const auto on_frame = [&](RawConnection& connection, std::string_view frame) {
    if (!std::exchange(settled, true)) UseCubicEverywhere();
    if (ParseRawFrame(frame, msg) == Answer::kWanted) {
      AppendRawFrame(msg, Answer::kNotWanted, connection.out());
    }
  };
  RawLoop loop(arguments.spin, &RawFrameBytes, on_frame);
  AnnouncePort(loop.Listen());
  loop.Run();
}

// Keeps `depth` calls of each connection under way.
class Caller {
 public:
  Caller(const NetWork& work, const NetArguments& arguments)
      : work_(work),
        request_(MakeMsg(work)),
        latencies_(static_cast<size_t>(work.messages)),
        loop_(arguments.spin, &RawFrameBytes,
              [this](RawConnection& connection, std::string_view frame) {
                OnAnswer(connection, frame);
              }) {}

  void Run(const NetArguments& arguments) {
    std::vector<RawConnection*> connections;
    for (int i = 0; i < work_.connections; ++i) {
      connections.push_back(&loop_.Connect(arguments.port));
    }
    UseCubicEverywhere();
    NetReport report(work_, kFloor, arguments.spin, arguments.server_pid);
    for (RawConnection* const connection : connections) {
      for (int i = 0; i < work_.depth; ++i) SendRequest(*connection, MonotonicNanos());
    }
    loop_.Run();
    report.Finish(latencies_);
  }

 private:
  void SendRequest(RawConnection& connection, int64_t now_nanos) {
    request_.set_id(static_cast<uint64_t>(sent_++));
    AppendRawFrame(request_, Answer::kWanted, connection.out());
    sent_nanos_[connection.fd()].push_back(now_nanos);
  }

  void OnAnswer(RawConnection& connection, std::string_view frame) {
    ParseRawFrame(frame, answer_);
    const int64_t now_nanos = MonotonicNanos();
    std::deque<int64_t>& sent_nanos = sent_nanos_[connection.fd()];
    latencies_.Add(now_nanos - sent_nanos.front());
    sent_nanos.pop_front();
    if (++answered_ == work_.messages) loop_.Stop();
    if (sent_ < work_.messages) SendRequest(connection, now_nanos);
  }

  const NetWork& work_;
  Msg request_;
  Msg answer_;
  Latencies latencies_;
  RawLoop loop_;
  std::unordered_map<int, std::deque<int64_t>> sent_nanos_;  // By descriptor.
  int64_t sent_ = 0;
  int64_t answered_ = 0;
};

void AwaitRoom(const RawConnection& connection) {
  pollfd room = {.fd = connection.fd(), .events = POLLOUT, .revents = 0};
  poll(&room, 1, -1);
}

// Sends as fast as the server takes it. The answer to the last message says that all are there.
void RunPushes(const NetWork& work, const NetArguments& arguments) {
  constexpr size_t kBatchBytes = 60'000;
  RawLoop loop(arguments.spin, &RawFrameBytes,
               [&](RawConnection&, std::string_view) { loop.Stop(); });
  RawConnection& connection = loop.Connect(arguments.port);
  UseCubicEverywhere();
  Msg msg = MakeMsg(work);
  Latencies none(0);
  NetReport report(work, kFloor, arguments.spin, arguments.server_pid);
  for (int64_t i = 1; i <= work.messages; ++i) {
    msg.set_id(static_cast<uint64_t>(i));
    const Answer answer = i < work.messages ? Answer::kNotWanted : Answer::kWanted;
    AppendRawFrame(msg, answer, connection.out());
    while (connection.unsent_bytes() >= kBatchBytes) {
      TROUPE_CHECK(connection.Flush());
      if (connection.waits_for_room()) AwaitRoom(connection);
    }
  }
  loop.Run();
  report.Finish(none);
}

void RunConnections(const NetWork& work, const NetArguments& arguments) {
  RawLoop loop(arguments.spin, &RawFrameBytes,
               [&](RawConnection&, std::string_view) { loop.Stop(); });
  NetReport report(work, kFloor, arguments.spin, arguments.server_pid);
  for (int i = 1; i < work.connections; ++i) loop.Connect(arguments.port);
  // Its answer says that the server has accepted those before it.
  AppendRawFrame(MakeMsg(work), Answer::kWanted, loop.Connect(arguments.port).out());
  loop.Run();
  report.FinishConnections();
}

void Run(const NetWork& work, const NetArguments& arguments) {
  switch (work.kind) {
    case NetKind::kCalls:
      Caller(work, arguments).Run(arguments);
      return;
    case NetKind::kPushes:
      RunPushes(work, arguments);
      return;
    case NetKind::kConnections:
      RunConnections(work, arguments);
      return;
  }
}

}  // namespace
}  // namespace troupe::bench

int main(int argc, char** argv) {
  using troupe::bench::RunNetProgram;
  return RunNetProgram({.serve = troupe::bench::Serve, .run = troupe::bench::Run}, argc, argv);
}
