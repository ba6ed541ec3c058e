// Transposed 2-D convolution, float32, NHWC: any kernel, stride, dilation, padding and number of groups.
//
//   in   [batch][in_h][in_w][in_c]      out  [batch][out_h][out_w][out_c]
//   bias [out_c], only read if P::has_bias      weights: see weight_layout.hpp
//   input (iy, ix) adds to output (iy * stride_h - pad_top + ky * dilation_h, ... ix, kx); act once at the
//   end
//
// P: as for conv2d_f32; pad_bottom, pad_right and output_padding are implied by out_h and out_w. Computed
// from the output's side: each output gathers the taps that reach it, so nothing is accumulated in memory.
// Outputs that are stride_w apart use the same taps of neighbouring inputs; they form the tiles. Summation
// order: bias, then ky, kx, i ascending. in and out must not overlap.
#ifndef NETSUKE_CONV_TRANSPOSE2D_F32_HPP
#define NETSUKE_CONV_TRANSPOSE2D_F32_HPP

#include "core.hpp"
#include "register_tile.hpp"
#include "weight_layout.hpp"
#include "window_transpose.hpp"

namespace netsuke {

template <class P>
struct ConvTranspose2dShape {
  static constexpr index_t group_in = P::in_c / P::group;
  static constexpr index_t group_out = P::out_c / P::group;
  static constexpr index_t taps = static_cast<index_t>(P::kernel_h) * P::kernel_w;
  // Neighbouring outputs of a tile; wider tiles would seldom be inside.
  static constexpr int tile = kSoftFloat || P::out_w < 4 * P::stride_w ? 1 : 4;
};

// V of the W channels of a block, for one output row; w, bias and out point at the first of them.
template <class P, int W, int V>
struct ConvTranspose2dRow {
  typedef ConvTranspose2dShape<P> S;
  const float* const* rows;
  index_t channel;
  const float* w;
  const float* bias;
  float* out;

  // Outputs x, x + stride_w, ... (PX of them). Taps that meet an input for one of them do so for all.
  template <int PX>
  inline void tile(index_t x) const {
    Lanes<V> start;
    if (P::has_bias) {
      start.template load<FromRom>(bias);
    } else {
      start.zero();
    }
    Tile<PX, V> sums;
    sums.start(start);
    const float* weights = w;
    for (index_t ky = 0; ky < P::kernel_h; ++ky) {
      for (index_t kx = 0; kx < P::kernel_w; ++kx) {
        const index_t distance = transpose_distance<P>(x, kx);
        if (rows[ky] != nullptr && tap_meets(distance, P::stride_w, P::in_w)) {
          const float* const from = rows[ky] + distance / P::stride_w * P::in_c + channel;
          accumulate<FromRom, P::in_c, W, S::group_in, 0, PX, kUnroll>(sums, from, weights);
        }
        weights += S::group_in * W;
      }
    }
    constexpr index_t kStride = static_cast<index_t>(P::stride_w) * P::out_c;
    sums.template store<P, kStride>(out + x * P::out_c);
  }

  // Whether the PX outputs from x on are inside the row and their taps meet inputs for all of them or none.
  template <int PX>
  inline bool uniform(index_t x) const {
    constexpr index_t kSpan = (PX - 1) * static_cast<index_t>(P::stride_w);
    if (x + kSpan >= P::out_w) return false;
    for (index_t kx = 0; kx < P::kernel_w; ++kx) {
      const index_t distance = transpose_distance<P>(x, kx);
      if (tap_meets(distance, P::stride_w, P::in_w) != tap_meets(distance + kSpan, P::stride_w, P::in_w)) {
        return false;
      }
      if (distance < 0 && distance + kSpan >= static_cast<index_t>(P::in_w) * P::stride_w) return false;
    }
    return true;
  }

  inline void run() const {
    constexpr index_t kStride = P::stride_w;
    for (index_t phase = 0; phase < P::stride_w && phase < P::out_w; ++phase) {
      for (index_t x = phase; x < P::out_w;) {
        if (S::tile > 1 && uniform<S::tile>(x)) {
          tile<S::tile>(x);
          x += S::tile * kStride;
        } else {
          tile<1>(x);
          x += kStride;
        }
      }
    }
  }
};

template <class P, int W>
inline void conv_transpose2d_row_block(const float* const* rows, index_t channel, const float* w,
                                       const float* bias, float* out) {
  constexpr int kLanes = kSoftFloat ? 1 : W;
  for (int lane = 0; lane < W; lane += kLanes) {
    const ConvTranspose2dRow<P, W, kLanes> row = {rows, channel, w + lane, P::has_bias ? bias + lane : bias,
                                                  out + lane};
    row.run();
  }
}

// One output row. rows: kernel_h pointers, rows[ky] the input row that reaches it through ky, or null.
template <class P>
inline void conv_transpose2d_f32_row(const float* const* rows, const float* weights, const float* bias,
                                     float* out_row) {
  typedef ConvTranspose2dShape<P> S;
  constexpr index_t kBlocks = conv_full_blocks(S::group_out);
  constexpr int kLast = conv_last_lanes(S::group_out);
  for (index_t group = 0; group < P::group; ++group) {
    const index_t channel = group * S::group_in;
    for (index_t block = 0; block < kBlocks; ++block) {
      conv_transpose2d_row_block<P, kConvLanes>(rows, channel, weights, bias, out_row);
      weights += S::taps * S::group_in * kConvLanes;
      if (P::has_bias) bias += kConvLanes;
      out_row += kConvLanes;
    }
    if (kLast > 0) {
      conv_transpose2d_row_block<P, (kLast > 0 ? kLast : 1)>(rows, channel, weights, bias, out_row);
      weights += S::taps * S::group_in * kLast;
      if (P::has_bias) bias += kLast;
      out_row += kLast;
    }
  }
}

template <class P>
inline void conv_transpose2d_f32(const float* in, const float* weights, const float* bias, float* out) {
  for (index_t image = 0; image < P::batch; ++image) {
    for (index_t y = 0; y < P::out_h; ++y) {
      const float* rows[P::kernel_h];
      transpose_rows<P>(in, y, rows);
      conv_transpose2d_f32_row<P>(rows, weights, bias, out);
      out += static_cast<index_t>(P::out_w) * P::out_c;
    }
    in += static_cast<index_t>(P::in_h) * P::in_w * P::in_c;
  }
}

}  // namespace netsuke

#endif  // NETSUKE_CONV_TRANSPOSE2D_F32_HPP
