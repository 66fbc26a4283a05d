#include "troupe/actors/supervision/cell_extra.h"

namespace troupe::internal {

CellExtra& Cell::Extra() {
  if (extra == nullptr) extra = new CellExtra;
  return *extra;
}

void Cell::FreeExtra() {
  delete extra;
  extra = nullptr;
}

}  // namespace troupe::internal
