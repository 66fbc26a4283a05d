#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <optional>

#include "absl/strings/str_cat.h"
#include "troupe/base/text.h"
#include "troupe/loop/socket.h"

namespace troupe {
namespace {

absl::Status BadAddress(std::string_view text, std::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("address \"", AbslView(text), "\": ", AbslView(what)));
}

std::optional<uint16_t> ParsePort(std::string_view text) {
  if (text.empty() || text.size() > 5) return std::nullopt;
  uint32_t port = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    port = port * 10 + static_cast<uint32_t>(c - '0');
  }
  if (port > 65535) return std::nullopt;
  return static_cast<uint16_t>(port);
}

// As the system writes it, so that equal addresses are equal text.
std::optional<std::string> CanonicalHost(int family, const std::string& host) {
  in6_addr binary;
  char text[INET6_ADDRSTRLEN];
  if (inet_pton(family, host.c_str(), &binary) != 1) return std::nullopt;
  return inet_ntop(family, &binary, text, sizeof(text));
}

bool IsV6(const std::string& host) { return host.find(':') != std::string::npos; }

}  // namespace

absl::StatusOr<SocketAddress> SocketAddress::Parse(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return BadAddress(text, "no port");
  const std::optional<uint16_t> port = ParsePort(text.substr(colon + 1));
  if (!port) return BadAddress(text, "the port is not a number from 0 to 65535");
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (host.find('\0') != std::string_view::npos) return BadAddress(text, "a zero byte");
  const std::optional<std::string> canonical =
      CanonicalHost(bracketed ? AF_INET6 : AF_INET, std::string(host));
  if (!canonical) {
    return BadAddress(text, bracketed ? "not a numeric IPv6 address between the brackets"
                                      : "not a numeric IPv4 address (IPv6 stands in brackets)");
  }
  return SocketAddress{*canonical, *port};
}

std::string SocketAddress::ToString() const {
  return IsV6(host) ? absl::StrCat("[", host, "]:", port) : absl::StrCat(host, ":", port);
}

bool SocketAddress::is_loopback() const {
  in_addr v4;
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return ntohl(v4.s_addr) >> 24 == 127;
  in6_addr v6;
  if (inet_pton(AF_INET6, host.c_str(), &v6) != 1) return false;
  return IN6_IS_ADDR_LOOPBACK(&v6) || (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127);
}

}  // namespace troupe
