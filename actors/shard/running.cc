#include "troupe/actors/shard/running.h"

#include <string_view>

#include "absl/strings/str_cat.h"
#include "troupe/actors/cells/cell.h"
#include "troupe/actors/envelopes/envelope.h"
#include "troupe/actors/supervision/supervisor.h"
#include "troupe/base/text.h"

namespace troupe::internal {

std::string Describe(const Running& running) {
  const Cell* const cell = running.cell;
  if (cell == nullptr || cell->instance() == nullptr) return "";
  std::string_view where = "the destructor";
  if (running.envelope != nullptr) {
    where = running.envelope->type->name;
  } else if (cell->state == CellState::kStarting) {
    where = "the constructor";
  }
  return absl::StrCat("actor ", Supervisor::NameOf(*cell), ", in ", AbslView(where));
}

}  // namespace troupe::internal
