// Depthwise 2-D convolution on integers, NHWC: every channel has its own filter (group == in_c == out_c).
//
//   in [batch][in_h][in_w][in_c]   out [batch][out_h][out_w][in_c]   bias [in_c]
//   weights: weight_layout_s8.hpp        multipliers [in_c], or [1] if !P::per_channel
//
// P and the meaning: as conv2d_s8.hpp (without group and out_c). in and out must not overlap.
// Channel by channel, some neighbouring output pixels at a time: the inputs under them are collected, borders
// filled, and then read by compile-time offsets only. Stack: those inputs, below 1 KB for 3x3 kernels.
#ifndef NETSUKE_DEPTHWISE_S8_HPP
#define NETSUKE_DEPTHWISE_S8_HPP

#include "arch/depthwise_dsp_s8.hpp"
#include "core.hpp"
#include "requantise.hpp"
#include "weight_layout_s8.hpp"
#include "window.hpp"

namespace netsuke {

template <class P>
struct DepthwiseS8 {
  // Neighbouring outputs at a time, and the input columns under them.
  static constexpr index_t chunk = P::out_w < 16 ? P::out_w : 16;
  static constexpr index_t span = (chunk - 1) * P::stride_w + (P::kernel_w - 1) * P::dilation_w + 1;
  static constexpr int32_t taps = P::kernel_h * P::kernel_w;

  typedef typename P::in_t in_t;
  typedef typename P::weight_t weight_t;
  typedef typename P::out_t out_t;
  typedef typename ScaleType<P>::type scale_t;

  // Columns [start, start + span) of one channel of one row.
  static inline void collect_row(const in_t* row, index_t start, in_t* to) {
    for (index_t i = 0; i < span; ++i) {
      const index_t column = start + i;
      const bool inside = row != nullptr && column >= 0 && column < P::in_w;
      to[i] = inside ? row[column * P::in_c] : static_cast<in_t>(P::in_zero);
    }
  }

  static inline out_t window(const in_t* lines, const weight_t* w, int32_t acc, scale_t scale) {
    for (index_t ky = 0; ky < P::kernel_h; ++ky) {
      for (index_t kx = 0; kx < P::kernel_w; ++kx) acc += product(lines[kx * P::dilation_w], w[kx]);
      lines += span;
      w += P::kernel_w;
    }
    return Finish<P, out_t>::run(acc, scale);
  }

  static inline void channel_row(const in_t* const* rows, index_t channel, const weight_t* w, int32_t bias,
                                 scale_t scale, out_t* out) {
    in_t lines[P::kernel_h * span];
    for (index_t x = 0; x < P::out_w; x += chunk) {
      for (index_t ky = 0; ky < P::kernel_h; ++ky) {
        const in_t* const row = rows[ky] == nullptr ? nullptr : rows[ky] + channel;
        collect_row(row, window_start<P>(x), lines + ky * span);
      }
      const index_t count = minimum<index_t>(chunk, static_cast<index_t>(P::out_w) - x);
      for (index_t i = 0; i < count; ++i) {
        *out = window(lines + i * P::stride_w, w, bias, scale);
        out += P::in_c;
      }
    }
  }
};

template <class P, bool kDsp>
struct DepthwiseRowS8 {
  static inline void run(const typename P::in_t* const* rows, const typename P::weight_t* weights,
                         const int32_t* bias, const typename ScaleType<P>::type* multipliers,
                         typename P::out_t* out_row) {
    typedef DepthwiseS8<P> D;
    for (index_t channel = 0; channel < P::in_c; ++channel) {
      typename P::weight_t w[D::taps];
      for (int32_t k = 0; k < D::taps; ++k)
        w[k] = rom(weights + depthwise_place(P::layout, P::kernel_w, k / P::kernel_w, k % P::kernel_w));
      D::channel_row(rows, channel, w, rom(bias + channel), Scale<P, typename P::out_t>::of(multipliers, channel),
                     out_row + channel);
      weights += depthwise_filter(P::layout, P::kernel_h, P::kernel_w);
    }
  }
};

#if NETSUKE_DSP
template <class P>
struct DepthwiseRowS8<P, true> : DepthwiseDsp<P> {};
#endif

// One output row. rows: kernel_h pointers to the input rows under it, null where there is padding.
template <class P>
inline void depthwise_s8_row(const typename P::in_t* const* rows, const typename P::weight_t* weights,
                             const int32_t* bias, const typename ScaleType<P>::type* multipliers,
                             typename P::out_t* out_row) {
  DepthwiseRowS8<P, UsesDspDepthwise<P>::value>::run(rows, weights, bias, multipliers, out_row);
}

template <class P>
inline void depthwise_s8(const typename P::in_t* in, const typename P::weight_t* weights, const int32_t* bias,
                         const typename ScaleType<P>::type* multipliers, typename P::out_t* out) {
  for (index_t image = 0; image < P::batch; ++image) {
    for (index_t y = 0; y < P::out_h; ++y) {
      const typename P::in_t* rows[P::kernel_h];
      window_rows<P>(in, y, rows);
      depthwise_s8_row<P>(rows, weights, bias, multipliers, out);
      out += static_cast<index_t>(P::out_w) * P::in_c;
    }
    in += static_cast<index_t>(P::in_h) * P::in_w * P::in_c;
  }
}

}  // namespace netsuke

#endif  // NETSUKE_DEPTHWISE_S8_HPP
