// 2-D convolution, float32, NHWC: any kernel, stride, dilation, padding and number of groups.
//
//   in   [batch][in_h][in_w][in_c]      out  [batch][out_h][out_w][out_c]
//   bias [out_c], only read if P::has_bias      weights: see weight_layout.hpp
//   out[y][x][o] = act(bias[o] + sum over ky, kx, i of in[y * stride_h - pad_top + ky * dilation_h][...][i] * w)
//
// P: batch, in_h, in_w, in_c, out_h, out_w, out_c, kernel_h, kernel_w, stride_h, stride_w, pad_top, pad_left,
// dilation_h, dilation_w, group, has_bias, act. What lies outside the input counts as 0 and is skipped, not
// multiplied. Summation order: bias, then ky, kx, i ascending. in and out must not overlap; 1x1 convolutions
// may run in place with pointwise_inplace_f32. A row is cut into tiles of pixels by output channels whose sums
// stay in registers (register_tile.hpp); only pixels near the border look at which taps lie inside.
#ifndef NETSUKE_CONV2D_F32_HPP
#define NETSUKE_CONV2D_F32_HPP

#include "core.hpp"
#include "register_tile.hpp"
#include "weight_layout.hpp"
#include "window.hpp"

namespace netsuke {

template <class P>
struct Conv2dShape {
  static constexpr index_t group_in = P::in_c / P::group;
  static constexpr index_t group_out = P::out_c / P::group;
  static constexpr index_t taps = static_cast<index_t>(P::kernel_h) * P::kernel_w;
  static constexpr index_t pixel_stride = static_cast<index_t>(P::stride_w) * P::in_c;
  static constexpr index_t tap_stride = static_cast<index_t>(P::dilation_w) * P::in_c;
  // The taps of a kernel row are one run of neighbouring floats unless dilation or groups keep them apart.
  static constexpr bool one_run = P::kernel_w == 1 || (P::dilation_w == 1 && P::group == 1);
  static constexpr index_t runs = one_run ? 1 : P::kernel_w;
  static constexpr index_t run_length = one_run ? P::kernel_w * group_in : group_in;
  static constexpr index_t begin = inner_begin(P::out_w, P::stride_w, P::pad_left);
  static constexpr index_t end =
      inner_end(P::in_w, P::out_w, P::kernel_w, P::stride_w, P::pad_left, P::dilation_w);
};

// The sums of PX pixels by V channels start at their biases.
template <class P, int PX, int V>
[[gnu::always_inline]] inline void start_tile(Tile<PX, V>& tile, const float* bias) {
  Lanes<V> lanes;
  if (P::has_bias) {
    lanes.template load<FromRom>(bias);
  } else {
    lanes.zero();
  }
  tile.start(lanes);
}

// PX pixels whose windows lie inside, V of the W channels of a block. x: floats from the start of an input row
// to the first pixel's first tap. w points at the first of the V channels.
template <class P, int W, int V, int PX>
inline void conv2d_inner_tile(const float* const* rows, index_t x, const float* w, const float* bias,
                              float* out) {
  typedef Conv2dShape<P> S;
  Tile<PX, V> tile;
  start_tile<P>(tile, bias);
  for (index_t ky = 0; ky < P::kernel_h; ++ky) {
    const float* row = rows[ky];
    if (row != nullptr) {
      row += x;
      for (index_t run = 0; run < S::runs; ++run) {
        accumulate<FromRom, S::pixel_stride, W, S::run_length, 0, PX>(tile, row + run * S::tap_stride,
                                                                      w + run * (S::group_in * W));
      }
    }
    w += P::kernel_w * S::group_in * W;
  }
  tile.template store<P, P::out_c>(out);
}

// One pixel near the border: start is the input column of its first tap, channel the first input channel.
template <class P, int W, int V>
inline void conv2d_edge_pixel(const float* const* rows, index_t start, index_t channel, const float* w,
                              const float* bias, float* out) {
  typedef Conv2dShape<P> S;
  const index_t first = first_tap(start, P::kernel_w, P::dilation_w);
  const index_t last = end_tap(start, P::in_w, P::kernel_w, P::dilation_w);
  Tile<1, V> tile;
  start_tile<P>(tile, bias);
  for (index_t ky = 0; ky < P::kernel_h; ++ky) {
    if (rows[ky] != nullptr) {
      for (index_t kx = first; kx < last; ++kx) {
        const float* const x = rows[ky] + (start + kx * P::dilation_w) * P::in_c + channel;
        accumulate<FromRom, 1, W, S::group_in, 0, 1>(tile, x, w + kx * (S::group_in * W));
      }
    }
    w += P::kernel_w * S::group_in * W;
  }
  tile.template store<P, 1>(out);
}

// Columns [from, to), all near the border.
template <class P, int W, int V>
inline void conv2d_edge(const float* const* rows, index_t from, index_t to, index_t channel, const float* w,
                        const float* bias, float* out) {
  for (index_t x = from; x < to; ++x) {
    conv2d_edge_pixel<P, W, V>(rows, x * P::stride_w - P::pad_left, channel, w, bias, out + x * P::out_c);
  }
}

// V channels of one output row. channel: the first input channel of the group.
template <class P, int W, int V>
inline void conv2d_row_lanes(const float* const* rows, index_t channel, const float* w, const float* bias,
                             float* out) {
  typedef Conv2dShape<P> S;
  constexpr index_t kInner = S::end - S::begin;
  constexpr int kPixels = tile_pixels(kInner, V);
  constexpr index_t kTiles = kInner / kPixels;
  constexpr int kRest = static_cast<int>(kInner % kPixels);
  conv2d_edge<P, W, V>(rows, 0, S::begin, channel, w, bias, out);
  index_t x = S::begin * S::pixel_stride - P::pad_left * P::in_c + channel;
  float* to = out + S::begin * P::out_c;
  for (index_t i = 0; i < kTiles; ++i) {
    conv2d_inner_tile<P, W, V, kPixels>(rows, x, w, bias, to);
    x += kPixels * S::pixel_stride;
    to += kPixels * P::out_c;
  }
  if (kRest > 0) conv2d_inner_tile<P, W, V, kRest>(rows, x, w, bias, to);
  conv2d_edge<P, W, V>(rows, S::end, P::out_w, channel, w, bias, out);
}

// One block of W channels of one output row.
template <class P, int W>
inline void conv2d_row_block(const float* const* rows, index_t channel, const float* w, const float* bias,
                             float* out) {
  constexpr int kLanes = kSoftFloat ? 1 : W;
  for (int lane = 0; lane < W; lane += kLanes) {
    conv2d_row_lanes<P, W, kLanes>(rows, channel, w + lane, P::has_bias ? bias + lane : bias, out + lane);
  }
}

// One output row. rows: kernel_h pointers to the input rows under it, null where there is padding.
template <class P>
inline void conv2d_f32_row(const float* const* rows, const float* weights, const float* bias, float* out_row) {
  typedef Conv2dShape<P> S;
  constexpr index_t kBlocks = conv_full_blocks(S::group_out);
  constexpr int kLast = conv_last_lanes(S::group_out);
  for (index_t group = 0; group < P::group; ++group) {
    const index_t channel = group * S::group_in;
    for (index_t block = 0; block < kBlocks; ++block) {
      conv2d_row_block<P, kConvLanes>(rows, channel, weights, bias, out_row);
      weights += S::taps * S::group_in * kConvLanes;
      if (P::has_bias) bias += kConvLanes;
      out_row += kConvLanes;
    }
    if (kLast > 0) {
      conv2d_row_block<P, kLast == 0 ? 1 : kLast>(rows, channel, weights, bias, out_row);
      weights += S::taps * S::group_in * kLast;
      if (P::has_bias) bias += kLast;
      out_row += kLast;
    }
  }
}

template <class P>
inline void conv2d_f32(const float* in, const float* weights, const float* bias, float* out) {
  for (index_t image = 0; image < P::batch; ++image) {
    for (index_t y = 0; y < P::out_h; ++y) {
      const float* rows[P::kernel_h];
      window_rows<P>(in, y, rows);
      conv2d_f32_row<P>(rows, weights, bias, out);
      out += static_cast<index_t>(P::out_w) * P::out_c;
    }
    in += static_cast<index_t>(P::in_h) * P::in_w * P::in_c;
  }
}

}  // namespace netsuke

#endif  // NETSUKE_CONV2D_F32_HPP
