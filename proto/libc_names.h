#ifndef TROUPE_PROTO_LIBC_NAMES_H_
#define TROUPE_PROTO_LIBC_NAMES_H_

#include <string_view>

namespace troupe::codegen {

// Names that C's library has taken from C++, as glibc 2.36 has them. Those that protobuf's own
// headers declare matter only to services, since nothing else by such a name compiles anyway.

// A macro of a header that a user's file may include: no rpc and no service can be called so.
bool IsMacroOfLibc(std::string_view name);

// A macro that comes with the headers of the runtime, since those need Abseil's and the standard
// library's, but not with those of protobuf: nothing in a .proto can be called so in C++.
bool IsMacroOfRuntime(std::string_view name);

// The same for functions and types: nothing in the global namespace can be called so.
bool IsGlobalOfRuntime(std::string_view name);

}  // namespace troupe::codegen

#endif  // TROUPE_PROTO_LIBC_NAMES_H_
