#include "troupe/transport/export_table.h"

#include "absl/strings/str_cat.h"
#include "troupe/base/printable.h"

namespace troupe::internal {

absl::Status ExportTable::Add(std::string_view name, const AnyRef& ref) {
  if (name.empty() || name.size() > kNameBytesMax) {
    return absl::InvalidArgumentError(absl::StrCat("an export's name has 1 to ", kNameBytesMax,
                                                   " bytes: \"", Printable(name), "\""));
  }
  MutexLock lock(mutex_);
  if (exports_.size() >= exports_max_) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "exports_max (", exports_max_, ") actors are exported; \"", Printable(name), "\" is not"));
  }
  if (!exports_.try_emplace(std::string(name), ref).second) {
    return absl::AlreadyExistsError(absl::StrCat("\"", Printable(name), "\" is exported already"));
  }
  ++names_of_[ref];
  return absl::OkStatus();
}

bool ExportTable::Remove(std::string_view name) {
  MutexLock lock(mutex_);
  const auto it = exports_.find(std::string(name));
  if (it == exports_.end()) return false;
  const auto names = names_of_.find(it->second);
  if (--names->second == 0) names_of_.erase(names);
  exports_.erase(it);
  return true;
}

bool ExportTable::Has(const AnyRef& ref) const {
  MutexLock lock(mutex_);
  return names_of_.contains(ref);
}

std::optional<AnyRef> ExportTable::Find(std::string_view name) const {
  MutexLock lock(mutex_);
  const auto it = exports_.find(std::string(name));
  if (it == exports_.end()) return std::nullopt;
  return it->second;
}

}  // namespace troupe::internal
