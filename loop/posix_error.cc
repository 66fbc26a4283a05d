#include "troupe/loop/posix_error.h"

#include <cerrno>

#include "troupe/base/text.h"

namespace troupe {
namespace {

bool IsBrokenConnection(int error) {
  switch (error) {
    case EPIPE:
    case ECONNRESET:
    case ECONNREFUSED:
    case ECONNABORTED:
    case EADDRNOTAVAIL:
    case ENOTCONN:
    case ESHUTDOWN:
    case EPROTO:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENETDOWN:
    case ENETRESET:
    case ENETUNREACH:
      return true;
    default:
      return false;
  }
}

}  // namespace

absl::Status StatusFromErrno(int error, std::string_view what) {
  absl::Status said = absl::ErrnoToStatus(error, AbslView(what));
  if (IsBrokenConnection(error)) return absl::UnavailableError(said.message());
  if (error == ENOEXEC || error == ELOOP || error == ENOTDIR) {
    return absl::InvalidArgumentError(said.message());
  }
  if (error == EAGAIN) return absl::ResourceExhaustedError(said.message());
  return said;
}

bool IsOutOfResources(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace troupe
