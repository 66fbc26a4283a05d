#ifndef TROUPE_ACTORS_CHILD_H_
#define TROUPE_ACTORS_CHILD_H_

#include "troupe/actors/ids.h"

namespace troupe {

// A child process started by Context::Exec().
struct Child {
  ChildId id;
  int pid = 0;  // Of the child and of its process group.

  operator ChildId() const { return id; }  // NOLINT: calls and events name a child by its id.
};

}  // namespace troupe

#endif  // TROUPE_ACTORS_CHILD_H_
