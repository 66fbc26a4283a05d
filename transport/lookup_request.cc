#include "troupe/transport/lookup_request.h"

#include "absl/strings/str_cat.h"
#include "troupe/actors/typing/dispatch.h"
#include "troupe/base/printable.h"
#include "troupe/base/text.h"
#include "troupe/loop/socket.h"
#include "troupe/transport/export_table.h"

namespace troupe::internal {
namespace {

Progress DispatchNothing(Actor*, Envelope& envelope) {
  DestroyPayload<LookupRequest>(envelope);
  return Progress::kDone;
}

absl::Status BadUrl(std::string_view url, std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("\"", Printable(url), "\": ", AbslView(what),
                                                 "; it looks like troupe://127.0.0.1:4500/name"));
}

}  // namespace

constinit const MessageType kLookupType = {.dispatch = &DispatchNothing,
                                           .destroy = &DestroyPayload<LookupRequest>,
                                           .name = "troupe.Lookup"};

LookupRequest ParseLookup(std::string_view url) {
  LookupRequest request;
  constexpr std::string_view kScheme = "troupe://";
  if (url.substr(0, kScheme.size()) != kScheme) {
    request.bad_url = BadUrl(url, "it does not begin with troupe://");
    return request;
  }
  const std::string_view rest = url.substr(kScheme.size());
  const size_t slash = rest.find('/');
  if (slash == std::string_view::npos || slash + 1 == rest.size()) {
    request.bad_url = BadUrl(url, "it names no actor");
    return request;
  }
  if (rest.size() - slash - 1 > ExportTable::kNameBytesMax) {
    request.bad_url = BadUrl(url, "the actor's name is too long");
    return request;
  }
  const absl::StatusOr<SocketAddress> address = SocketAddress::Parse(rest.substr(0, slash));
  if (!address.ok()) {
    request.bad_url = address.status();
    return request;
  }
  request.address = address->ToString();
  request.name = std::string(rest.substr(slash + 1));
  return request;
}

}  // namespace troupe::internal
