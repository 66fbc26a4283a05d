#ifndef TROUPE_ACTORS_RUNTIME_TERMINATE_HANDLER_H_
#define TROUPE_ACTORS_RUNTIME_TERMINATE_HANDLER_H_

namespace troupe::internal {

// From now on std::terminate() first says which actor this shard ran, and where: an exception
// that leaves a destructor says nothing of whose it was. What was set before comes after it.
//
// Thread: any; once a process, however often it is called.
void InstallTerminateHandler();

}  // namespace troupe::internal

#endif  // TROUPE_ACTORS_RUNTIME_TERMINATE_HANDLER_H_
