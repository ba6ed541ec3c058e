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
#include "arch/depthwise_mve_s8.hpp"
#include "arch/depthwise_strips_dsp_s8.hpp"
#include "arch/scalar.hpp"
#include "core.hpp"
#include "gather_s8.hpp"
#include "requantise.hpp"
#include "weight_layout_s8.hpp"
#include "window.hpp"

namespace netsuke {

// Sums of PX neighbouring outputs of one channel.
template <int PX>
struct PixelSums {
  int32_t a, b, c, d;

  [[gnu::always_inline]] inline void start(int32_t bias) { a = b = c = d = bias; }
  // x: input of the first; Step elements apart.
  template <index_t Step, class In, class Weight>
  [[gnu::always_inline]] inline void add(const In* x, Weight w) {
    multiply_add(a, x[0], w);
    if (PX > 1) multiply_add(b, x[Step], w);
    if (PX > 2) multiply_add(c, x[2 * Step], w);
    if (PX > 3) multiply_add(d, x[3 * Step], w);
  }
  template <class P, class Scale, class Out>
  [[gnu::always_inline]] inline void store(Scale scale, Out* out) const {
    constexpr index_t kStep = P::in_c;
    out[0] = Finish<P, Out>::run(a, scale);
    if (PX > 1) out[kStep] = Finish<P, Out>::run(b, scale);
    if (PX > 2) out[2 * kStep] = Finish<P, Out>::run(c, scale);
    if (PX > 3) out[3 * kStep] = Finish<P, Out>::run(d, scale);
  }
};

// Taps [Tap, End) of a kernel row, written out: their inputs overlap, and the compiler loads each once.
template <class P, int Tap, int End>
struct DepthwiseTapsS8 {
  template <int PX>
  [[gnu::always_inline]] static inline void run(PixelSums<PX>& sums, const typename P::in_t* x,
                                                const typename P::weight_t* w) {
    sums.template add<P::stride_w>(x + Tap * P::dilation_w, rom(w + depthwise_place(P::layout, P::kernel_w, 0, Tap)));
    DepthwiseTapsS8<P, Tap + 1, End>::run(sums, x, w);
  }
};
template <class P, int End>
struct DepthwiseTapsS8<P, End, End> {
  template <int PX>
  static inline void run(PixelSums<PX>&, const typename P::in_t*, const typename P::weight_t*) {}
};

template <class P>
struct DepthwiseS8 {
  // Neighbouring outputs at a time, and the input columns under them.
  static constexpr index_t chunk = P::out_w < 16 ? P::out_w : 16;
  static constexpr index_t span = (chunk - 1) * P::stride_w + (P::kernel_w - 1) * P::dilation_w + 1;
#if defined(__AVR__)
  static constexpr int tile = 1;
#else
  static constexpr int tile = 4;
#endif
  // Taps of a kernel row that are written out; the rest of a long row is a loop.
  static constexpr index_t written_out = P::kernel_w <= 7 ? P::kernel_w : 1;
  static constexpr index_t weight_row = P::kernel_h == 1 ? 0 : depthwise_place(P::layout, P::kernel_w, 1, 0);

  typedef typename P::in_t in_t;
  typedef typename P::weight_t weight_t;
  typedef typename P::out_t out_t;
  typedef typename ScaleType<P>::type scale_t;

  // Columns [start, start + span) of one channel of one row.
  static inline void collect_row(const in_t* row, index_t start, in_t* to) {
    const index_t left = row == nullptr ? span : clamp_index(-start, 0, span);
    const index_t end = row == nullptr ? span : clamp_index(static_cast<index_t>(P::in_w) - start, left, span);
    fill_elements(to, left, static_cast<in_t>(P::in_zero));
    if (left < end) {
      const in_t* from = row + (start + left) * static_cast<index_t>(P::in_c);
      for (index_t i = left; i < end; ++i) {
        to[i] = *from;
        from += P::in_c;
      }
    }
    fill_elements(to + end, span - end, static_cast<in_t>(P::in_zero));
  }

