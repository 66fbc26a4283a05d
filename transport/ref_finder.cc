#include "troupe/transport/ref_finder.h"

#include <vector>

#include "absl/container/flat_hash_set.h"
#include "google/protobuf/descriptor.h"

namespace troupe::internal {
namespace {

namespace pb = google::protobuf;

// Whether messages of that type may hold a handle, at whatever depth.
bool MayHoldRefs(const pb::Descriptor* type, absl::flat_hash_set<const pb::Descriptor*>& seen) {
  if (type == ActorRef::descriptor()) return true;
  if (!seen.insert(type).second) return false;
  for (int i = 0; i < type->field_count(); ++i) {
    const pb::Descriptor* const field_type = type->field(i)->message_type();
    if (field_type != nullptr && MayHoldRefs(field_type, seen)) return true;
  }
  return false;
}

}  // namespace

bool RefFinder::LookUp(Known& known, Last& last, const MethodInfo& method,
                       absl::FunctionRef<const pb::Message*()> message) {
  const auto [it, is_new] = known.try_emplace(&method, false);
  if (is_new) {
    const pb::Message* const sample = message();
    absl::flat_hash_set<const pb::Descriptor*> seen;
    it->second = sample != nullptr && MayHoldRefs(sample->GetDescriptor(), seen);
  }
  last = {&method, it->second};
  return it->second;
}

size_t RefFinder::Clear(const pb::Message& message,
                        absl::FunctionRef<bool(const ActorRef&)> unwanted) {
  size_t cleared = 0;
  ForEach(message, [&](const ActorRef& ref) {
    if (!unwanted(ref)) return;
    const_cast<ActorRef&>(ref).Clear();
    ++cleared;
  });
  return cleared;
}

void RefFinder::ForEach(const pb::Message& message, absl::FunctionRef<void(const ActorRef&)> use) {
  if (message.GetDescriptor() == ActorRef::descriptor()) {
    use(static_cast<const ActorRef&>(message));
    return;
  }
  const pb::Reflection& reflection = *message.GetReflection();
  std::vector<const pb::FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const pb::FieldDescriptor* const field : fields) {
    if (field->message_type() == nullptr) continue;
    if (!field->is_repeated()) {
      ForEach(reflection.GetMessage(message, field), use);
      continue;
    }
    for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
      ForEach(reflection.GetRepeatedMessage(message, field, i), use);
    }
  }
}

}  // namespace troupe::internal
