// Transforms filters for winograd_s8 and winograd_rows_s8, whose headers in runtime-stub/netsuke/ have the formulas.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "pack_s8.hpp"

namespace netsuke {

// ONNX Conv weights [out_c][in_c][3][3], less their zero point, with the folded bias (fold_zero_point); in_c and
// out_c are multiples of 4. None where a bound does not hold: transformed weights of 16 bits, and sums of 32 whatever
// the int8 inputs are.
std::optional<PackedWeights> pack_winograd_s8(std::span<const std::int16_t> weights,
                                              std::span<const std::int32_t> folded_bias, std::int64_t in_c);

// The same for winograd_rows_s8, from weights [out_c][in_c][kernel_h][3].
std::optional<PackedWeights> pack_winograd_rows_s8(std::span<const std::int16_t> weights,
                                                   std::span<const std::int32_t> folded_bias, std::int64_t in_c,
                                                   std::int64_t kernel_h);

// How many patches at a time: two where their memory then can be on the stack.
int winograd_patches(std::int64_t in_c, int most);
// Bytes of scratch memory that winograd_s8 shall get; 0 where it has little and takes it from the stack.
std::int64_t winograd_scratch(std::int64_t in_c, int patches);

}  // namespace netsuke
