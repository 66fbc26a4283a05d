// The protoc plugin: protoc --plugin=protoc-gen-troupe=... --troupe_out=... x.proto

#include <google/protobuf/compiler/plugin.h>

#include "troupe/proto/service_generator.h"

int main(int argc, char** argv) {
  const troupe::codegen::ServiceGenerator generator;
  return google::protobuf::compiler::PluginMain(argc, argv, &generator);
}
