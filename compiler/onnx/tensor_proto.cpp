// TensorProto -> Tensor.
#include <bit>
#include <cstring>

#include "onnx/load.hpp"
#include "onnx/proto.hpp"
#include "support/files.hpp"

namespace netsuke {
namespace {

[[noreturn]] void fail_tensor(const std::string& name, std::string message, std::string hint = "export the model again") {
  fail("bad-tensor", name, std::move(message), std::move(hint));
}

// IEEE 754 binary16 to binary32; exact.
float half_to_float(uint16_t h) {
  uint32_t sign = (h & 0x8000u) << 16, exponent = h >> 10 & 31, fraction = h & 0x3FF;
  if (exponent == 0) {  // zero or subnormal: fraction * 2^-24
    float magnitude = static_cast<float>(fraction) * 0x1p-24f;
    return sign ? -magnitude : magnitude;
  }
  uint32_t wide = exponent == 31 ? 255 : exponent + 112;
  return std::bit_cast<float>(sign | wide << 23 | fraction << 13);
}

float bfloat_to_float(uint16_t b) { return std::bit_cast<float>(uint32_t{b} << 16); }

void check_count(const std::string& name, int64_t found, const Shape& shape) {
  if (found != count_of(shape))
    fail_tensor(name, fmt::format("it has {} values, its shape {} needs {}", found, to_string(shape), count_of(shape)));
}

// Data in one of the typed fields. The count is checked before memory is taken: the shape may lie.
template <class Field>
Tensor from_field(DType type, const Shape& shape, const std::string& name, const Field& field) {
  check_count(name, field.size(), shape);
  Tensor tensor(type, shape);
  visit_type(type, [&]<class T>() {
    for (int i = 0; i < field.size(); i++) tensor.as<T>()[static_cast<size_t>(i)] = static_cast<T>(field.Get(i));
  });
  return tensor;
}

Tensor from_typed_field(const onnx::TensorProto& t, DType type, const Shape& shape, const std::string& name) {
  switch (type) {
    case DType::kFloat32: return from_field(type, shape, name, t.float_data());
    case DType::kFloat64: return from_field(type, shape, name, t.double_data());
    case DType::kInt64: return from_field(type, shape, name, t.int64_data());
    case DType::kUint32:
    case DType::kUint64: return from_field(type, shape, name, t.uint64_data());
    default: return from_field(type, shape, name, t.int32_data());
  }
}

std::string raw_bytes(const onnx::TensorProto& t, const Shape& shape, int64_t element_bytes, const std::string& name,
                      const std::filesystem::path& directory) {
  const int64_t needed = count_of(shape) * element_bytes;
  if (t.data_location() == onnx::TensorProto::EXTERNAL) return external_bytes(t, needed, name, directory);
  if (static_cast<int64_t>(t.raw_data().size()) != needed)
    fail_tensor(name, fmt::format("it has {} bytes of data, its type {} and shape {} need {}", t.raw_data().size(),
                                  onnx_type_name(t.data_type()), to_string(shape), needed));
  return t.raw_data();
}

Tensor from_raw(const onnx::TensorProto& t, DType type, const Shape& shape, const std::string& name,
                const std::filesystem::path& directory) {
  std::string bytes = raw_bytes(t, shape, size_of(type), name, directory);
  Tensor tensor(type, shape);
  std::copy(bytes.begin(), bytes.end(), tensor.bytes.begin());
  if (type == DType::kBool)
    for (uint8_t& b : tensor.bytes) b = b != 0;
  return tensor;
}

Tensor from_half(const onnx::TensorProto& t, bool raw, const Shape& shape, const std::string& name,
                 const std::filesystem::path& directory) {
  auto widen = t.data_type() == onnx::TensorProto::FLOAT16 ? half_to_float : bfloat_to_float;
  std::string bytes = raw ? raw_bytes(t, shape, 2, name, directory) : "";
  if (!raw) check_count(name, t.int32_data_size(), shape);
  Tensor tensor(DType::kFloat32, shape);
  for (size_t i = 0; i < tensor.as<float>().size(); i++) {
    uint16_t bits = 0;
    if (raw) std::memcpy(&bits, bytes.data() + 2 * i, 2);
    else bits = static_cast<uint16_t>(t.int32_data(static_cast<int>(i)));
    tensor.as<float>()[i] = widen(bits);
  }
  return tensor;
}

Shape checked_shape(const onnx::TensorProto& t, const std::string& name) {
  Shape shape(t.dims().begin(), t.dims().end());
  for (int64_t d : shape)
    if (d < 0) fail_tensor(name, fmt::format("its shape {} has a negative dimension", to_string(shape)));
  try {
    count_of(shape);
  } catch (Error& e) {
    e.node = name;
    throw;
  }
  return shape;
}

}  // namespace

DType convert_type(int32_t onnx_type) {
  switch (onnx_type) {
    case onnx::TensorProto::FLOAT:
    case onnx::TensorProto::FLOAT16:
    case onnx::TensorProto::BFLOAT16: return DType::kFloat32;
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

bool is_half(int32_t onnx_type) {
  return onnx_type == onnx::TensorProto::FLOAT16 || onnx_type == onnx::TensorProto::BFLOAT16;
}

std::string onnx_type_name(int32_t onnx_type) {
  if (onnx::TensorProto::DataType_IsValid(onnx_type))
    return onnx::TensorProto::DataType_Name(static_cast<onnx::TensorProto::DataType>(onnx_type));
  // Types that ONNX has got since libonnx 1.12, from 17 on.
  constexpr const char* kNewer[] = {"FLOAT8E4M3FN", "FLOAT8E4M3FNUZ", "FLOAT8E5M2", "FLOAT8E5M2FNUZ", "UINT4",
                                    "INT4",         "FLOAT4E2M1",     "FLOAT8E8M0", "UINT2",          "INT2"};
  if (onnx_type >= 17 && onnx_type < 17 + static_cast<int32_t>(std::size(kNewer))) return kNewer[onnx_type - 17];
  return fmt::format("number {}", onnx_type);
}

Tensor convert_tensor(const onnx::TensorProto& t, const std::string& name, const std::filesystem::path& directory) {
  DType type = convert_type(t.data_type());
  if (type == DType::kUndefined)
    fail("type-unsupported", name, fmt::format("tensors of type {} are not supported", onnx_type_name(t.data_type())),
         "convert the model to float32 before exporting it");
  if (t.has_segment()) fail_tensor(name, "it is only a segment of a tensor", "export the model with whole tensors");
  Shape shape = checked_shape(t, name);
  bool raw = t.has_raw_data() || t.data_location() == onnx::TensorProto::EXTERNAL;
  if (is_half(t.data_type())) return from_half(t, raw, shape, name, directory);
  return raw ? from_raw(t, type, shape, name, directory) : from_typed_field(t, type, shape, name);
}

Tensor load_tensor(const std::filesystem::path& path) {
  onnx::TensorProto t;
  if (!t.ParseFromString(read_file(path)))
    throw Error{ErrorKind::kUsage, "not-a-tensor", path.string(), "this is not a serialised TensorProto",
                "name a file such as test_data_set_0/input_0.pb"};
  return convert_tensor(t, path.string(), path.parent_path());
}

}  // namespace netsuke
