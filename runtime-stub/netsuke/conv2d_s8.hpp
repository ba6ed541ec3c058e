// 2-D convolution on integers, NHWC: any kernel, stride, dilation, padding and number of groups. A 1-D one has
// height 1.
//
//   in  [batch][in_h][in_w][in_c]     out [batch][out_h][out_w][out_c]     weights: weight_layout_s8.hpp
//   bias [out_c]                      multipliers [out_c], or [1] if !P::per_channel
//   acc = bias[o] + sum of x * w; a tap outside the input counts as x = in_zero
//   out = clamp(out_zero + floor((acc * m + 2^(shift-1)) / 2^shift), out_min, out_max)
//
// The compiler has added -in_zero * sum(w) to the bias. P:
//   in_t, weight_t         int8_t or int16_t
//   out_t                  int8_t or int16_t; int32_t: the sums themselves, multipliers is not read;
//                          float: P::act(acc * scale), multipliers is then a float array of scales
//   batch, in_h, in_w, in_c, out_h, out_w, out_c, kernel_h, kernel_w, stride_h, stride_w, pad_top, pad_left,
//   dilation_h, dilation_w, group, layout (weight_layout_s8.hpp)
//   in_zero, out_zero, out_min, out_max, shift, per_channel
//
// in and out must not overlap, except that a 1x1 convolution without strides or groups may run in place when
// out_t is no wider than in_t and out_c <= in_c: a pixel's inputs are copied before its outputs are written.
// Stack: the windows of a tile of pixels, at most 4 * kernel_h * kernel_w * in_c / group bytes (int16_t: twice).
#ifndef NETSUKE_CONV2D_S8_HPP
#define NETSUKE_CONV2D_S8_HPP

#include "arch/conv2d_dsp_s8.hpp"
#include "core.hpp"
#include "gather_s8.hpp"
#include "tile_s8.hpp"
#include "vector_tile_s8.hpp"
#include "window.hpp"

namespace netsuke {

// PX pixels of one group from output column x on.
template <class P, bool kDsp>
struct PixelsS8 {
  template <int PX>
  static inline void run(const typename P::in_t* const* rows, index_t x, index_t channel,
                         const typename P::weight_t* weights, const int32_t* bias,
                         const typename ScaleType<P>::type* scales, typename P::out_t* out) {
    typedef GatherS8<P, P::in_c / P::group> Gather;
    alignas(kWindowAlign) typename P::in_t windows[PX * Gather::steps];
    for (int p = 0; p < PX; ++p) Gather::run(rows, x + p, channel, windows + p * Gather::steps);
    ScalarTileOf<P>::template run<P::out_c / P::group, PX, Gather::steps, P::out_c>(windows, weights, bias, scales, out);
  }
};

#if NETSUKE_DSP
template <class P>
struct PixelsS8<P, true> {
  template <int PX>
  static inline void run(const int8_t* const* rows, index_t x, index_t channel, const typename P::weight_t* weights,
                         const int32_t* bias, const typename ScaleType<P>::type* scales, typename P::out_t* out) {
    dsp_pixels_s8<P, PX>(rows, x, channel, weights, bias, scales, out);
  }
};
#endif

template <class P>
struct Conv2dS8 {
  static constexpr index_t group_in = P::in_c / P::group;
  static constexpr index_t group_out = P::out_c / P::group;
  static constexpr index_t steps = P::kernel_h * P::kernel_w * group_in;
  static constexpr index_t group_weights = weights_s8(P::layout, static_cast<int32_t>(group_out), static_cast<int32_t>(steps));
  // Pixels at a time: as few tiles as possible, of nearly the same size.
  static constexpr index_t tiles = ceil_div(P::out_w, ScalarTileOf<P>::pixels);
  static constexpr int tile = static_cast<int>(ceil_div(P::out_w, tiles));

  typedef typename P::in_t in_t;
  typedef typename P::weight_t weight_t;
  typedef typename P::out_t out_t;
  typedef typename ScaleType<P>::type scale_t;

  typedef PixelsS8<P, UsesDsp<P>::value> Pixels;