  template <int PX>
  static inline void outputs(const in_t* lines, const weight_t* w, int32_t bias, scale_t scale, out_t* out) {
    PixelSums<PX> sums;
    sums.start(bias);
    for (index_t ky = 0; ky < P::kernel_h; ++ky) {
      for (index_t kx = 0; kx < P::kernel_w; kx += written_out)
        DepthwiseTapsS8<P, 0, static_cast<int>(written_out)>::run(sums, lines + kx * static_cast<index_t>(P::dilation_w), w + kx);
      lines += span;
      w += weight_row;
    }
    sums.template store<P>(scale, out);
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
      const in_t* from = lines;
      for (index_t i = count / tile; i > 0; --i) {
        outputs<tile>(from, w, bias, scale, out);
        from += tile * static_cast<index_t>(P::stride_w);
        out += tile * static_cast<index_t>(P::in_c);
      }
      for (index_t i = count % tile; i > 0; --i) {
        outputs<1>(from, w, bias, scale, out);
        from += P::stride_w;
        out += P::in_c;
      }
    }
  }
};

template <class P, bool kDsp, bool kMve>
struct DepthwiseRowS8 {
  static inline void run(const typename P::in_t* const* rows, const typename P::weight_t* weights,
                         const int32_t* bias, const typename ScaleType<P>::type* multipliers,
                         typename P::out_t* out_row) {
    typedef DepthwiseS8<P> D;
    for (index_t channel = 0; channel < P::in_c; ++channel) {
      D::channel_row(rows, channel, weights, rom(bias + channel), Scale<P, typename P::out_t>::of(multipliers, channel),
                     out_row + channel);
      weights += depthwise_filter(P::layout, P::kernel_h, P::kernel_w);
    }
  }
};

#if NETSUKE_DSP
template <class P>
struct DepthwiseRowS8<P, true, false> : DepthwiseDsp<P> {};
#endif
#if NETSUKE_MVE
template <class P>
struct DepthwiseRowS8<P, false, true> : DepthwiseMve<P> {};
#endif

// One output row. rows: kernel_h pointers to the input rows under it, null where there is padding.
template <class P>
inline void depthwise_s8_row(const typename P::in_t* const* rows, const typename P::weight_t* weights,
                             const int32_t* bias, const typename ScaleType<P>::type* multipliers,
                             typename P::out_t* out_row) {
  DepthwiseRowS8<P, UsesDspDepthwise<P>::value, UsesMveDepthwise<P>::value>::run(rows, weights, bias, multipliers, out_row);
}

// One image.
template <class P, bool kStrips>
struct DepthwiseMapS8 {
  static inline void run(const typename P::in_t* in, const typename P::weight_t* weights, const int32_t* bias,
                         const typename ScaleType<P>::type* multipliers, typename P::out_t* out) {
    for (index_t y = 0; y < P::out_h; ++y) {
      const typename P::in_t* rows[P::kernel_h];
      window_rows<P>(in, y, rows);
      depthwise_s8_row<P>(rows, weights, bias, multipliers, out);
      out += static_cast<index_t>(P::out_w) * P::in_c;
    }
  }
};
#if NETSUKE_DSP
template <class P>
struct DepthwiseMapS8<P, true> : DepthwiseMapDsp<P> {};
#endif

template <class P>
inline void depthwise_s8(const typename P::in_t* in, const typename P::weight_t* weights, const int32_t* bias,
                         const typename ScaleType<P>::type* multipliers, typename P::out_t* out) {
  for (index_t image = 0; image < P::batch; ++image) {
    DepthwiseMapS8<P, UsesDspStrips<P>::value>::run(in, weights, bias, multipliers, out);
    in += static_cast<index_t>(P::in_h) * P::in_w * P::in_c;
    out += static_cast<index_t>(P::out_h) * P::out_w * P::in_c;
  }
}

}  // namespace netsuke

#endif  // NETSUKE_DEPTHWISE_S8_HPP
