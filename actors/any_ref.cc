#include "troupe/actors/any_ref.h"

#include "absl/strings/str_cat.h"
#include "troupe/actors/runtime/runtime.h"
#include "troupe/actors/system.h"

namespace troupe {

std::string_view ToString(SendResult result) {
  switch (result) {
    case SendResult::kAccepted:
      return "accepted";
    case SendResult::kFull:
      return "full";
    case SendResult::kGone:
      return "gone";
  }
  return "?";
}

std::string AnyRef::ToString() const {
  if (system_ == nullptr) return "(none)";
  std::string text = absl::StrCat(shard_, "/", slot_, "#", generation_);
  if (system_->runtime().incarnation() != incarnation_) {
    absl::StrAppend(&text, "@", absl::Hex(incarnation_));
  }
  return text;
}

}  // namespace troupe
