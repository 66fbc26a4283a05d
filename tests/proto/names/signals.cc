#include "tests/proto/names/package_kill.troupe.h"
#include "tests/proto/names/package_raise.troupe.h"
#include "tests/proto/names/package_signal.troupe.h"
#include "tests/proto/names/signal_macros.troupe.h"
#include "troupe/tests/proto/names/services.h"

namespace names {

std::vector<std::string_view> ServicesNamedAsSignals() {
  signal_macros::Fields fields;
  fields.set_si_pid(signal_macros::SIGHUP);
  static_assert(signal_macros::SIGHUP != signal_macros::SI_USER);
  return {signal::Box::kServiceInfo.name, kill::Box::kServiceInfo.name,
          raise::Box::kServiceInfo.name, signal_macros::Signals::kServiceInfo.name};
}

}  // namespace names
