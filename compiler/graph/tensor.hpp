// Element types, shapes and constant data.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "support/error.hpp"

namespace netsuke {

enum class DType : uint8_t {
  kUndefined, kFloat32, kFloat64, kInt8, kUint8, kInt16, kUint16, kInt32, kUint32, kInt64, kUint64, kBool,
};

// Dimensions, outermost first; empty for a scalar. In a Graph every dimension is known and >= 0.
using Shape = std::vector<int64_t>;

int64_t size_of(DType type);               // bytes of one element
std::string_view name_of(DType type);      // "float32"
std::string_view c_type_of(DType type);    // "float"; bool is "bool"
bool is_float(DType type);
bool is_integer(DType type);               // bool does not count

// Number of elements. Throws "tensor-too-large" past kMaxElements, where int32 offsets in generated
// code would overflow and no microcontroller follows anyway.
inline constexpr int64_t kMaxElements = int64_t{1} << 31;
int64_t count_of(const Shape& shape);
std::string to_string(const Shape& shape);  // "[1,3,96,96]"

// A constant: dense, row-major, one byte for each bool.
struct Tensor {
  DType type = DType::kUndefined;
  Shape shape;
  std::vector<uint8_t> bytes;

  Tensor() = default;
  Tensor(DType t, Shape s);  // zero-filled

  int64_t count() const { return static_cast<int64_t>(bytes.size()) / size_of(type); }

  template <class T>
  std::span<T> as() {
    return {reinterpret_cast<T*>(bytes.data()), bytes.size() / sizeof(T)};
  }
  template <class T>
  std::span<const T> as() const {
    return {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
  }
  bool operator==(const Tensor&) const = default;
};

template <class T>
constexpr DType dtype_of();
template <> constexpr DType dtype_of<float>() { return DType::kFloat32; }
template <> constexpr DType dtype_of<double>() { return DType::kFloat64; }
template <> constexpr DType dtype_of<int8_t>() { return DType::kInt8; }
template <> constexpr DType dtype_of<uint8_t>() { return DType::kUint8; }
template <> constexpr DType dtype_of<int16_t>() { return DType::kInt16; }
template <> constexpr DType dtype_of<uint16_t>() { return DType::kUint16; }
template <> constexpr DType dtype_of<int32_t>() { return DType::kInt32; }
template <> constexpr DType dtype_of<uint32_t>() { return DType::kUint32; }
template <> constexpr DType dtype_of<int64_t>() { return DType::kInt64; }
template <> constexpr DType dtype_of<uint64_t>() { return DType::kUint64; }
template <> constexpr DType dtype_of<bool>() { return DType::kBool; }

template <class T>
Tensor make_tensor(Shape shape, std::span<const T> values) {
  Tensor t(dtype_of<T>(), std::move(shape));
  NETSUKE_CHECK(t.as<T>().size() == values.size());
  std::copy(values.begin(), values.end(), t.as<T>().begin());
  return t;
}

// Calls f.template operator()<T>() with the C++ type of `type`.
template <class F>
decltype(auto) visit_type(DType type, F&& f) {
  switch (type) {
    case DType::kFloat32: return f.template operator()<float>();
    case DType::kFloat64: return f.template operator()<double>();
    case DType::kInt8: return f.template operator()<int8_t>();
    case DType::kUint8: return f.template operator()<uint8_t>();
    case DType::kInt16: return f.template operator()<int16_t>();
    case DType::kUint16: return f.template operator()<uint16_t>();
    case DType::kInt32: return f.template operator()<int32_t>();
    case DType::kUint32: return f.template operator()<uint32_t>();
    case DType::kInt64: return f.template operator()<int64_t>();
    case DType::kUint64: return f.template operator()<uint64_t>();
    case DType::kBool: return f.template operator()<bool>();
    case DType::kUndefined: break;
  }
  NETSUKE_CHECK(false, "undefined element type");
  __builtin_unreachable();
}

// Integer or bool tensor as int64 values, e.g. axes and shapes.
std::vector<int64_t> to_int64s(const Tensor& t);
// Any tensor as doubles.
std::vector<double> to_doubles(const Tensor& t);
// Row-major strides in elements.
Shape strides_of(const Shape& shape);

}  // namespace netsuke
