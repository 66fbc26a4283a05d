#ifndef TROUPE_TRANSPORT_EXPORT_TABLE_H_
#define TROUPE_TRANSPORT_EXPORT_TABLE_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "troupe/actors/any_ref.h"
#include "troupe/base/mutex.h"

namespace troupe::internal {

// The actors that peers may look up, by name.
//
// Thread: any. A lock rather than a message, since an export is decided at once; only exports and
//         lookups take it.
// Bounds: `exports_max`; a name has 1 to 255 bytes.
class ExportTable {
 public:
  static constexpr size_t kNameBytesMax = 255;

  explicit ExportTable(size_t exports_max) : exports_max_(exports_max) {}

  // Errors: INVALID_ARGUMENT, ALREADY_EXISTS, RESOURCE_EXHAUSTED, all with the name.
  absl::Status Add(std::string_view name, const AnyRef& ref);
  bool Remove(std::string_view name);
  std::optional<AnyRef> Find(std::string_view name) const;
  // Whether `ref` is exported under any name.
  bool Has(const AnyRef& ref) const;

 private:
  const size_t exports_max_;
  mutable Mutex mutex_;
  absl::flat_hash_map<std::string, AnyRef> exports_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<AnyRef, size_t> names_of_ ABSL_GUARDED_BY(mutex_);  // Counts.
};

}  // namespace troupe::internal

#endif  // TROUPE_TRANSPORT_EXPORT_TABLE_H_
