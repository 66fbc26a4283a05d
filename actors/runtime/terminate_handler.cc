#include "troupe/actors/runtime/terminate_handler.h"

#include <cstdlib>
#include <exception>
#include <string>

#include "troupe/actors/shard/shard.h"
#include "troupe/base/logging.h"

namespace troupe::internal {
namespace {

std::terminate_handler previous_handler = nullptr;

[[noreturn]] void NameTheActor() {
  if (Shard* const shard = Shard::Current()) {
    const std::string running = Describe(shard->running());
    if (!running.empty()) {
      TROUPE_LOG(kError, "std::terminate in ", running);
      CurrentLogSink().Flush();
    }
  }
  if (previous_handler != nullptr) previous_handler();
  std::abort();
}

}  // namespace

void InstallTerminateHandler() {
  static const bool installed = [] {
    previous_handler = std::get_terminate();
    std::set_terminate(&NameTheActor);
    return true;
  }();
  (void)installed;
}

}  // namespace troupe::internal
