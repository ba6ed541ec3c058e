// Arithmetic of grids (Quantization): between real numbers and the integers that stand for them. The meaning is that
// of ONNX's QuantizeLinear and DequantizeLinear in float32, as onnxruntime computes it; docs/numerics.md.
#pragma once

#include "graph/graph.hpp"

namespace netsuke {

// The integers of a storage type: kInt8, kUint8, kInt16, kUint16 or kInt32.
struct IntegerRange {
  int64_t low, high;
};
IntegerRange integer_range(DType storage);
bool is_storage(DType type);

// The largest distance of an integer from the zero point, per tensor.
double reach_of(const Quantization& q);

Quantization per_tensor_grid(float scale, int32_t zero_point, DType storage);

// clamp(round_half_to_even(x / scale) + zero_point); NaN becomes the lowest integer. `i`: which of the grid's scales.
int64_t to_stored(double x, const Quantization& q, size_t i = 0);
// (stored - zero_point) * scale.
float to_real(int64_t stored, const Quantization& q, size_t i = 0);

// Which scale applies to each element of a tensor of this shape, in row-major order: calls f(element, scale index).
template <class F>
void for_each_scale(const Quantization& q, const Shape& shape, F&& f) {
  size_t count = static_cast<size_t>(count_of(shape)), inner = 1;
  for (size_t d = shape.size(); q.axis >= 0 && d-- > static_cast<size_t>(q.axis) + 1;) inner *= static_cast<size_t>(shape[d]);
  for (size_t i = 0; i < count; i++) f(i, q.axis < 0 ? 0 : i / inner % q.scales.size());
}

Tensor to_grid(const Tensor& real, const Quantization& q);      // float32 -> q.type
Tensor from_grid(const Tensor& stored, const Quantization& q);  // q.type -> float32
void snap(Tensor& real, const Quantization& q);                 // float32, onto the grid

// The grid of a tensor of which only these indices of one dimension are left.
Quantization taken(const Quantization& q, size_t axis, const std::vector<int64_t>& indices);
// The grid of a constant whose elements are multiplied by factors[i] along `axis`; its scales may become negative or
// zero. Nothing when the grid already varies along another axis.
std::optional<Quantization> scaled(const Quantization& q, size_t axis, const std::vector<double>& factors);

}  // namespace netsuke
