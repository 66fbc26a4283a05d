#ifndef DOWNSTREAM_ACTORS_REF_H_
#define DOWNSTREAM_ACTORS_REF_H_

namespace downstream {

// What this workspace calls a Ref; Troupe's own is troupe::Ref, in "troupe/actors/ref.h".
struct Ref {
  int cents = 0;
};

}  // namespace downstream

#endif  // DOWNSTREAM_ACTORS_REF_H_
