#ifndef TROUPE_ACTORS_SUPERVISION_NAME_TABLE_H_
#define TROUPE_ACTORS_SUPERVISION_NAME_TABLE_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "troupe/actors/any_ref.h"
#include "troupe/base/mutex.h"

namespace troupe::internal {

struct ServiceInfo;

// The names of one system's living actors.
//
// Thread: any. Claims must be decided at once, by whoever spawns, so this is a lock rather than
//         a message; it is met by spawns of named actors and by lookups only.
// Bounds: `names_max`.
class NameTable {
 public:
  struct Entry {
    AnyRef ref;
    const ServiceInfo* service = nullptr;
  };

  explicit NameTable(size_t names_max) : names_max_(names_max) {}

  // Errors: ALREADY_EXISTS, RESOURCE_EXHAUSTED; the name stands in the text.
  absl::Status Claim(std::string_view name, const Entry& entry);
  // Ignored when `name` is not `ref`'s.
  void Release(std::string_view name, const AnyRef& ref);
  std::optional<Entry> Find(std::string_view name) const;

 private:
  const size_t names_max_;
  mutable Mutex mutex_;
  absl::flat_hash_map<std::string, Entry> names_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_SUPERVISION_NAME_TABLE_H_
