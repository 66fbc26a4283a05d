#include "tests/proto/names/globals.troupe.h"
#include "troupe/tests/proto/names/services.h"

namespace names {

std::vector<std::string_view> ServicesWithoutAPackage() {
  static_assert(sizeof(::listen) == sizeof(::bind));
  return {Globals::kServiceInfo.name};
}

}  // namespace names
