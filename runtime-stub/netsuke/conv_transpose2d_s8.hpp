// Transposed 2-D convolution on integers, NHWC.
//
//   in  [batch][in_h][in_w][in_c]      out [batch][out_h][out_w][out_c]
//   weights [out_c][kernel_h][kernel_w][in_c / group]      bias [out_c]      multipliers [out_c] or [1]
//   input (iy, ix) reaches output (iy * stride_h - pad_top + ky * dilation_h, ... ix, kx)
//   acc = bias[o] + sum over the taps that reach the output of (x - in_zero) * w
//
// The bias is the plain one here: outputs differ in which taps reach them, so the zero point's part cannot be
// added to it. P and the rest: as conv2d_s8.hpp (layout is not read). in and out must not overlap.
#ifndef NETSUKE_CONV_TRANSPOSE2D_S8_HPP
#define NETSUKE_CONV_TRANSPOSE2D_S8_HPP

#include "core.hpp"
#include "requantise.hpp"
#include "window_transpose.hpp"

namespace netsuke {

template <class P>
struct ConvTranspose2dS8 {
  typedef typename P::in_t in_t;
  typedef typename P::weight_t weight_t;
  static constexpr index_t group_in = P::in_c / P::group;
  static constexpr index_t group_out = P::out_c / P::group;
  static constexpr index_t filter = static_cast<index_t>(P::kernel_h) * P::kernel_w * group_in;

  static inline int32_t tap(const in_t* x, const weight_t* w) {
    int32_t sum = 0;
    for (index_t i = 0; i < group_in; ++i)
      sum += (static_cast<int32_t>(x[i]) - static_cast<int32_t>(P::in_zero)) * rom(w + i);
    return sum;
  }

  static inline int32_t taps(const in_t* const* rows, index_t x, index_t channel, const weight_t* w) {
    int32_t sum = 0;
    for (index_t ky = 0; ky < P::kernel_h; ++ky) {
      for (index_t kx = 0; kx < P::kernel_w; ++kx) {
        const index_t distance = transpose_distance<P>(x, kx);
        if (rows[ky] != nullptr && tap_meets(distance, P::stride_w, P::in_w))
          sum += tap(rows[ky] + distance / P::stride_w * P::in_c + channel, w);
        w += group_in;
      }
    }
    return sum;
  }
};

// One output row. rows: kernel_h pointers, rows[ky] the input row that reaches it through ky, or null.
template <class P>
inline void conv_transpose2d_s8_row(const typename P::in_t* const* rows, const typename P::weight_t* weights,
                                    const int32_t* bias, const typename ScaleType<P>::type* multipliers,
                                    typename P::out_t* out_row) {
  typedef ConvTranspose2dS8<P> C;
  typedef typename P::out_t T;
  for (index_t x = 0; x < P::out_w; ++x) {
    const typename P::weight_t* w = weights;
    for (index_t o = 0; o < P::out_c; ++o) {
      const int32_t acc = rom(bias + o) + C::taps(rows, x, o / C::group_out * C::group_in, w);
      *out_row++ = Finish<P, T>::run(acc, Scale<P, T>::of(multipliers, o));
      w += C::filter;
    }
  }
}

template <class P>
inline void conv_transpose2d_s8(const typename P::in_t* in, const typename P::weight_t* weights,
                                const int32_t* bias, const typename ScaleType<P>::type* multipliers,
                                typename P::out_t* out) {
  for (index_t image = 0; image < P::batch; ++image) {
    for (index_t y = 0; y < P::out_h; ++y) {
      const typename P::in_t* rows[P::kernel_h];
      transpose_rows<P>(in, y, rows);
      conv_transpose2d_s8_row<P>(rows, weights, bias, multipliers, out);
      out += static_cast<index_t>(P::out_w) * P::out_c;
    }
    in += static_cast<index_t>(P::in_h) * P::in_w * P::in_c;
  }
}

}  // namespace netsuke

#endif  // NETSUKE_CONV_TRANSPOSE2D_S8_HPP
