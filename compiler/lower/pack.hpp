// Lays weights out in the order in which the kernels read them. The layouts themselves are described, and
// their block widths computed, in runtime-stub/netsuke/weight_layout.hpp, which the kernels include too.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace netsuke {

// out_c and in_c are those of the whole layer, over all groups.
struct ConvShape {
  std::int64_t out_c = 0;
  std::int64_t in_c = 0;
  std::int64_t kernel_h = 1;
  std::int64_t kernel_w = 1;
  std::int64_t group = 1;
};

// ONNX Conv weights [out_c][in_c / group][kernel_h][kernel_w], for conv2d_f32 and pointwise_inplace_f32.
std::vector<float> pack_conv2d(std::span<const float> weights, const ConvShape& shape);

// ONNX Conv weights [out_c][1][kernel_h][kernel_w] with group == in_c == out_c, for depthwise_f32.
std::vector<float> pack_depthwise(std::span<const float> weights, const ConvShape& shape);

// ONNX ConvTranspose weights [in_c][out_c / group][kernel_h][kernel_w], for conv_transpose2d_f32.
std::vector<float> pack_conv_transpose2d(std::span<const float> weights, const ConvShape& shape);

// Gemm weights [out_c][in_c] (that is, transB == 1), for dense_f32.
std::vector<float> pack_dense(std::span<const float> weights, std::int64_t out_c, std::int64_t in_c);

}  // namespace netsuke
