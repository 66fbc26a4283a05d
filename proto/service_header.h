#ifndef TROUPE_PROTO_SERVICE_HEADER_H_
#define TROUPE_PROTO_SERVICE_HEADER_H_

namespace google::protobuf {
class FileDescriptor;
namespace io {
class ZeroCopyOutputStream;
}  // namespace io
}  // namespace google::protobuf

namespace troupe::codegen {

// Writes x.troupe.h: of each service the class with its Actor, Worker and Ref.
void WriteServiceHeader(const google::protobuf::FileDescriptor& file,
                        google::protobuf::io::ZeroCopyOutputStream& out);

}  // namespace troupe::codegen

#endif  // TROUPE_PROTO_SERVICE_HEADER_H_
