#include "graph/tensor.hpp"

#include <fmt/ranges.h>

namespace netsuke {
namespace {

struct TypeInfo {
  int64_t size;
  std::string_view name, c_type;
};

TypeInfo info_of(DType type) {
  switch (type) {
    case DType::kFloat32: return {4, "float32", "float"};
    case DType::kFloat64: return {8, "float64", "double"};
    case DType::kInt8: return {1, "int8", "int8_t"};
    case DType::kUint8: return {1, "uint8", "uint8_t"};
    case DType::kInt16: return {2, "int16", "int16_t"};
    case DType::kUint16: return {2, "uint16", "uint16_t"};
    case DType::kInt32: return {4, "int32", "int32_t"};
    case DType::kUint32: return {4, "uint32", "uint32_t"};
    case DType::kInt64: return {8, "int64", "int64_t"};
    case DType::kUint64: return {8, "uint64", "uint64_t"};
    case DType::kBool: return {1, "bool", "bool"};
    case DType::kUndefined: break;
  }
  return {1, "undefined", "void"};
}

template <class To>
std::vector<To> convert(const Tensor& t) {
  return visit_type(t.type, [&]<class T>() {
    std::vector<To> values;
    values.reserve(t.as<T>().size());
    for (T v : t.as<T>()) values.push_back(static_cast<To>(v));
    return values;
  });
}

}  // namespace

int64_t size_of(DType type) { return info_of(type).size; }
std::string_view name_of(DType type) { return info_of(type).name; }
std::string_view c_type_of(DType type) { return info_of(type).c_type; }
bool is_float(DType type) { return type == DType::kFloat32 || type == DType::kFloat64; }
bool is_integer(DType type) { return type > DType::kFloat64 && type < DType::kBool; }

int64_t count_of(const Shape& shape) {
  int64_t count = 1;
  for (int64_t d : shape)
    if (d == 0) return 0;
  for (int64_t d : shape) {
    NETSUKE_CHECK(d > 0, "dimension {} in {}", d, to_string(shape));
    if (d > kMaxElements || count * d > kMaxElements)
      fail("tensor-too-large", "", fmt::format("a tensor of shape {} has more than 2^31 elements", to_string(shape)),
           "check the shapes given in the model and with --shape");
    count *= d;
  }
  return count;
}

std::string to_string(const Shape& shape) { return fmt::format("[{}]", fmt::join(shape, ",")); }

Tensor::Tensor(DType t, Shape s) : type(t), shape(std::move(s)) {
  bytes.resize(static_cast<size_t>(count_of(shape) * size_of(type)));
}

std::vector<int64_t> to_int64s(const Tensor& t) { return convert<int64_t>(t); }
std::vector<double> to_doubles(const Tensor& t) { return convert<double>(t); }

Shape strides_of(const Shape& shape) {
  Shape strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
  return strides;
}

}  // namespace netsuke
