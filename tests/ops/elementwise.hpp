// What the tests of element-wise operators share.
#pragma once

#include <catch2/catch.hpp>
#include <limits>

#include "support/models.hpp"

namespace netsuke::test {

inline constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
inline constexpr float kInf = std::numeric_limits<float>::infinity();

template <class T>
Tensor tensor(Shape shape, std::vector<T> values) {
  return make_tensor<T>(std::move(shape), std::span<const T>(values));
}
inline Tensor bools(std::vector<int> values) {
  Tensor t(DType::kBool, {static_cast<int64_t>(values.size())});
  for (size_t i = 0; i < values.size(); i++) t.bytes[i] = values[i] != 0;
  return t;
}
// A vector.
template <class T>
Tensor vec(std::vector<T> values) {
  Shape shape{static_cast<int64_t>(values.size())};
  return tensor<T>(shape, std::move(values));
}

template <class T>
const char* onnx_name() {
  static const std::string name = dtype_of<T>() == DType::kFloat32   ? "float"
                                  : dtype_of<T>() == DType::kFloat64 ? "double"
                                                                     : std::string(name_of(dtype_of<T>()));
  return name.c_str();
}

// Equal element by element, where NaN equals NaN.
inline void check_values(const Tensor& actual, const Tensor& expected) {
  REQUIRE(actual.type == expected.type);
  CHECK(actual.shape == expected.shape);
  std::vector<double> a = to_doubles(actual), e = to_doubles(expected);
  REQUIRE(a.size() == e.size());
  for (size_t i = 0; i < a.size(); i++) {
    INFO("element " << i << ": " << a[i] << ", expected " << e[i]);
    CHECK(((std::isnan(a[i]) && std::isnan(e[i])) || a[i] == e[i]));
  }
}

inline std::string header(int opset) {
  return "<ir_version: 8, opset_import: [\"\" : " + std::to_string(opset) + "]>\n";
}

// The reason why a model is refused.
inline std::string refusal(const std::string& model) {
  try {
    load_text(model);
  } catch (const Error& e) {
    return e.message;
  }
  return "accepted";
}

}  // namespace netsuke::test
