#include "troupe/bench/wire_client.h"

#include "absl/strings/str_cat.h"
#include "troupe/base/check.h"
#include "troupe/bench/bench_system.h"
#include "troupe/bench/net_report.h"
#include "troupe/bench/usage.h"

namespace troupe::bench {

WireClient::WireClient(const NetWork& work, const NetArguments& arguments)
    : work_(work),
      arguments_(arguments),
      request_(MakeMsg(work)),
      latencies_(static_cast<size_t>(work.messages)),
      loop_(arguments.spin, &WireFrameBytes,
            [this](RawConnection& connection, std::string_view bytes) {
              OnFrame(connection, bytes);
            }) {}

void WireClient::Run() {
  NetReport idle(work_, kPeer, arguments_.spin, arguments_.server_pid);
  for (int i = 0; i < work_.connections; ++i) Open(i);
  if (work_.kind == NetKind::kConnections) {
    idle.FinishConnections();
  } else {
    RunCalls();
  }
}

void WireClient::Open(int index) {
  RawConnection& connection = loop_.Connect(arguments_.port);
  Peer& peer = peers_[connection.fd()];
  peer.session = std::make_unique<WireSession>(connection, absl::StrCat("bench-client-", index),
                                               static_cast<uint64_t>(index) + 1);
  AwaitState(*peer.session, WireSession::State::kOpen);
  if (work_.kind == NetKind::kConnections) return;
  peer.session->LookUpEcho();
  AwaitState(*peer.session, WireSession::State::kFound);
}

void WireClient::AwaitState(const WireSession& session, WireSession::State state) {
  while (session.state() != state) loop_.Run();
}

void WireClient::RunCalls() {
  UseCubicEverywhere();
  NetReport report(work_, kPeer, arguments_.spin, arguments_.server_pid);
  for (auto& [fd, peer] : peers_) {
    peer.sent_nanos.resize(static_cast<size_t>(work_.depth));
    for (int place = 0; place < work_.depth; ++place) {
      Send(peer, static_cast<uint32_t>(place), MonotonicNanos());
    }
  }
  loop_.Run();
  report.Finish(latencies_);
}

void WireClient::Send(Peer& peer, uint32_t place, int64_t now_nanos) {
  request_.set_id(static_cast<uint64_t>(sent_++));
  peer.sent_nanos[place] = now_nanos;
  peer.session->Request(place, request_);
}

void WireClient::OnFrame(RawConnection& connection, std::string_view bytes) {
  Peer& peer = peers_[connection.fd()];
  switch (peer.session->OnFrame(bytes)) {
    case WireSession::Got::kNothing:
      return;
    case WireSession::Got::kState:
      loop_.Stop();
      return;
    case WireSession::Got::kResponse:
      OnResponse(peer);
      return;
  }
}

void WireClient::OnResponse(Peer& peer) {
  const std::string_view bytes = peer.session->response();
  TROUPE_CHECK(response_.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
  const int64_t now_nanos = MonotonicNanos();
  const uint32_t place = peer.session->response_place();
  latencies_.Add(now_nanos - peer.sent_nanos[place]);
  if (++answered_ == work_.messages) loop_.Stop();
  if (sent_ < work_.messages) Send(peer, place, now_nanos);
}

}  // namespace troupe::bench
