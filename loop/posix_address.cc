#include "troupe/loop/posix_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>

#include "absl/strings/str_cat.h"

namespace troupe {
namespace {

SocketAddress FromV4(const in_addr& host, uint16_t network_port) {
  char text[INET_ADDRSTRLEN];
  return {inet_ntop(AF_INET, &host, text, sizeof(text)), ntohs(network_port)};
}

SocketAddress FromV6(const sockaddr_in6& v6) {
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
    in_addr host;
    std::memcpy(&host, v6.sin6_addr.s6_addr + 12, sizeof(host));
    return FromV4(host, v6.sin6_port);
  }
  char text[INET6_ADDRSTRLEN];
  return {inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof(text)), ntohs(v6.sin6_port)};
}

}  // namespace

absl::StatusOr<PosixAddress> PosixAddress::From(const SocketAddress& address) {
  PosixAddress result;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&result.storage);
  if (inet_pton(AF_INET, address.host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(address.port);
    result.bytes = sizeof(sockaddr_in);
    return result;
  }
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&result.storage);
  if (inet_pton(AF_INET6, address.host.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(address.port);
    result.bytes = sizeof(sockaddr_in6);
    return result;
  }
  return absl::InvalidArgumentError(absl::StrCat("not a numeric address: ", address.ToString()));
}

SocketAddress PosixAddress::ToSocketAddress() const {
  switch (family()) {
    case AF_INET: {
      const auto* v4 = reinterpret_cast<const sockaddr_in*>(&storage);
      return FromV4(v4->sin_addr, v4->sin_port);
    }
    case AF_INET6:
      return FromV6(*reinterpret_cast<const sockaddr_in6*>(&storage));
    default:
      return {};
  }
}

SocketAddress LocalAddressOf(int fd) {
  PosixAddress address;
  if (getsockname(fd, address.raw(), &address.bytes) != 0) return {};
  return address.ToSocketAddress();
}

}  // namespace troupe
