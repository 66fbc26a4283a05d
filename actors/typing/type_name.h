#ifndef TROUPE_ACTORS_TYPING_TYPE_NAME_H_
#define TROUPE_ACTORS_TYPING_TYPE_NAME_H_

#include <cstddef>
#include <string_view>

namespace troupe::internal {

template <typename T>
constexpr std::string_view PrettyFunction() {
  return __PRETTY_FUNCTION__;
}

// The name of T as the compiler spells it, for log lines and statuses; needs no RTTI.
template <typename T>
constexpr std::string_view TypeName() {
  // What stands before and after the name is the same for every T.
  constexpr std::string_view kProbe = PrettyFunction<int>();
  constexpr size_t kPrefix = kProbe.find("T = int") + 4;
  constexpr size_t kSuffix = kProbe.size() - kPrefix - 3;
  constexpr std::string_view kText = PrettyFunction<T>();
  return kText.substr(kPrefix, kText.size() - kPrefix - kSuffix);
}

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_TYPING_TYPE_NAME_H_
