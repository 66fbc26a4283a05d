#ifndef TROUPE_LOOP_POSIX_ADDRESS_H_
#define TROUPE_LOOP_POSIX_ADDRESS_H_

#include <sys/socket.h>

#include "absl/status/statusor.h"
#include "troupe/loop/socket.h"

namespace troupe {

// A SocketAddress in the form that system calls take.
struct PosixAddress {
  sockaddr_storage storage = {};
  socklen_t bytes = sizeof(sockaddr_storage);

  // Errors: INVALID_ARGUMENT if the host is not numeric.
  static absl::StatusOr<PosixAddress> From(const SocketAddress& address);

  // Returns an IPv4 address mapped into IPv6 as an IPv4 address.
  SocketAddress ToSocketAddress() const;

  int family() const { return storage.ss_family; }
  const sockaddr* raw() const { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* raw() { return reinterpret_cast<sockaddr*>(&storage); }
};

// Returns the address of `fd` by getsockname, or the default value if it has none.
SocketAddress LocalAddressOf(int fd);

}  // namespace troupe

#endif  // TROUPE_LOOP_POSIX_ADDRESS_H_
