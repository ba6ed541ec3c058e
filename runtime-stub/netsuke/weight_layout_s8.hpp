// How integer weights lie in flash; shared by the kernels and by the compiler, which packs them
// (compiler/lower/pack_s8.*). The float kernels' layouts are in weight_layout.hpp.
//
// conv2d_s8, dense_s8: the output channels (of each group) are cut into blocks of 4 lanes; a remainder of 1 or
// 2 is a last block of 2 lanes, one of 3 a block of 4. The steps of a sum, k = (ky * kernel_w + kx) *
// (in_c / group) + i, are cut into quads of 4; the last one is filled up with zeros. A block is its quads one
// after the other, a quad has 4 * lanes elements in an order that suits SIMD of 16-bit pairs: steps 0 and 2
// come before steps 1 and 3, because that is how SXTB16 splits four bytes.
//
//   kLayoutPlain   for h in 0, 1: for each pair of lanes a, b:   a[h] b[h] a[h + 2] b[h + 2]
//   kLayoutFolded  as plain, int8 only, but b is stored as b - (a < 0 ? 1 : 0). Read as 16 bits, a and b are
//                  256 * b + a then: the raw word is one operand of a dual multiply, see arch/dsp.hpp.
//   kLayoutWide    int16 elements; for h in 0, 1: for each lane:  a[h] a[h + 2]
//
// For cores without SIMD, int8 inputs only, one group:
//   kLayoutDual    int16 elements. A step of a block is its pairs of lanes a, b, as they are in the word 65536 * b + a:
//                  a, b - (a < 0 ? 1 : 0). A block is the number of its corrections and a 0;
//                  for each correction, where its step is in the sum, a 0, and a step; then all steps, in groups of 4,
//                  the last one filled up with zeros. The weights of a group fit as described in dual_tile_s8.hpp;
//                  what had to be taken off them for that is in the corrections.
//
// For vectors of 16 bytes (Helium), int8 only; also read by vector_tile_s8.hpp on any machine:
//   kLayoutVectors the steps are cut into vectors of 16, the last one filled up with zeros. A block of 4 lanes is
//                  for each vector of steps: for each lane: 16 weights. The last block is the last 4 channels,
//                  some of them once more (with fewer than 4 channels, its last lanes are zeros).
//
// winograd_s8, int16: blocks of 4 channels, each for the 16 places (winograd_place) of a transformed filter: the quads
// of its input channels as in kLayoutWide.
//   kLayoutWinograd
// winograd_rows_s8, int16: the same for 4 places (winograd_turn of the column), of steps k = ky * in_c + i.
//   kLayoutWinogradRows
//
// depthwise_s8:
//   kLayoutPlain  [channel][kernel_h][kernel_w]
//   kLayoutRows   3x3 only: [channel][3] words of the bytes w0 w1 w2 0
//   kLayoutPairs  3x3 only, int16: [channel][3] two words, w0 w1 and w1 w2
//   kLayoutWindows kernels up to 4x4, int8: [channel][4 columns][4 rows], filled up with zeros: one vector
#ifndef NETSUKE_WEIGHT_LAYOUT_S8_HPP
#define NETSUKE_WEIGHT_LAYOUT_S8_HPP

#include "core.hpp"

