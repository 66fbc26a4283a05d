#ifndef TROUPE_ACTORS_SERVICE_ONEWAY_H_
#define TROUPE_ACTORS_SERVICE_ONEWAY_H_

// The building blocks of generated code for (troupe.oneway) rpcs.

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "troupe/actors/context.h"
#include "troupe/actors/ref.h"
#include "troupe/actors/service.h"
#include "troupe/actors/typing/dispatch.h"
#include "troupe/actors/worker.h"

namespace troupe::internal {

// Like SendOneWay(), charging the space of a protobuf message.
template <typename M>
SendResult SendRequest(const AnyRef& ref, const MessageType* type, M&& request) {
  Shard* const shard = Shard::Current();
  if (shard != nullptr && shard->IsLocal(ref)) [[likely]] {
    if (Cell* const cell = shard->Find(ref)) [[likely]] {
      Envelope* const envelope = EncloseRequest(type, std::forward<M>(request));
      const SendResult result = shard->Enqueue(*cell, envelope);
      if (result != SendResult::kAccepted) [[unlikely]]
        DiscardUnsent(envelope);
      return result;
    }
  }
  return SendEnclosed(ref, EncloseRequest(type, std::forward<M>(request)));
}

template <typename M>
SendResult SendRequest(const AnyRef& ref, const MessageType* type, M&& request, Tag tag) {
  return SendTagged(ref, EncloseRequest(type, std::forward<M>(request)), tag);
}

template <typename ServiceWorker, typename Req, auto kMethod>
class OneWayJob final : public WorkJob {
 public:
  using WorkJob::WorkJob;

 private:
  void Handle(Worker& worker, WorkerContext& context) override {
    outcome_ = (static_cast<ServiceWorker&>(worker).*kMethod)(context, PayloadAs<Req>(envelope()));
  }
  void Answer() override {
    if (!outcome_.ok()) NoteOneWayOutcome(outcome_, *envelope().type);
  }
  void DestroyMessage() override { DestroyPayload<Req>(envelope()); }
  absl::Status outcome_;
};

// kActorMethod is Reply<void> (Actor::*)(Context&, const Req&); kWorkerMethod is its blocking
// counterpart.
template <typename ServiceActor, typename ServiceWorker, typename Req, auto kActorMethod,
          auto kWorkerMethod>
Progress DispatchOneWayMethod(Actor* actor, Envelope& envelope) {
  const Server server = ServerOf(ServiceActor::Service::kServiceInfo);
  if (server == Server::kNone) [[unlikely]] {
    PayloadGuard<Req> guard(envelope);
    RefuseNotServed(envelope);
    return Progress::kDone;
  }
  if (server == Server::kWorkers) [[unlikely]] {
    auto& front = *static_cast<WorkerFront*>(actor);
    return front.Accept(std::make_unique<OneWayJob<ServiceWorker, Req, kWorkerMethod>>(
        *Shard::Current(), front, envelope));
  }
  PayloadGuard<Req> guard(envelope);
  Context& context = envelope;
  return SettleOneWay<Req>(
      (static_cast<ServiceActor*>(actor)->*kActorMethod)(context, PayloadAs<Req>(envelope)),
      envelope, guard);
}

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_SERVICE_ONEWAY_H_
