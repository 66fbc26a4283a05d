#include "troupe/proto/method_text.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/empty.pb.h>

#include <algorithm>

#include "troupe/proto/cpp_names.h"
#include "troupe/proto/options.pb.h"

namespace troupe::codegen {
namespace {

namespace pb = google::protobuf;

const char* KindOf(Shape shape) {
  switch (shape) {
    case Shape::kUnary:
      return "kUnary";
    case Shape::kOneway:
      return "kOneway";
    case Shape::kServerStream:
      return "kServerStream";
  }
  return "";
}

const char* Literal(bool value) { return value ? "true" : "false"; }

std::string AsCommentLine(std::string text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\r')) text.pop_back();
  // A line that ends in a backslash goes on in the next one.
  if (!text.empty() && text.back() == '\\') text += " //";
  return text.empty() || text.front() == ' ' ? "//" + text : "// " + text;
}

std::vector<std::string> AsComment(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t start = 0; start < text.size();) {
    const size_t end = std::min(text.find('\n', start), text.size());
    lines.push_back(AsCommentLine(text.substr(start, end - start)));
    start = end + 1;
  }
  return lines;
}

template <typename D>
std::vector<std::string> CommentOn(const D& descriptor) {
  pb::SourceLocation location;
  if (!descriptor.GetSourceLocation(&location)) return {};
  const bool above = !location.leading_comments.empty();
  return AsComment(above ? location.leading_comments : location.trailing_comments);
}

}  // namespace

Shape ShapeOf(const pb::MethodDescriptor& method) {
  if (method.server_streaming()) return Shape::kServerStream;
  return method.options().GetExtension(oneway) ? Shape::kOneway : Shape::kUnary;
}

bool ReturnsNothing(const pb::MethodDescriptor& method) {
  // By name: descriptors of a compiler's run are not those that this program was built with.
  return !method.server_streaming() &&
         method.output_type()->full_name() == pb::Empty::descriptor()->full_name();
}

std::string ResultOf(Shape shape) {
  switch (shape) {
    case Shape::kUnary:
      return "::troupe::Call<$Response$>";
    case Shape::kOneway:
      return "::troupe::SendResult";
    case Shape::kServerStream:
      return "::troupe::Stream<$Response$>";
  }
  return "";
}

Words WordsOf(const pb::ServiceDescriptor& service) {
  return {{"Service", service.name()},
          {"service", ClassOf(service)},
          {"service_name", service.full_name()}};
}

Words WordsOf(const pb::MethodDescriptor& method) {
  const Shape shape = ShapeOf(method);
  Words words = WordsOf(*method.service());
  words["Method"] = method.name();
  words["Request"] = ClassOf(*method.input_type());
  words["Response"] = ReturnsNothing(method) ? "void" : ClassOf(*method.output_type());
  words["index"] = std::to_string(method.index());
  words["kind"] = KindOf(shape);
  words["idempotent"] = Literal(method.options().GetExtension(idempotent));
  words["interleave"] =
      Literal(shape == Shape::kServerStream || method.options().GetExtension(interleave));
  return words;
}

std::vector<std::string> CommentOf(const pb::ServiceDescriptor& service) {
  return CommentOn(service);
}
std::vector<std::string> CommentOf(const pb::MethodDescriptor& method) { return CommentOn(method); }

}  // namespace troupe::codegen