namespace netsuke {

constexpr int32_t kLayoutPlain = 0, kLayoutFolded = 1, kLayoutWide = 2, kLayoutRows = 3,
                  kLayoutPairs = 4, kLayoutVectors = 5, kLayoutWindows = 6, kLayoutWinograd = 7,
                  kLayoutWinogradRows = 8, kLayoutDual = 9;

constexpr int32_t kLanesS8 = 4;
constexpr int32_t kDualSteps = 4;

constexpr int32_t quads_of(int32_t steps) {
  return (steps + 3) / 4;
}
// Channels in full blocks of 4 lanes; what is left, 0 to 3, has a block of its own.
constexpr int32_t full_blocks_s8(int32_t channels) {
  return channels / kLanesS8;
}
constexpr int32_t last_lanes_s8(int32_t channels) {
  return channels % kLanesS8 == 0 ? 0 : (channels % kLanesS8 == 3 ? 4 : 2);
}
constexpr int32_t lanes_s8(int32_t channels) {
  return full_blocks_s8(channels) * kLanesS8 + last_lanes_s8(channels);
}

// Blocks of vectors: steps with those that fill the last vector up, blocks, and the first channel of one.
constexpr int32_t vector_steps(int32_t steps) {
  return (steps + 15) / 16 * 16;
}
constexpr int32_t vector_blocks(int32_t channels) {
  return (channels + 3) / 4;
}
constexpr int32_t vector_block_first(int32_t channels, int32_t block) {
  return channels < 4 || channels % 4 == 0 || 4 * block < channels - 4 ? 4 * block : channels - 4;
}

// Elements of the weights of one group of a convolution or of a dense layer.
constexpr int32_t weights_s8(int32_t layout, int32_t channels, int32_t steps) {
  return layout == kLayoutVectors ? vector_blocks(channels) * 4 * vector_steps(steps)
                                  : quads_of(steps) * 4 * lanes_s8(channels);
}

// Where step k of a lane lies in its quad.
constexpr int32_t plain_place(int32_t lanes, int32_t lane, int32_t k) {
  return (k & 1) * 2 * lanes + lane / 2 * 4 + (k >> 1) * 2 + (lane & 1);
}
constexpr int32_t wide_place(int32_t lanes, int32_t lane, int32_t k) {
  return (k & 1) * 2 * lanes + lane * 2 + (k >> 1);
}
constexpr int32_t quad_place(int32_t layout, int32_t lanes, int32_t lane, int32_t k) {
  return layout == kLayoutWide ? wide_place(lanes, lane, k) : plain_place(lanes, lane, k);
}

// Where row and column of a transformed filter or of transformed inputs lie: columns one after the other, the second
// one first, and so are the rows of a column (winograd_s8.hpp says why).
constexpr int32_t winograd_turn(int32_t i) {
  return i == 0 ? 1 : (i == 1 ? 0 : i);
}
constexpr int32_t winograd_place(int32_t row, int32_t column) {
  return 4 * winograd_turn(column) + winograd_turn(row);
}

// What winograd_s8 keeps for `patches` patches, in elements: transformed inputs (int16), then sums (int32) where
// before there are inputs with their borders (int8).
constexpr int32_t winograd_inputs(int32_t in_c, int32_t patches) {
  return 16 * patches * in_c;
}
constexpr int32_t winograd_sums(int32_t patches) {
  return 16 * 4 * patches;
}
constexpr int32_t winograd_window(int32_t in_c, int32_t patches) {
  return 4 * (2 * patches + 2) * in_c;
}
constexpr int32_t winograd_scratch_bytes(int32_t in_c, int32_t patches) {
  return 2 * winograd_inputs(in_c, patches) + (4 * winograd_sums(patches) > winograd_window(in_c, patches)
                                                   ? 4 * winograd_sums(patches)
                                                   : winograd_window(in_c, patches));
}

// Elements of a depthwise filter, and where tap (ky, kx) lies in it.
constexpr int32_t depthwise_filter(int32_t layout, int32_t kernel_h, int32_t kernel_w) {
  return layout == kLayoutPlain ? kernel_h * kernel_w : (layout == kLayoutWindows ? 16 : 12);
}
constexpr int32_t depthwise_place(int32_t layout, int32_t kernel_w, int32_t ky, int32_t kx) {
  return layout == kLayoutPlain     ? ky * kernel_w + kx
         : layout == kLayoutWindows ? kx * 4 + ky
                                    : ky * 4 + (layout == kLayoutPairs && kx == 2 ? 3 : kx);
}

}  // namespace netsuke

#endif  // NETSUKE_WEIGHT_LAYOUT_S8_HPP
