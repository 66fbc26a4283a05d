#ifndef TROUPE_BASE_STATUS_MACROS_H_
#define TROUPE_BASE_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define TROUPE_MACRO_CONCAT_INNER_(a, b) a##b
#define TROUPE_MACRO_CONCAT_(a, b) TROUPE_MACRO_CONCAT_INNER_(a, b)

// g++ reports an error inside a macro at the macro's use only if a system header defines it.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC system_header
#endif

// Returns from the enclosing function if `expression`, an absl::Status, is not OK.
#define TROUPE_RETURN_IF_ERROR(expression)                     \
  do {                                                         \
    ::absl::Status troupe_macro_status = (expression);         \
    if (!troupe_macro_status.ok()) return troupe_macro_status; \
  } while (false)

// Does the same in a coroutine. `expression` may contain one co_await.
#define TROUPE_CO_RETURN_IF_ERROR(expression)                     \
  do {                                                            \
    ::absl::Status troupe_macro_status = (expression);            \
    if (!troupe_macro_status.ok()) co_return troupe_macro_status; \
  } while (false)

#define TROUPE_ASSIGN_OR_INNER_(temporary, leave, lhs, expression) \
  auto temporary = (expression);                                   \
  if (!temporary.ok()) leave std::move(temporary).status();        \
  lhs = *std::move(temporary)

// Assigns the value of `expression`, an absl::StatusOr<T>, to `lhs`, or returns its status.
#define TROUPE_ASSIGN_OR_RETURN(lhs, expression) \
  TROUPE_ASSIGN_OR_INNER_(TROUPE_MACRO_CONCAT_(troupe_statusor_, __LINE__), return, lhs, expression)

// Does the same in a coroutine. `expression` may contain one co_await.
#define TROUPE_CO_ASSIGN_OR_RETURN(lhs, expression)                                         \
  TROUPE_ASSIGN_OR_INNER_(TROUPE_MACRO_CONCAT_(troupe_statusor_, __LINE__), co_return, lhs, \
                          expression)

#endif  // TROUPE_BASE_STATUS_MACROS_H_
