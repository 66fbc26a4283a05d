#include "tests/proto/names/signal_globals.troupe.h"
#include "troupe/tests/proto/names/services.h"

namespace names {

std::vector<std::string_view> ServicesNamedAsSignalsWithoutAPackage() {
  static_assert(sizeof(::sigaction) == sizeof(::killpg));
  return {SignalGlobals::kServiceInfo.name};
}

}  // namespace names
