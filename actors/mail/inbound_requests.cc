#include "troupe/actors/mail/inbound_requests.h"

namespace troupe::internal {

void InboundRequests::Add(Envelope& envelope) {
  if (envelope.sender_shard >= askers_.size()) askers_.resize(envelope.sender_shard + size_t{1});
  auto& pages = askers_[envelope.sender_shard];
  const size_t index = envelope.ask & kIndexMask;
  const size_t page = index / kPageRequests;
  if (page >= pages.size()) pages.resize(page + 1);
  if (pages[page] == nullptr) pages[page] = std::make_unique<Page>();
  InboundRequest& request = (*pages[page])[index % kPageRequests];
  // The asker may use a place again before the handler of a request that it gave up has ended.
  if (request.envelope == nullptr) ++count_;
  request = {.envelope = &envelope};
  envelope.flags |= kIndexed;
}

void InboundRequests::Remove(Envelope& envelope) {
  if (InboundRequest* const request = Of(envelope)) {
    *request = {};
    --count_;
  }
  envelope.flags &= ~kIndexed;
}

}  // namespace troupe::internal
