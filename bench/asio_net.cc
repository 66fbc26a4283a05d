// Asio beside Troupe between processes, with the floor's frames: what a program reaches that is
// written on Asio by hand, without actors. `asio_net server` and `asio_net client ...`: see
// RunNetProgram().

#include <asio.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "troupe/bench/frame_buffer.h"
#include "troupe/bench/latencies.h"
#include "troupe/bench/net_program.h"
#include "troupe/bench/net_report.h"
#include "troupe/bench/net_workload.h"
#include "troupe/bench/raw_frame.h"
#include "troupe/bench/usage.h"

namespace troupe::bench {
namespace {

using asio::ip::tcp;

constexpr std::string_view kAsio = "asio";
tcp::endpoint Loopback(uint16_t port) {
  return tcp::endpoint(asio::ip::address_v4::loopback(), port);
}

// One connection: reads what has come, calls back for each frame, writes all answers at once.
//
// Lifetime: its pending operations keep it.
class AsioConnection : public std::enable_shared_from_this<AsioConnection> {
 public:
  using OnMessage = std::function<void(AsioConnection& connection, const Msg& msg, Answer answer)>;

  AsioConnection(tcp::socket socket, OnMessage on_message)
      : socket_(std::move(socket)), on_message_(std::move(on_message)), in_(&RawFrameBytes) {
    socket_.set_option(tcp::no_delay(true));
  }

  void Start() {
    Flush();
    Read();
  }

  // What is appended to it goes out with the next write.
  std::string& out() { return out_; }

  // When each call under way was sent. For clients.
  std::deque<int64_t>& sent_nanos() { return sent_nanos_; }

 private:
  void Read() {
    const auto done = [self = shared_from_this()](const asio::error_code& error, size_t count) {
      if (!error) self->OnRead(count);
    };
    socket_.async_read_some(asio::buffer(in_.room(), in_.room_bytes()), done);
  }

  void OnRead(size_t count) {
    in_.Received(count);
    std::string_view frame;
    while (in_.Next(frame)) {
      const Answer answer = ParseRawFrame(frame, msg_);
      on_message_(*this, msg_, answer);
    }
    Flush();
    Read();
  }

  void Flush() {
    if (!writing_.empty() || out_.empty()) return;
    writing_.swap(out_);
    const auto done = [self = shared_from_this()](const asio::error_code& error, size_t) {
      self->writing_.clear();
      if (!error) self->Flush();
    };
    asio::async_write(socket_, asio::buffer(writing_), done);
  }

  tcp::socket socket_;
  const OnMessage on_message_;
  FrameBuffer in_;
  std::string out_;
  std::string writing_;
  Msg msg_;
  std::deque<int64_t> sent_nanos_;
};

using ConnectionPtr = std::shared_ptr<AsioConnection>;  // As Asio's operations need it.

void Accept(tcp::acceptor& acceptor, const AsioConnection::OnMessage& on_message) {
  acceptor.async_accept([&](const asio::error_code& error, tcp::socket socket) {
    if (!error) std::make_shared<AsioConnection>(std::move(socket), on_message)->Start();
    Accept(acceptor, on_message);
  });
}

void Serve(const NetArguments&) {
  asio::io_context context(1);
  tcp::acceptor acceptor(context, Loopback(0));
  bool settled = false;
  const AsioConnection::OnMessage on_message = [&](AsioConnection& connection, const Msg& msg,
                                                   Answer answer) {
    if (!std::exchange(settled, true)) UseCubicEverywhere();
    if (answer == Answer::kWanted) AppendRawFrame(msg, Answer::kNotWanted, connection.out());
  };
  Accept(acceptor, on_message);
  AnnouncePort(acceptor.local_endpoint().port());
  context.run();
}

// Keeps `depth` calls of each connection under way.
class Caller {
 public:
  explicit Caller(const NetWork& work)
      : work_(work),
        request_(MakeMsg(work)),
        latencies_(static_cast<size_t>(work.messages)),
        context_(1) {}

  void Run(const NetArguments& arguments) {
    std::vector<ConnectionPtr> connections;
    for (int i = 0; i < work_.connections; ++i) connections.push_back(Connect(arguments.port));
    UseCubicEverywhere();
    NetReport report(work_, kAsio, false, arguments.server_pid);
    for (const ConnectionPtr& connection : connections) {
      for (int i = 0; i < work_.depth; ++i) SendRequest(*connection, MonotonicNanos());
      connection->Start();
    }
    context_.run();
    report.Finish(latencies_);
  }

 private:
  ConnectionPtr Connect(uint16_t port) {
    tcp::socket socket(context_);
    socket.connect(Loopback(port));
    return std::make_shared<AsioConnection>(
        std::move(socket),
        [this](AsioConnection& connection, const Msg&, Answer) { OnAnswer(connection); });
  }

  void SendRequest(AsioConnection& connection, int64_t now_nanos) {
    request_.set_id(static_cast<uint64_t>(sent_++));
    AppendRawFrame(request_, Answer::kWanted, connection.out());
    connection.sent_nanos().push_back(now_nanos);
  }

  void OnAnswer(AsioConnection& connection) {
    const int64_t now_nanos = MonotonicNanos();
    latencies_.Add(now_nanos - connection.sent_nanos().front());
    connection.sent_nanos().pop_front();
    if (++answered_ == work_.messages) context_.stop();
    if (sent_ < work_.messages) SendRequest(connection, now_nanos);
  }

  const NetWork& work_;
  Msg request_;
  Latencies latencies_;
  asio::io_context context_;
  int64_t sent_ = 0;
  int64_t answered_ = 0;
};

// Sends as fast as the server takes it. The answer to the last message says that all are there.
void RunPushes(const NetWork& work, const NetArguments& arguments) {
  constexpr size_t kBatchBytes = 60'000;
  asio::io_context context(1);
  tcp::socket socket(context);
  socket.connect(Loopback(arguments.port));
  socket.set_option(tcp::no_delay(true));
  UseCubicEverywhere();
  Msg msg = MakeMsg(work);
  Latencies none(0);
  std::string out;
  NetReport report(work, kAsio, false, arguments.server_pid);
  for (int64_t i = 1; i <= work.messages; ++i) {
    msg.set_id(static_cast<uint64_t>(i));
    AppendRawFrame(msg, i < work.messages ? Answer::kNotWanted : Answer::kWanted, out);
    if (out.size() < kBatchBytes && i < work.messages) continue;
    asio::write(socket, asio::buffer(out));
    out.clear();
  }
  char first_byte;
  asio::read(socket, asio::buffer(&first_byte, 1));
  report.Finish(none);
}

void RunConnections(const NetWork& work, const NetArguments& arguments) {
  asio::io_context context(1);
  std::vector<tcp::socket> sockets;
  NetReport report(work, kAsio, false, arguments.server_pid);
  for (int i = 0; i < work.connections; ++i) {
    sockets.emplace_back(context);
    sockets.back().connect(Loopback(arguments.port));
  }
  std::string out;
  AppendRawFrame(MakeMsg(work), Answer::kWanted, out);
  asio::write(sockets.back(), asio::buffer(out));
  // The answer says that the server has accepted those before it.
  char first_byte;
  asio::read(sockets.back(), asio::buffer(&first_byte, 1));
  report.FinishConnections();
}

void Run(const NetWork& work, const NetArguments& arguments) {
  switch (work.kind) {
    case NetKind::kCalls:
      Caller(work).Run(arguments);
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
