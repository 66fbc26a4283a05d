#include "troupe/actors/supervision/name_table.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "troupe/base/text.h"

namespace troupe::internal {

absl::Status NameTable::Claim(std::string_view name, const Entry& entry) {
  std::string key(name);
  MutexLock lock(mutex_);
  // A name that is taken is so at the limit as well.
  if (names_.contains(key)) {
    return absl::AlreadyExistsError(
        absl::StrCat("an actor named \"", AbslView(name), "\" is alive"));
  }
  if (names_.size() >= names_max_) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "names_max (", names_max_, ") actors have names; no room for \"", AbslView(name), "\""));
  }
  names_.emplace(std::move(key), entry);
  return absl::OkStatus();
}

void NameTable::Release(std::string_view name, const AnyRef& ref) {
  MutexLock lock(mutex_);
  const auto it = names_.find(std::string(name));
  if (it != names_.end() && it->second.ref == ref) names_.erase(it);
}

std::optional<NameTable::Entry> NameTable::Find(std::string_view name) const {
  MutexLock lock(mutex_);
  const auto it = names_.find(std::string(name));
  if (it == names_.end()) return std::nullopt;
  return it->second;
}

}  // namespace troupe::internal
