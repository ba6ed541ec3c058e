#include <cstring>

#include "onnx/load.hpp"
#include "onnx/proto.hpp"
#include "support/files.hpp"

namespace netsuke {
namespace {

[[noreturn]] void fail_tensor(const std::string& name, std::string message, std::string hint = "export the model again") {
  fail("bad-tensor", name, std::move(message), std::move(hint));
}

std::string external_bytes(const onnx::TensorProto& t, const std::string& name,
                           const std::filesystem::path& directory) {
  std::string location;
  size_t offset = 0, length = std::string::npos;
  for (const auto& entry : t.external_data()) {
    if (entry.key() == "location") location = entry.value();
    if (entry.key() == "offset") offset = std::stoull(entry.value());
    if (entry.key() == "length") length = std::stoull(entry.value());
  }
  std::filesystem::path relative(location);
  if (location.empty() || relative.is_absolute() || *relative.lexically_normal().begin() == "..")
    fail_tensor(name, fmt::format("its external data is at '{}', outside the model's directory", location),
                "put the data file beside the model");
  std::string content = read_file(directory / relative);
  if (offset > content.size() || (length != std::string::npos && length > content.size() - offset))
    fail_tensor(name, fmt::format("its external data reaches past the end of '{}'", location),
                "copy the complete data file beside the model");
  return content.substr(offset, length);
}

// The typed repeated field, converted to T. Small types share int32_data.
template <class T>
void copy_field(const onnx::TensorProto& t, const std::string& name, std::span<T> out) {
  auto copy = [&](const auto& field) {
    if (static_cast<size_t>(field.size()) != out.size())
      fail_tensor(name, fmt::format("it has {} values but a shape of {} elements", field.size(), out.size()));
    for (int i = 0; i < field.size(); i++) out[static_cast<size_t>(i)] = static_cast<T>(field.Get(i));
  };
  if constexpr (std::is_same_v<T, float>) copy(t.float_data());
  else if constexpr (std::is_same_v<T, double>) copy(t.double_data());
  else if constexpr (std::is_same_v<T, int64_t>) copy(t.int64_data());
  else if constexpr (std::is_same_v<T, uint64_t> || std::is_same_v<T, uint32_t>) copy(t.uint64_data());
  else copy(t.int32_data());
}

void normalise_bools(Tensor& t) {
  if (t.type == DType::kBool)
    for (uint8_t& b : t.bytes) b = b != 0;
}

}  // namespace

DType convert_type(int32_t onnx_type) {
  switch (onnx_type) {
    case onnx::TensorProto::FLOAT: return DType::kFloat32;
    case onnx::TensorProto::DOUBLE: return DType::kFloat64;
    case onnx::TensorProto::INT8: return DType::kInt8;
    case onnx::TensorProto::UINT8: return DType::kUint8;
    case onnx::TensorProto::INT16: return DType::kInt16;
    case onnx::TensorProto::UINT16: return DType::kUint16;
    case onnx::TensorProto::INT32: return DType::kInt32;
    case onnx::TensorProto::UINT32: return DType::kUint32;
    case onnx::TensorProto::INT64: return DType::kInt64;
    case onnx::TensorProto::UINT64: return DType::kUint64;
    case onnx::TensorProto::BOOL: return DType::kBool;
    default: return DType::kUndefined;
  }
}

std::string onnx_type_name(int32_t onnx_type) {
  return onnx::TensorProto::DataType_IsValid(onnx_type)
             ? onnx::TensorProto::DataType_Name(static_cast<onnx::TensorProto::DataType>(onnx_type))
             : fmt::format("type {}", onnx_type);
}

Tensor convert_tensor(const onnx::TensorProto& t, const std::string& name, const std::filesystem::path& directory) {
  DType type = convert_type(t.data_type());
  if (type == DType::kUndefined)
    fail("type-unsupported", name, fmt::format("tensors of type {} are not supported", onnx_type_name(t.data_type())),
         "convert the model to float32 before exporting it");
  Shape shape(t.dims().begin(), t.dims().end());
  for (int64_t d : shape)
    if (d < 0) fail_tensor(name, fmt::format("its shape {} has a negative dimension", to_string(shape)));
  try {
    count_of(shape);
  } catch (Error& e) {
    e.node = name;
    throw;
  }
  bool external = t.data_location() == onnx::TensorProto::EXTERNAL;
  if (external || t.has_raw_data()) {
    std::string bytes = external ? external_bytes(t, name, directory) : t.raw_data();
    if (static_cast<int64_t>(bytes.size()) != count_of(shape) * size_of(type))
      fail_tensor(name, fmt::format("it has {} bytes of data, its type {} and shape {} need {}", bytes.size(),
                                    name_of(type), to_string(shape), count_of(shape) * size_of(type)));
    Tensor tensor(type, shape);
    std::memcpy(tensor.bytes.data(), bytes.data(), bytes.size());
    normalise_bools(tensor);
    return tensor;
  }
  Tensor tensor(type, shape);
  visit_type(type, [&]<class T>() { copy_field(t, name, tensor.as<T>()); });
  return tensor;
}

Tensor load_tensor(const std::filesystem::path& path) {
  onnx::TensorProto t;
  if (!t.ParseFromString(read_file(path)))
    throw Error{ErrorKind::kUsage, "not-a-tensor", path.string(), "this is not a serialised TensorProto",
                "name a file such as test_data_set_0/input_0.pb"};
  return convert_tensor(t, path.string(), path.parent_path());
}

}  // namespace netsuke
