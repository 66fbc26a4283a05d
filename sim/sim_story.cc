#include "troupe/sim/sim_story.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "troupe/base/printable.h"
#include "troupe/base/text.h"
#include "troupe/sim/sim_trace.h"

namespace troupe {
namespace {

constexpr size_t kLineBytesMax = 1000;

std::string ToText(const SimStory::Party& party) {
  if (party.name.empty()) return party.node.empty() ? "somebody" : party.node;
  return absl::StrCat(party.node, " ", party.name);
}

std::string ToText(const SimStory::Event& event) {
  switch (event.kind) {
    case SimStory::Kind::kMessage:
      return absl::StrCat(ToText(event.to), " <- ", event.text, " from ", ToText(event.from));
    case SimStory::Kind::kOutcome:
      return absl::StrCat(ToText(event.to), " has from ", ToText(event.from), " the outcome of ",
                          event.text);
    case SimStory::Kind::kEnd:
      return absl::StrCat(ToText(event.to), " ends");
    case SimStory::Kind::kFault:
      return absl::StrCat("*** ", event.text);
    case SimStory::Kind::kLog:
      return absl::StrCat("log: ", event.text);
  }
  return "";
}

std::string LineOf(const SimStory::Event& event) {
  return absl::StrCat(SimTimeText(event.when), "  ", PrintableLine(ToText(event), kLineBytesMax),
                      "\n");
}

}  // namespace

SimStory::SimStory(size_t events_max, const std::string& file, size_t file_bytes_max)
    : events_max_(events_max), file_bytes_left_(file_bytes_max) {
  if (!file.empty()) file_.open(file);
}

void SimStory::Message(Instant when, std::string_view node, const TracedActor& actor,
                       const std::string& name, std::string_view message,
                       const TracedActor& sender) {
  Add({when, Kind::kMessage, Find(node, sender), Name(node, actor, name), std::string(message)});
}

void SimStory::Outcome(Instant when, std::string_view node, const TracedActor& asker,
                       std::string_view request, const TracedActor& target,
                       absl::StatusCode outcome) {
  std::string text(request);
  if (outcome != absl::StatusCode::kOk) {
    absl::StrAppend(&text, ": ", absl::StatusCodeToString(outcome));
  }
  Add({when, Kind::kOutcome, Find("", target), Find(node, asker), std::move(text)});
}

void SimStory::End(Instant when, std::string_view node, const TracedActor& actor,
                   const std::string& name) {
  Add({when, Kind::kEnd, {}, Name(node, actor, name), "ends"});
  known_.erase(IdOf(actor));
}

void SimStory::Fault(Instant when, std::string text) {
  Add({when, Kind::kFault, {}, {}, std::move(text)});
}

void SimStory::Log(Instant when, std::string_view line) {
  Add({when, Kind::kLog, {}, {}, std::string(line)});
}

SimStory::Party SimStory::Find(std::string_view node, const TracedActor& actor) const {
  const auto known = known_.find(IdOf(actor));
  return known != known_.end() ? known->second : Party{std::string(node), ""};
}

// Its place tells it from others of its class.
SimStory::Party SimStory::Name(std::string_view node, const TracedActor& actor,
                               const std::string& name) {
  const auto known = known_.find(IdOf(actor));
  if (known != known_.end()) return known->second;
  Party party{std::string(node), absl::StrCat(name, " ", actor.shard, ":", actor.slot)};
  if (known_.size() < events_max_) known_.emplace(IdOf(actor), party);
  return party;
}

void SimStory::Add(Event event) {
  if (!kept()) return;
  if (file_.is_open()) Write(LineOf(event));
  if (events_.size() == events_max_) events_.pop_front();
  events_.push_back(std::move(event));
}

void SimStory::Write(const std::string& line) {
  if (line.size() > file_bytes_left_) {
    file_ << "... and more, of which nothing is kept here\n";
    return file_.close();
  }
  file_bytes_left_ -= line.size();
  file_ << line << std::flush;
}

std::string SimStory::ToText() const {
  std::string text;
  for (const Event& event : events_) text += LineOf(event);
  return text;
}

}  // namespace troupe
