#ifndef TROUPE_LOOP_PROCESS_ID_H_
#define TROUPE_LOOP_PROCESS_ID_H_

namespace troupe {

// Returns the id of this process, which differs in a forked child.
// Thread: any.
int ProcessId();

}  // namespace troupe

#endif  // TROUPE_LOOP_PROCESS_ID_H_
