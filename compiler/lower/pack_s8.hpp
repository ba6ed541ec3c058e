// Lays integer weights out in the order in which the integer kernels read them. The layouts are described in
// runtime-stub/netsuke/weight_layout_s8.hpp, which the kernels include too.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "pack.hpp"

namespace netsuke {

// What the kernel finds in flash: `values` as P::weight_t (int16_t if `wide`, else int8_t), and P::layout.
struct PackedWeights {
  std::vector<std::int16_t> values;
  bool wide = false;
  std::int32_t layout = 0;
  const char* why = "";  // for people: why a better layout was not possible
};

// What the weights are packed for.
struct PackChoice {
  bool dual_multiply = false;  // the target has SMLAD (Armv7E-M DSP): fold where the weights allow
  bool wide = false;           // twice the bytes for about a seventh fewer instructions, on such a target
  bool vectors = false;        // the target has Helium
  bool two_channels = false;   // the target has no SIMD: twice the bytes for half the multiplications; int8 inputs only
  // With them at least so many steps of a sum must come for each correction (kLayoutDual), which costs what two to
  // three steps save. 0: any number of corrections.
  std::int64_t steps_for_correction = 4;
  int winograd = 0;            // most patches at a time of winograd_s8, where a layer allows it; 0: not at all
  bool winograd_rows = false;  // winograd_rows_s8, where a layer allows it and is not for winograd_s8
};

// All take the weights less their zero point, and the folded bias (fold_zero_point) where the choice of the
// layout depends on the range of the sums.

// ONNX Conv weights [out_c][in_c / group][kernel_h][kernel_w], for conv2d_s8.
PackedWeights pack_conv2d_s8(std::span<const std::int16_t> weights, std::span<const std::int32_t> folded_bias,
                             const ConvShape& shape, const PackChoice& choice);

// ONNX Conv weights [out_c][1][kernel_h][kernel_w] with group == in_c == out_c, for depthwise_s8.
PackedWeights pack_depthwise_s8(std::span<const std::int16_t> weights, const ConvShape& shape,
                                const PackChoice& choice);

// Gemm weights [out_c][in_c] (that is, transB == 1), for dense_s8.
PackedWeights pack_dense_s8(std::span<const std::int16_t> weights, std::span<const std::int32_t> folded_bias,
                            std::int64_t in_c, const PackChoice& choice);

// ONNX ConvTranspose weights [in_c][out_c / group][kernel_h][kernel_w], for conv_transpose2d_s8.
PackedWeights pack_conv_transpose2d_s8(std::span<const std::int16_t> weights, const ConvShape& shape);

// What to pack for, by the name of the target (compile --target). Weights may take more flash than they have bytes for
// the sake of speed, or, with little memory, where that needs no more of it.
enum class Goal { kSpeed, kMemory, kSize };
PackChoice pack_choice(std::string_view target, Goal goal);

// bias - in_zero * (sum of the channel's weights), which conv2d_s8, depthwise_s8 and dense_s8 start their sums
// from. `bias` may be empty. Weights in ONNX order, out_c outermost.
std::vector<std::int32_t> fold_zero_point(std::span<const std::int32_t> bias,
                                          std::span<const std::int16_t> weights, std::int64_t out_c,
                                          std::int32_t in_zero);

// Whether every partial sum of every channel fits 32 bits whatever the inputs (|x| <= max_input).
bool sums_fit(std::span<const std::int32_t> folded_bias, std::span<const std::int16_t> weights,
              std::int32_t max_input);

}  // namespace netsuke
