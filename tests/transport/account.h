#ifndef TROUPE_TESTS_TRANSPORT_ACCOUNT_H_
#define TROUPE_TESTS_TRANSPORT_ACCOUNT_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "tests/transport/bank.troupe.h"
#include "troupe/actors/actor.h"
#include "troupe/actors/context.h"
#include "troupe/actors/events/sleeper.h"
#include "troupe/actors/reply.h"
#include "troupe/actors/stream.h"
#include "troupe/base/status_macros.h"

namespace troupe {

// An account that tests call from other nodes.
class AccountActor final : public bank::Account::Actor {
 public:
  explicit AccountActor(int64_t cents) : cents_(cents) {}

  Reply<bank::Balance> Deposit(Context&, const bank::DepositRequest& request) override {
    if (request.cents() <= 0) return absl::InvalidArgumentError("cents must be positive");
    cents_ += request.cents();
    bank::Balance balance = MakeBalance();
    balance.set_padding(request.padding());
    return balance;
  }

  Reply<void> Audit(Context&, const bank::AuditNote&) override {
    ++audits_;
    return absl::OkStatus();
  }

  Reply<bank::Balance> Get(Context&, const google::protobuf::Empty&) override {
    return MakeBalance();
  }

  Reply<void> Watch(Context&, const bank::WatchRequest& request, Sink<bank::Balance> out) override {
    for (int i = 0; i < request.items(); ++i) {
      bank::Balance balance;
      balance.set_cents(i);
      balance.set_padding(request.padding());
      TROUPE_CO_RETURN_IF_ERROR(co_await out.Write(balance));
    }
    if (request.items() < 0) co_return absl::OutOfRangeError("fewer than no items");
    co_return absl::OkStatus();
  }

  Reply<bank::Balance> Hang(Context& cx, const google::protobuf::Empty&) override {
    ++audits_;
    co_await cx.Sleep(absl::Hours(1));
    co_return absl::InternalError("woken");
  }

  Reply<bank::Balance> Introduce(Context& cx, const bank::Introduction& request) override {
    const auto other = FromProto<bank::Account::Ref>(*cx.self().system(), request.who());
    bank::DepositRequest deposit;
    deposit.set_cents(1);
    absl::StatusOr<bank::Balance> balance = co_await other.Deposit(deposit);
    co_return balance;
  }

  Reply<bank::Introduction> Self(Context& cx, const google::protobuf::Empty&) override {
    bank::Introduction introduction;
    *introduction.mutable_who() = ToProto(cx.self());
    return introduction;
  }

  Reply<void> Stop(Context& cx, const bank::StopRequest& request) override {
    if (request.fail()) return absl::InternalError("asked to fail");
    cx.Stop();
    return absl::OkStatus();
  }

 private:
  bank::Balance MakeBalance() const {
    bank::Balance balance;
    balance.set_cents(cents_);
    balance.set_audits(audits_);
    return balance;
  }

  int64_t cents_;
  int64_t audits_ = 0;
};

}  // namespace troupe

#endif  // TROUPE_TESTS_TRANSPORT_ACCOUNT_H_
