#ifndef TROUPE_LOOP_PROCESS_ID_H_
#define TROUPE_LOOP_PROCESS_ID_H_

namespace troupe {

// This process: another one in a forked child. Thread: any.
int ProcessId();

}  // namespace troupe

#endif  // TROUPE_LOOP_PROCESS_ID_H_
