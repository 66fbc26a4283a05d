#include "troupe/loop/signal_number.h"

#include <algorithm>
#include <csignal>
#include <iterator>

#include "absl/strings/str_cat.h"

namespace troupe {

absl::Status CheckCatchable(int signal) {
  constexpr int kNever[] = {SIGKILL, SIGSTOP, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
  const bool never = std::find(std::begin(kNever), std::end(kNever), signal) != std::end(kNever);
  struct sigaction action;
  // The C library keeps some for itself.
  if (signal >= 1 && signal <= kSignalMax && !never && sigaction(signal, nullptr, &action) == 0) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat("signal ", signal, " cannot be caught"));
}

}  // namespace troupe
