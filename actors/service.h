#ifndef TROUPE_ACTORS_SERVICE_H_
#define TROUPE_ACTORS_SERVICE_H_

// The building blocks of generated service code. A message is any type with protobuf's generated
// functions; no header of protobuf is included.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "troupe/actors/call.h"
#include "troupe/actors/certainty.h"
#include "troupe/actors/context.h"
#include "troupe/actors/shard/shard.h"
#include "troupe/actors/stream.h"
#include "troupe/actors/typing/dispatch.h"
#include "troupe/actors/typing/method.h"
#include "troupe/actors/worker.h"

namespace troupe::internal {

// Memory that a message owns besides its own bytes, which are already charged to its envelope.
template <typename M>
size_t MessageSpace(const M& message) {
  return message.SpaceUsedLong() - sizeof(M);
}

// Delivers a reply's value to its ask, on the asker's shard.
void DeliverOutcome(Shard& shard, uint64_t ask, void* value);
// Answers `request` without a value.
void SendStatus(Envelope& request, absl::Status status);
// Returns whether a reply of `bytes` may be sent. If it is too large, the asker is told so.
bool BeginReply(Envelope& request, size_t bytes);

template <typename M>
Envelope* EncloseRequest(const MessageType* type, M&& request) {
  const size_t space = MessageSpace(request);
  return Enclose(type, std::forward<M>(request), space);
}

// A reply on its way to the asker's shard.
template <typename T>
struct ReplyMessage {
  uint64_t ask;
  T value;

  void operator()(Shard& shard) { DeliverOutcome(shard, ask, &value); }
};

// Sends a handler's outcome. An error that the handler passed on may carry the certainty of its own
// request, whereas this one was executed.
template <typename T>
void SendOutcome(Envelope& request, Outcome<T> outcome) {
  if (request.ask == 0) return;
  if constexpr (std::is_void_v<T>) {
    SendStatus(request, std::move(outcome));  // Also if OK: there is no value.
  } else {
    if (!outcome.ok()) return SendStatus(request, std::move(outcome).status());
    Shard& shard = *Shard::Current();
    const size_t bytes = request.sender_shard == shard.index() ? 0 : MessageSpace(*outcome);
    if (!BeginReply(request, bytes)) return;
    SendDataTo(shard, request.sender_shard, ReplyMessage<T>{request.ask, *std::move(outcome)},
               bytes);
    HoldIfFull(request.sender_shard);
  }
}

// --- Unary: Method is Reply<Resp> (Actor::*)(Context&, const Req&). ---

template <typename Req, typename Resp>
void CompleteUnary(Envelope& envelope, std::coroutine_handle<> root) {
  PayloadGuard<Req> guard(envelope);
  const auto frame = std::coroutine_handle<ReplyPromise<Resp>>::from_address(root.address());
  FrameGuard<ReplyPromise<Resp>> frame_guard(frame);
  SendOutcome<Resp>(envelope, frame.promise().Take());
}

template <typename ServiceActor, typename Req, typename Resp, auto kMethod>
Progress RunUnary(Actor* actor, Envelope& envelope) {
  PayloadGuard<Req> guard(envelope);
  Context& context = envelope;
  Reply<Resp> reply =
      (static_cast<ServiceActor*>(actor)->*kMethod)(context, PayloadAs<Req>(envelope));
  if (!reply.done()) {
    guard.Release();
    return Park(envelope, reply.Detach());
  }
  SendOutcome<Resp>(envelope, reply.Take());
  return Progress::kDone;
}

template <typename ServiceWorker, typename Req, typename Resp, auto kMethod>
class UnaryJob final : public WorkJob {
 public:
  using WorkJob::WorkJob;

 private:
  void Handle(Worker& worker, WorkerContext& context) override {
    outcome_.emplace(
        (static_cast<ServiceWorker&>(worker).*kMethod)(context, PayloadAs<Req>(envelope())));
  }
  void Answer() override {
    if (outcome_.has_value()) SendOutcome<Resp>(envelope(), *std::move(outcome_));
  }
  void DestroyMessage() override { DestroyPayload<Req>(envelope()); }

