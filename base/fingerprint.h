#ifndef TROUPE_BASE_FINGERPRINT_H_
#define TROUPE_BASE_FINGERPRINT_H_

#include <cstdint>
#include <string_view>

namespace troupe::internal {

// The name of a method on the wire: FNV-1a, 32 bits, of "<service>/<method>".
constexpr uint32_t Fingerprint(std::string_view service, std::string_view method) {
  uint32_t hash = 2166136261u;
  const auto add = [&hash](std::string_view text) {
    for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 16777619u;
  };
  add(service);
  add("/");
  add(method);
  return hash;
}

}  // namespace troupe::internal

#endif  // TROUPE_BASE_FINGERPRINT_H_
