#include "graph/quantization.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace netsuke {

IntegerRange integer_range(DType storage) {
  switch (storage) {
    case DType::kInt8: return {-128, 127};
    case DType::kUint8: return {0, 255};
    case DType::kInt16: return {-32768, 32767};
    case DType::kUint16: return {0, 65535};
    case DType::kInt32: return {std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max()};
    default: break;
  }
  NETSUKE_CHECK(false, "{} is no storage type of a grid", name_of(storage));
  __builtin_unreachable();
}

bool is_storage(DType type) {
  return type == DType::kInt8 || type == DType::kUint8 || type == DType::kInt16 || type == DType::kUint16 ||
         type == DType::kInt32;
}

double reach_of(const Quantization& q) {
  IntegerRange r = integer_range(q.type);
  return static_cast<double>(std::max(r.high - q.zero_points[0], q.zero_points[0] - r.low));
}

Quantization per_tensor_grid(float scale, int32_t zero_point, DType storage) { return {{scale}, {zero_point}, -1, storage}; }

int64_t to_stored(double x, const Quantization& q, size_t i) {
  float scale = q.scales[i];
  // Activations are divided in float32 as onnxruntime does; int32 biases need more digits than that has.
  double steps = q.type == DType::kInt32 ? x / double(scale) : double(static_cast<float>(x) / scale);
  auto [low, high] = integer_range(q.type);
  if (std::isnan(x)) return low;
  if (scale == 0) steps = 0;
  return static_cast<int64_t>(
      std::clamp(std::nearbyint(steps) + double(q.zero_points[i]), static_cast<double>(low), static_cast<double>(high)));
}

float to_real(int64_t stored, const Quantization& q, size_t i) {
  return static_cast<float>(stored - q.zero_points[i]) * q.scales[i];
}

Tensor to_grid(const Tensor& real, const Quantization& q) {
  Tensor stored(q.type, real.shape);
  visit_type(q.type, [&]<class T>() {
    for_each_scale(q, real.shape, [&](size_t element, size_t scale) {
      stored.as<T>()[element] = static_cast<T>(to_stored(double(real.as<float>()[element]), q, scale));
    });
  });
  return stored;
}

Tensor from_grid(const Tensor& stored, const Quantization& q) {
  Tensor real(DType::kFloat32, stored.shape);
  visit_type(stored.type, [&]<class T>() {
    for_each_scale(q, stored.shape, [&](size_t element, size_t scale) {
      real.as<float>()[element] = to_real(static_cast<int64_t>(stored.as<T>()[element]), q, scale);
    });
  });
  return real;
}

void snap(Tensor& real, const Quantization& q) {
  for_each_scale(q, real.shape, [&](size_t element, size_t scale) {
    float& x = real.as<float>()[element];
    x = to_real(to_stored(double(x), q, scale), q, scale);
  });
}

Quantization taken(const Quantization& q, size_t axis, const std::vector<int64_t>& indices) {
  if (q.axis != static_cast<int64_t>(axis)) return q;
  Quantization result{{}, {}, q.axis, q.type};
  for (int64_t i : indices) {
    result.scales.push_back(q.scales[static_cast<size_t>(i)]);
    result.zero_points.push_back(q.zero_points[static_cast<size_t>(i)]);
  }
  return result;
}

std::optional<Quantization> scaled(const Quantization& q, size_t axis, const std::vector<double>& factors) {
  if (std::all_of(factors.begin(), factors.end(), [&](double f) { return f == factors[0]; })) {
    Quantization result = q;
    for (float& s : result.scales) s = static_cast<float>(double(s) * factors[0]);
    return result;
  }
  if (q.axis >= 0 && q.axis != static_cast<int64_t>(axis)) return std::nullopt;
  Quantization result{{}, {}, static_cast<int64_t>(axis), q.type};
  for (size_t i = 0; i < factors.size(); i++) {
    size_t from = q.axis < 0 ? 0 : i;
    result.scales.push_back(static_cast<float>(double(q.scales[from]) * factors[i]));
    result.zero_points.push_back(q.zero_points[from]);
  }
  return result;
}

}  // namespace netsuke
