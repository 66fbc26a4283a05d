#ifndef TROUPE_ACTORS_CHILD_H_
#define TROUPE_ACTORS_CHILD_H_

#include "troupe/actors/ids.h"

namespace troupe {

// A child process that Context::Exec() has started.
struct Child {
  ChildId id;
  int pid = 0;  // The child's, and its process group's.

  operator ChildId() const { return id; }  // NOLINT: it is what names a child everywhere.
};

}  // namespace troupe

#endif  // TROUPE_ACTORS_CHILD_H_
