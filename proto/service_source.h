#ifndef TROUPE_PROTO_SERVICE_SOURCE_H_
#define TROUPE_PROTO_SERVICE_SOURCE_H_

namespace google::protobuf {
class FileDescriptor;
namespace io {
class ZeroCopyOutputStream;
}  // namespace io
}  // namespace google::protobuf

namespace troupe::codegen {

// Writes x.troupe.cc: of each method how it is dispatched and sent, constant-initialised.
void WriteServiceSource(const google::protobuf::FileDescriptor& file,
                        google::protobuf::io::ZeroCopyOutputStream& out);

}  // namespace troupe::codegen

#endif  // TROUPE_PROTO_SERVICE_SOURCE_H_