  // A function of its own, so that its windows are on the stack only while it runs: inlined into the caller's loop
  // over layers, those of one layer would lie below all that the others call.
  [[gnu::noinline]] static void group_row(const in_t* const* rows, index_t channel, const weight_t* weights,
                               const int32_t* bias, const scale_t* scales, out_t* out) {
    constexpr int kRest = static_cast<int>(P::out_w % tile);
    index_t x = 0;
    for (; x + tile <= P::out_w; x += tile) {
      Pixels::template run<tile>(rows, x, channel, weights, bias, scales, out);
      out += tile * static_cast<index_t>(P::out_c);
    }
    if (kRest > 0) Pixels::template run<(kRest > 0 ? kRest : 1)>(rows, x, channel, weights, bias, scales, out);
  }
};

// Of the rows of a map of its own, or by code that layers share.
template <class P, bool kShared>
struct RowS8 {
  static inline void run(const typename P::in_t* const* rows, index_t channel, const typename P::weight_t* weights,
                         const int32_t* bias, const typename ScaleType<P>::type* scales, typename P::out_t* out) {
    Conv2dS8<P>::group_row(rows, channel, weights, bias, scales, out);
  }
};
#if NETSUKE_DSP
template <class P>
struct RowS8<P, true> {
  static inline void run(const int8_t* const* rows, index_t, const typename P::weight_t* weights, const int32_t* bias,
                         const typename ScaleType<P>::type* scales, typename P::out_t* out) {
    pointwise_shared<P>(rows[0], weights, bias, scales, out);
  }
};
#endif

// By the layout of the weights.
template <class P, bool kVectors>
struct GroupRowS8 : Conv2dS8<P> {
  static inline void run(const typename P::in_t* const* rows, index_t channel, const typename P::weight_t* weights,
                         const int32_t* bias, const typename ScaleType<P>::type* scales, typename P::out_t* out) {
    RowS8<P, SharedPointwise<P>::value>::run(rows, channel, weights, bias, scales, out);
  }
};
template <class P>
struct GroupRowS8<P, true> : VectorRowS8<P> {};

// All groups of one output row; P's borders are those of `rows`.
template <class P>
inline void conv2d_s8_groups(const typename P::in_t* const* rows, const typename P::weight_t* weights,
                             const int32_t* bias, const typename ScaleType<P>::type* multipliers,
                             typename P::out_t* out_row) {
  typedef Conv2dS8<P> C;
  for (index_t group = 0; group < P::group; ++group) {
    GroupRowS8<P, P::layout == kLayoutVectors>::run(rows, group * C::group_in, weights, bias, multipliers, out_row);
    weights += C::group_weights;
    bias += C::group_out;
    if (P::per_channel) multipliers += C::group_out;
    out_row += C::group_out;
  }
}

// One output row. rows: kernel_h pointers to the input rows under it, null where there is padding.
template <class P>
inline void conv2d_s8_row(const typename P::in_t* const* rows, const typename P::weight_t* weights,
                          const int32_t* bias, const typename ScaleType<P>::type* multipliers,
                          typename P::out_t* out_row) {
  if (PaddedRows<P>::pays) {
    const PaddedRows<P> padded(rows);
    conv2d_s8_groups<WithoutBorders<P> >(padded.rows, weights, bias, multipliers, out_row);
  } else {
    conv2d_s8_groups<P>(rows, weights, bias, multipliers, out_row);
  }
}

template <class P>
inline void conv2d_s8(const typename P::in_t* in, const typename P::weight_t* weights, const int32_t* bias,
                      const typename ScaleType<P>::type* multipliers, typename P::out_t* out) {
  for (index_t image = 0; image < P::batch; ++image) {
    for (index_t y = 0; y < P::out_h; ++y) {
      const typename P::in_t* rows[P::kernel_h];
      window_rows<P>(in, y, rows);
      conv2d_s8_row<P>(rows, weights, bias, multipliers, out);
      out += static_cast<index_t>(P::out_w) * P::out_c;
    }
    in += static_cast<index_t>(P::in_h) * P::in_w * P::in_c;
  }
}

}  // namespace netsuke

#endif  // NETSUKE_CONV2D_S8_HPP
