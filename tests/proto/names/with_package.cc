#include <concepts>

#include "tests/proto/names/macros.troupe.h"
#include "tests/proto/names/members.troupe.h"
#include "tests/proto/names/package_connect.troupe.h"
#include "tests/proto/names/package_poll.troupe.h"
#include "tests/proto/names/rpcs.troupe.h"
#include "troupe/actors/actor.h"
#include "troupe/actors/context.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/reply.h"
#include "troupe/tests/proto/names/services.h"

namespace names {
namespace {

// A user's actor, by a name of C's library too.
class listen final : public connect::Box::Actor {
 public:
  troupe::Reply<connect::Note> Put(troupe::Context&, const connect::Note& request) override {
    return request;
  }
};
static_assert(std::convertible_to<troupe::Ref<listen>, connect::Box::Ref>);
static_assert(macros::O_RDONLY != macros::O_WRONLY && macros::MIN != macros::MAX);

}  // namespace

std::vector<std::string_view> ServicesWithAPackage() {
  return {connect::Box::kServiceInfo.name,   poll::Box::kServiceInfo.name,
          macros::Macros::kServiceInfo.name, members::Members::kServiceInfo.name,
          rpcs::Odd::kServiceInfo.name,      rpcs::Service::kServiceInfo.name,
          rpcs::Context::kServiceInfo.name,  rpcs::Reply::kServiceInfo.name,
          rpcs::On::kServiceInfo.name,       rpcs::troupe::kServiceInfo.name,
          rpcs::google::kServiceInfo.name,   rpcs::signal::kServiceInfo.name,
          rpcs::internal::kServiceInfo.name};
}

}  // namespace names
