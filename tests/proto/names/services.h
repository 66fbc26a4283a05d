#ifndef TROUPE_TESTS_PROTO_NAMES_SERVICES_H_
#define TROUPE_TESTS_PROTO_NAMES_SERVICES_H_

#include <string_view>
#include <vector>

namespace names {

// Services of .protos whose names are odd, by the names that the runtime knows. The sources include
// what an actor's file does, and not GoogleTest, whose headers have names of C's library.
std::vector<std::string_view> ServicesWithAPackage();
std::vector<std::string_view> ServicesWithoutAPackage();
std::vector<std::string_view> ServicesNamedAsSignals();
std::vector<std::string_view> ServicesNamedAsSignalsWithoutAPackage();

}  // namespace names

#endif  // TROUPE_TESTS_PROTO_NAMES_SERVICES_H_
