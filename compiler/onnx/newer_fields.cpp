// Fields that onnx.proto has got since libonnx 1.12. Its classes keep them as unknown fields.
#include <google/protobuf/unknown_field_set.h>

#include "onnx/proto.hpp"

namespace netsuke {
namespace {

// Field numbers in onnx.proto of ONNX 1.16.
constexpr int kFunctionAttributeProto = 11, kFunctionOverload = 13, kNodeOverload = 8;

template <class Message>
std::vector<std::string> unknown_bytes(const Message& m, int number) {
  std::vector<std::string> found;
  const auto& fields = m.unknown_fields();
  for (int i = 0; i < fields.field_count(); i++) {
    const auto& f = fields.field(i);
    if (f.number() == number && f.type() == google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED)
      found.push_back(f.length_delimited());
  }
  return found;
}

template <class Message>
std::string last_string(const Message& m, int number) {
  std::vector<std::string> found = unknown_bytes(m, number);
  return found.empty() ? "" : found.back();
}

}  // namespace

std::vector<onnx::AttributeProto> default_attributes(const onnx::FunctionProto& f) {
  std::vector<onnx::AttributeProto> attributes;
  for (const std::string& bytes : unknown_bytes(f, kFunctionAttributeProto)) {
    onnx::AttributeProto a;
    if (!a.ParseFromString(bytes))
      fail("not-an-onnx-model", f.name(), "a default attribute of this function is damaged", "export the model again");
    attributes.push_back(std::move(a));
  }
  return attributes;
}

std::string overload_of(const onnx::FunctionProto& f) { return last_string(f, kFunctionOverload); }
std::string overload_of(const onnx::NodeProto& n) { return last_string(n, kNodeOverload); }

}  // namespace netsuke
