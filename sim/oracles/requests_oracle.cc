#include "troupe/sim/oracles/requests_oracle.h"

#include <string_view>

#include "absl/strings/str_cat.h"
#include "troupe/actors/certainty.h"
#include "troupe/base/text.h"

namespace troupe {

uint64_t RequestsOracle::New(uint64_t asker) {
  const uint64_t number = requests_.size() + 1;
  requests_[number].asker = asker;
  return number;
}

RequestsOracle::Request* RequestsOracle::Find(uint64_t number, std::string_view what) {
  const auto found = requests_.find(number);
  if (found != requests_.end()) return &found->second;
  run_.Wrong(absl::StrCat("request ", number, ", which nobody made, ", AbslView(what)));
  return nullptr;
}

void RequestsOracle::Ran(uint64_t number) {
  Request* const request = Find(number, "was handled");
  if (request == nullptr) return;
  if (++request->ran > 1) run_.Wrong(absl::StrCat("request ", number, " was handled twice"));
}

void RequestsOracle::Outcome(uint64_t number, const absl::Status& status) {
  Request* const request = Find(number, "has an outcome");
  if (request == nullptr) return;
  if (request->outcome.has_value()) {
    run_.Wrong(absl::StrCat("request ", number, " has a second outcome: ", status.ToString()));
  }
  request->outcome = status;
}

void RequestsOracle::Dropped(uint64_t number) {
  if (Request* const request = Find(number, "was given up")) request->dropped = true;
}

void RequestsOracle::Judge(const std::function<bool(uint64_t asker)>& lives) const {
  for (const auto& [number, request] : requests_) {
    if (request.outcome.has_value()) {
      JudgeCertainty(number, request);
    } else if (!request.dropped && lives(request.asker)) {
      run_.Wrong(absl::StrCat("request ", number, " has no outcome"));
    }
  }
}

// In the end, when all is known: a request may begin after its caller has heard of a timeout.
void RequestsOracle::JudgeCertainty(uint64_t number, const Request& request) const {
  const absl::Status& outcome = *request.outcome;
  const auto says = [&](std::string_view what) {
    run_.Wrong(absl::StrCat("request ", number, " ", AbslView(what), ": ", outcome.ToString()));
  };
  if (outcome.ok()) {
    if (request.ran == 0) says("has a reply and was not handled");
    return;
  }
  if (!HasCertainty(outcome)) return says("failed without a certainty");
  if (request.ran > 0 && CertaintyOf(outcome) != Certainty::kMaybeExecuted) says("was handled");
}

}  // namespace troupe
