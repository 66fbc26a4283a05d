#ifndef TROUPE_PROTO_METHOD_TEXT_H_
#define TROUPE_PROTO_METHOD_TEXT_H_

#include <map>
#include <string>
#include <vector>

namespace google::protobuf {
class MethodDescriptor;
class ServiceDescriptor;
}  // namespace google::protobuf

namespace troupe::codegen {

// What generated text is filled in with, by the names that templates write as $name$.
using Words = std::map<std::string, std::string>;

enum class Shape { kUnary, kOneway, kServerStream };
Shape ShapeOf(const google::protobuf::MethodDescriptor& method);
// Whether the outcome of the rpc is a status alone: what it returns is google.protobuf.Empty, and
// not a stream of it.
bool ReturnsNothing(const google::protobuf::MethodDescriptor& method);
// What a handle's method of this shape returns, with words to fill in.
std::string ResultOf(Shape shape);

// $Service$ "Account", $service$ "::bank::Account", $service_name$ "bank.Account".
Words WordsOf(const google::protobuf::ServiceDescriptor& service);

// The service's, and $Method$, $Request$, $Response$ (void if it ReturnsNothing()), $index$,
// $kind$, $idempotent$, $interleave$.
Words WordsOf(const google::protobuf::MethodDescriptor& method);

// What the .proto says above it, or else behind it, as the lines of a C++ comment.
std::vector<std::string> CommentOf(const google::protobuf::ServiceDescriptor& service);
std::vector<std::string> CommentOf(const google::protobuf::MethodDescriptor& method);

}  // namespace troupe::codegen

#endif  // TROUPE_PROTO_METHOD_TEXT_H_
