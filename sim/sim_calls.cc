#include "troupe/sim/sim_calls.h"

#include "absl/strings/str_cat.h"
#include "troupe/base/text.h"

namespace troupe {

absl::Status SimCalls::Make(std::string_view call) {
  ++count_;
  const bool fails = count_ == fails_at_ || (failing_share_ > 0 && random_.Unit() < failing_share_);
  if (!fails) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat(AbslView(call), ": Too many open files"));
}

}  // namespace troupe
