#include "troupe/transport/node_counters.h"

namespace troupe {

NodeCounters& NodeCounters::operator+=(const NodeCounters& other) {
  connections_accepted += other.connections_accepted;
  connections_refused += other.connections_refused;
  connections_dialled += other.connections_dialled;
  handshakes_failed += other.handshakes_failed;
  sessions_begun += other.sessions_begun;
  sessions_ended += other.sessions_ended;
  sessions_alive += other.sessions_alive;
  frames_in += other.frames_in;
  frames_out += other.frames_out;
  writes += other.writes;
  frames_skipped += other.frames_skipped;
  records_skipped += other.records_skipped;
  violations += other.violations;
  bad_messages += other.bad_messages;
  not_granted += other.not_granted;
  late_replies += other.late_replies;
  asks_alive += other.asks_alive;
  requests_alive += other.requests_alive;
  return *this;
}

}  // namespace troupe