  std::optional<Outcome<Resp>> outcome_;
};

// Who serves a message. A handle tells neither its service nor whether an actor or a pool of
// workers serves it, and one from a peer cannot be trusted: so the running actor is examined.
enum class Server : uint8_t { kActor, kWorkers, kNone };
Server ServerOf(const ServiceInfo& service);

// Answers a message to an actor that does not serve its service.
void RefuseNotServed(Envelope& envelope);

template <typename ServiceActor, typename ServiceWorker, typename Req, typename Resp,
          auto kActorMethod, auto kWorkerMethod>
Progress DispatchUnary(Actor* actor, Envelope& envelope) {
  const Server server = ServerOf(ServiceActor::Service::kServiceInfo);
  if (server == Server::kNone) [[unlikely]] {
    PayloadGuard<Req> guard(envelope);
    RefuseNotServed(envelope);
    return Progress::kDone;
  }
  if (server == Server::kWorkers) [[unlikely]] {
    auto& front = *static_cast<WorkerFront*>(actor);
    return front.Accept(std::make_unique<UnaryJob<ServiceWorker, Req, Resp, kWorkerMethod>>(
        *Shard::Current(), front, envelope));
  }
  return RunUnary<ServiceActor, Req, Resp, kActorMethod>(actor, envelope);
}

// --- Server streams: Method is Reply<void> (Actor::*)(Context&, const Req&, Sink<Resp>). ---

template <typename Req>
void CompleteStream(Envelope& envelope, std::coroutine_handle<> root) {
  PayloadGuard<Req> guard(envelope);
  const auto frame = std::coroutine_handle<ReplyPromise<void>>::from_address(root.address());
  FrameGuard<ReplyPromise<void>> frame_guard(frame);
  CloseSink(envelope);
  SendOutcome<void>(envelope, frame.promise().Take());
}

template <typename ServiceActor, typename Req, typename Resp, auto kMethod>
Progress DispatchStream(Actor* actor, Envelope& envelope) {
  PayloadGuard<Req> guard(envelope);
  const Server server = ServerOf(ServiceActor::Service::kServiceInfo);
  if (server == Server::kNone) [[unlikely]] {
    RefuseNotServed(envelope);
    return Progress::kDone;
  }
  if (server == Server::kWorkers) [[unlikely]] {
    SendStatus(envelope, absl::UnimplementedError("workers serve no streams"));
    return Progress::kDone;
  }
  Context& context = envelope;
  SinkGuard sink_guard(envelope);
  Sink<Resp> sink(sink_guard.state());
  Reply<void> reply =
      (static_cast<ServiceActor*>(actor)->*kMethod)(context, PayloadAs<Req>(envelope), sink);
  if (!reply.done()) {
    guard.Release();
    sink_guard.Release();
    envelope.flags |= kInterleaved;
    return Park(envelope, reply.Detach());
  }
  SendOutcome<void>(envelope, reply.Take());
  return Progress::kDone;
}

// --- The wire. ---

template <typename M>
size_t RequestSize(Envelope& envelope) {
  return PayloadAs<M>(envelope).ByteSizeLong();
}
template <typename M>
void WriteRequest(Envelope& envelope, char* out) {
  PayloadAs<M>(envelope).SerializeWithCachedSizesToArray(reinterpret_cast<uint8_t*>(out));
}
template <typename M>
size_t ResponseSize(const void* value) {
  return static_cast<const M*>(value)->ByteSizeLong();
}
template <typename M>
void WriteResponse(const void* value, char* out) {
  static_cast<const M*>(value)->SerializeWithCachedSizesToArray(reinterpret_cast<uint8_t*>(out));
}
template <typename M>
bool ParseMessage(M& message, std::string_view bytes) {
  return message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}
template <typename M>
bool ParseResponse(std::string_view bytes, absl::FunctionRef<void(void* value)> use) {
  M message;
  if (!ParseMessage(message, bytes)) return false;
  use(&message);
  return true;
}
template <typename M>
size_t ResponseSpace(const void* value) {
  return static_cast<const M*>(value)->SpaceUsedLong();
}
template <typename M, const MessageType* kType>
Envelope* ParseRequest(std::string_view bytes) {
  Shard& shard = *Shard::Current();
  Envelope* const envelope = shard.NewEnvelope(kType);
  shard.EmplacePayload<M>(envelope, 0);
  M& message = PayloadAs<M>(*envelope);
  if (!ParseMessage(message, bytes)) {
    DestroyPayload<M>(*envelope);
    shard.Recycle(envelope);
    return nullptr;
  }
  envelope->bytes += static_cast<uint32_t>(MessageSpace(message));
  return envelope;
}

// The class with M's reflection, found by where DebugString() is declared, since this header does
// not name it.
template <typename Class>
Class* ClassOfMember(std::string (Class::*)() const);
template <typename M>
concept HasReflection = requires {
  ClassOfMember(&M::DebugString);
};
template <typename M>
const void* ReflectedMessage(const M& message) {
  if constexpr (HasReflection<M>) {
    using Base = std::remove_pointer_t<decltype(ClassOfMember(&M::DebugString))>;
    return static_cast<const Base*>(&message);
  } else {
    return nullptr;
  }
}
template <typename M>
const void* RequestMessage(Envelope& envelope) {
  return ReflectedMessage(PayloadAs<M>(envelope));
}
template <typename M>
const void* ResponseMessage(const void* value) {
  return ReflectedMessage(*static_cast<const M*>(value));
}

// Fills in the wire functions of a method with these message types.
template <typename Req, typename Resp, const MessageType* kType>
constexpr MethodInfo WireMethod(MethodInfo info) {
  info.type = kType;
  info.fingerprint = Fingerprint(info.service, info.name);
  info.request_message = &RequestMessage<Req>;
  info.request_size = &RequestSize<Req>;
  info.write_request = &WriteRequest<Req>;
  info.parse_request = &ParseRequest<Req, kType>;
  if constexpr (!std::is_void_v<Resp>) {
    info.response_size = &ResponseSize<Resp>;
    info.write_response = &WriteResponse<Resp>;
    info.parse_response = &ParseResponse<Resp>;
    info.response_space = &ResponseSpace<Resp>;
    info.response_message = &ResponseMessage<Resp>;
  }
  return info;
}

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_SERVICE_H_
