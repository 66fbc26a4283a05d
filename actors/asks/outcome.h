#ifndef TROUPE_ACTORS_ASKS_OUTCOME_H_
#define TROUPE_ACTORS_ASKS_OUTCOME_H_

#include <optional>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace troupe::internal {

template <typename T>
struct OutcomeOf {
  using Type = absl::StatusOr<T>;
};
template <>
struct OutcomeOf<void> {
  using Type = absl::Status;
};
// What a handler that answers with T has in the end: StatusOr<T>, or Status for void.
template <typename T>
using Outcome = typename OutcomeOf<T>::Type;

// An OK status where a value is due: StatusOr would end the process.
absl::Status NoValue();

template <typename T, typename U>
Outcome<T> ToOutcome(U&& outcome) {
  if constexpr (!std::is_void_v<T> && std::is_same_v<std::remove_cvref_t<U>, absl::Status>) {
    if (outcome.ok()) [[unlikely]]
      return NoValue();
  }
  return Outcome<T>(std::forward<U>(outcome));
}

// What came of a request: `status` if it is an error or T is void, else the T at `value`, which is
// moved from.
template <typename T>
void Receive(std::optional<Outcome<T>>& outcome, absl::Status status, void* value) {
  if constexpr (std::is_void_v<T>) {
    outcome.emplace(std::move(status));
  } else if (status.ok()) {
    outcome.emplace(std::move(*static_cast<T*>(value)));
  } else {
    outcome.emplace(std::move(status));
  }
}

// Stands where an outcome will be: a code alone costs no allocation.
inline absl::Status NoOutcome() { return absl::Status(absl::StatusCode::kUnknown, ""); }
absl::Status FellOffTheEnd();
absl::Status AwaitedTwice();
absl::Status CancelledAwait();
// The same for a request that was not sent.
absl::Status CancelledUnsent();
// The same for one that may be handled still.
absl::Status CancelledSent();
// What was awaited is gone.
absl::Status DroppedAwait();
// Why an await of the coroutine that runs was cut short: cancelled or dropped.
absl::Status AwaitCutShort();
// A request's outcome is another await's, or the request was moved from.
absl::Status AskTakenBefore();
// A call has no request: it was moved from, or sent before.
absl::Status NothingToSend();

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_ASKS_OUTCOME_H_
