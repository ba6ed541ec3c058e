// 2-D convolution, float32, NHWC: any kernel, stride, dilation, padding and number of groups.
//
//   in   [batch][in_h][in_w][in_c]      out  [batch][out_h][out_w][out_c]
//   bias [out_c], only read if P::has_bias      weights: see weight_layout.hpp
//   out[y][x][o] = act(bias[o] + sum over ky, kx, i of in[y * stride_h - pad_top + ky * dilation_h][...][i] *
//   w)
//
// P: batch, in_h, in_w, in_c, out_h, out_w, out_c, kernel_h, kernel_w, stride_h, stride_w, pad_top, pad_left,
// dilation_h, dilation_w, group, has_bias, act. What lies outside the input counts as 0 and is skipped, not
// multiplied. Summation order: bias, then ky, kx, i ascending. in and out must not overlap; 1x1 convolutions
// may run in place with pointwise_inplace_f32. A row is cut into tiles of pixels by output channels whose
// sums stay in registers (register_tile.hpp); only pixels near the border look at which taps lie inside.
#ifndef NETSUKE_CONV2D_F32_HPP
#define NETSUKE_CONV2D_F32_HPP

#include "core.hpp"
#include "register_tile.hpp"
#include "row_tiles.hpp"
#include "weight_layout.hpp"
#include "window.hpp"

namespace netsuke {

template <class P>
struct Conv2dShape {
  static constexpr index_t group_in = P::in_c / P::group;
  static constexpr index_t group_out = P::out_c / P::group;
  static constexpr index_t taps = static_cast<index_t>(P::kernel_h) * P::kernel_w;
  static constexpr index_t pixel_stride = static_cast<index_t>(P::stride_w) * P::in_c;
  static constexpr index_t pad = static_cast<index_t>(P::pad_left) * P::in_c;
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

// Edge tiles have code for each tap; half the unrolling keeps that in bounds.
constexpr int kEdgeUnroll = (kUnroll + 1) / 2;

// Taps [Tap, End) of one kernel row for a tile at output pixel X; x is the input of pixel 0's tap 0.
template <class P, int W, index_t X, index_t Tap, index_t End>
struct EdgeTaps {
  template <int PX, int V>
  [[gnu::always_inline]] static inline void run(Tile<PX, V>& tile, const float* x, const float* w) {
    typedef Conv2dShape<P> S;
    constexpr int kFrom = from_pixel<P>(X, PX, Tap), kTo = to_pixel<P>(X, PX, Tap);
    if (kFrom < kTo)
      accumulate<FromRom, S::pixel_stride, W, S::group_in, kFrom, kTo, kEdgeUnroll>(tile, x, w);
    EdgeTaps<P, W, X, Tap + 1, End>::run(tile, x + S::tap_stride, w + S::group_in * W);
  }
};

template <class P, int W, index_t X, index_t End>
struct EdgeTaps<P, W, X, End, End> {
  template <int PX, int V>
  static inline void run(Tile<PX, V>&, const float*, const float*) {}
};

// V of the W channels of a block, for one output row; what for_row_tiles calls. w, bias and out point at the
// first of the V channels, channel is the first input channel of the group.
template <class P, int W, int V>
struct Conv2dRow {
  typedef Conv2dShape<P> S;
  const float* const* rows;
  index_t channel;
  const float* w;
  const float* bias;
  float* out;

  static constexpr index_t kWeightRow = P::kernel_w * S::group_in * W;

  // Floats from the start of an input row to tap 0 of output pixel x.
  [[gnu::always_inline]] inline index_t offset(index_t x) const {
    return x * S::pixel_stride - S::pad + channel;
  }

  template <int PX>
  inline void inner(index_t x) const {
    Tile<PX, V> tile;
    start_tile<P>(tile, bias);
    const float* weights = w;
    const index_t from = offset(x);
    for (index_t ky = 0; ky < P::kernel_h; ++ky) {
      if (rows[ky] != nullptr) {
        const float* const row = rows[ky] + from;
        for (index_t run = 0; run < S::runs; ++run) {
          accumulate<FromRom, S::pixel_stride, W, S::run_length, 0, PX, kUnroll>(
              tile, row + run * S::tap_stride, weights + run * (S::group_in * W));
        }
      }
      weights += kWeightRow;
    }
    tile.template store<P, P::out_c>(out + x * P::out_c);
  }

  template <int PX, index_t X>
  inline void edge() const {
    if (X >= S::begin && X + PX <= S::end) return inner<PX>(X);  // the row's last tile, just narrower
    Tile<PX, V> tile;
    start_tile<P>(tile, bias);
    const float* weights = w;
    for (index_t ky = 0; ky < P::kernel_h; ++ky) {
      if (rows[ky] != nullptr) EdgeTaps<P, W, X, 0, P::kernel_w>::run(tile, rows[ky] + offset(X), weights);
      weights += kWeightRow;
    }
    tile.template store<P, P::out_c>(out + X * P::out_c);
  }

  inline void border(index_t x) const {
    const index_t start = window_start<P>(x);
    const index_t first = first_tap(start, P::kernel_w, P::dilation_w);
    const index_t end = end_tap(start, P::in_w, P::kernel_w, P::dilation_w);
    Tile<1, V> tile;
    start_tile<P>(tile, bias);
    const float* weights = w;
    for (index_t ky = 0; ky < P::kernel_h; ++ky) {
      if (rows[ky] != nullptr) {
        for (index_t kx = first; kx < end; ++kx) {
          accumulate<FromRom, 1, W, S::group_in, 0, 1, kEdgeUnroll>(
              tile, rows[ky] + offset(x) + kx * S::tap_stride, weights + kx * (S::group_in * W));
        }
      }
      weights += kWeightRow;
    }
    tile.template store<P, 1>(out + x * P::out_c);
  }
};

// One block of W channels of one output row.
template <class P, int W>
inline void conv2d_row_block(const float* const* rows, index_t channel, const float* w, const float* bias,
                             float* out) {
  constexpr int kLanes = kSoftFloat ? 1 : W;
  for (int lane = 0; lane < W; lane += kLanes) {
    const Conv2dRow<P, W, kLanes> row = {rows, channel, w + lane, P::has_bias ? bias + lane : bias,
                                         out + lane};
    for_row_tiles<P, tile_pixels(P::out_w, kLanes)>(row);
  }
}

// One output row. rows: kernel_h pointers to the input rows under it, null where there is padding.
template <class P>
inline void conv2d_f32_row(const float* const* rows, const float* weights, const float* bias,
                           float* out_row) {
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
