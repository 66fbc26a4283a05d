#ifndef TROUPE_SIM_SIM_STORY_H_
#define TROUPE_SIM_SIM_STORY_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <tuple>

#include "absl/status/status.h"
#include "troupe/base/instant.h"
#include "troupe/loop/message_tracer.h"

namespace troupe {

// What happened in a run in the words of the program: messages between actors, their ends, faults
// and log lines. It takes no part in the run, nor in the hash of its trace.
//
// Thread: the simulation's.
// Bounds: the newest `events_max` events, and as many actors by name; none with 0. The first
//         `file_bytes_max` bytes in its file.
class SimStory {
 public:
  enum class Kind : uint8_t { kMessage, kOutcome, kEnd, kFault, kLog };

  // Who has a column in a diagram.
  struct Party {
    std::string node;
    std::string name;  // Empty for what no actor did.

    bool operator==(const Party&) const = default;
    auto operator<=>(const Party&) const = default;
  };
  struct Event {
    Instant when;
    Kind kind;
    Party from;  // Of a message or an outcome.
    Party to;    // Whom it concerns; nobody for faults and log lines.
    std::string text;
  };

  // What a run without an end writes.
  static constexpr size_t kFileBytesMax = size_t{64} << 20;

  // Writes each line to `file` as it comes, so that a crash leaves them; nowhere if empty. The last
  // of `file_bytes_max` says that there was more.
  explicit SimStory(size_t events_max, const std::string& file = {},
                    size_t file_bytes_max = kFileBytesMax);
  SimStory(const SimStory&) = delete;
  SimStory& operator=(const SimStory&) = delete;

  bool kept() const { return events_max_ > 0; }

  void Message(Instant when, std::string_view node, const TracedActor& actor,
               const std::string& name, std::string_view message, const TracedActor& sender);
  void Outcome(Instant when, std::string_view node, const TracedActor& asker,
               std::string_view request, const TracedActor& target, absl::StatusCode outcome);
  void End(Instant when, std::string_view node, const TracedActor& actor, const std::string& name);
  void Fault(Instant when, std::string text);
  void Log(Instant when, std::string_view line);

  const std::deque<Event>& events() const { return events_; }
  // A line for each.
  std::string ToText() const;

 private:
  using Id = std::tuple<uint64_t, uint16_t, uint32_t>;

  static Id IdOf(const TracedActor& actor) { return {actor.incarnation, actor.shard, actor.slot}; }
  // `node`: of who tells, for one that is not known.
  Party Find(std::string_view node, const TracedActor& actor) const;
  Party Name(std::string_view node, const TracedActor& actor, const std::string& name);
  void Add(Event event);
  void Write(const std::string& line);

  const size_t events_max_;
  std::ofstream file_;
  size_t file_bytes_left_;
  std::deque<Event> events_;
  std::map<Id, Party> known_;
};

}  // namespace troupe

#endif  // TROUPE_SIM_SIM_STORY_H_
