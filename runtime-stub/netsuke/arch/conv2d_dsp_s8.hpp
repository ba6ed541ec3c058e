// conv2d_s8.hpp and dense_s8.hpp for Armv7E-M; see tile_dsp_s8.hpp.
#ifndef NETSUKE_ARCH_CONV2D_DSP_S8_HPP
#define NETSUKE_ARCH_CONV2D_DSP_S8_HPP

#include "../gather_s8.hpp"
#include "conv2d_parts_dsp_s8.hpp"
#include "pointwise_dsp_s8.hpp"
#include "tile_dsp_s8.hpp"

namespace netsuke {

// Kernels here read int8 inputs; other types take the portable way.
template <class P, class In = typename P::in_t, class Weight = typename P::weight_t>
struct UsesDsp {
  static constexpr bool value = false;
};
// Layers that run by the code in pointwise_dsp_s8.hpp.
template <class P>
struct SharedPointwise {
#if NETSUKE_DSP
  static constexpr bool value = UsesDsp<P>::value && SharesCode<P>::value;
#else
  static constexpr bool value = false;
#endif
};
#if NETSUKE_DSP
template <class P>
struct UsesDsp<P, int8_t, int8_t> {
  static constexpr bool value = P::layout == kLayoutPlain || P::layout == kLayoutFolded;
};
template <class P>
struct UsesDsp<P, int8_t, int16_t> {
  static constexpr bool value = P::layout == kLayoutWide;
};

template <class P, int PX>
struct DspColumns {
  static constexpr index_t group_in = P::in_c / P::group;
  typedef GatherS8<P, group_in> Gather;
  static constexpr index_t quads = quads_of(Gather::steps);
  // The taps of a kernel row are one run of whole quads, so they can be widened from where they lie.
  static constexpr bool direct =
      Gather::one_run && (P::kernel_h == 1 || Gather::row_steps % 4 == 0);
  uint32_t words[2 * PX * quads];

  // Where the next pixel's window begins.
  static constexpr index_t next = static_cast<index_t>(P::stride_w) * P::in_c;

  [[gnu::always_inline]] inline void inner(const int8_t* const* rows, index_t from) {
    uint32_t* to = words;
    for (index_t ky = 0; ky < P::kernel_h; ++ky) {
      if (rows[ky] == nullptr) {
        fill_elements(to, Gather::row_steps / 2 * PX, static_cast<uint32_t>(P::in_zero & 0xffff) * 0x10001u);
      } else {
        widen<Gather::row_steps, PX>(rows[ky] + from, rows[ky] + from + next, to);
      }
      to += Gather::row_steps / 2 * PX;
    }
  }
  // Rows of windows that do not come in whole quads: joined first.
  [[gnu::always_inline]] inline void inner_joined(const int8_t* const* rows, index_t from) {
    int8_t windows[PX][quads * 4];
    for (index_t ky = 0; ky < P::kernel_h; ++ky) {
      for (int p = 0; p < PX; ++p) {
        int8_t* const to = windows[p] + ky * Gather::row_steps;
        if (rows[ky] == nullptr) {
          fill_elements(to, Gather::row_steps, static_cast<int8_t>(P::in_zero));
        } else {
          memcpy(to, rows[ky] + from + p * next, static_cast<size_t>(Gather::row_steps));
        }
      }
    }
    widen<Gather::steps, PX>(windows[0], windows[PX - 1], words);
  }
  inline void border(const int8_t* const* rows, index_t x, index_t channel) {
    int8_t windows[PX][quads * 4];
    for (int p = 0; p < PX; ++p) Gather::run(rows, x + p, channel, windows[p]);
    widen<Gather::steps, PX>(windows[0], windows[PX - 1], words);
  }
  // The windows of PX pixels from output column x on.
  inline void gather(const int8_t* const* rows, index_t x, index_t channel) {
    const index_t from = window_start<P>(x) * P::in_c + channel;
    if (!Gather::one_run || x < Gather::begin || x + PX > Gather::end) {
      border(rows, x, channel);
    } else if (direct) {
      inner(rows, from);
    } else {
      inner_joined(rows, from);
    }
  }
};

template <class P, int PX, bool kParts>
struct DspPixels : DspParts<P, PX> {};

template <class P, int PX>
struct DspPixels<P, PX, false> {
  static inline void run(const int8_t* const* rows, index_t x, index_t channel, const typename P::weight_t* weights,
                         const int32_t* bias, const typename ScaleType<P>::type* scales, typename P::out_t* out) {
    DspColumns<P, PX> columns;
    columns.gather(rows, x, channel);
    dsp_tile_s8<P, P::out_c / P::group, PX, DspColumns<P, PX>::quads, P::out_c>(columns.words, weights, bias, scales,
                                                                                out);
  }
};

template <class P, int PX>
inline void dsp_pixels_s8(const int8_t* const* rows, index_t x, index_t channel,
                          const typename P::weight_t* weights, const int32_t* bias,
                          const typename ScaleType<P>::type* scales, typename P::out_t* out) {
  DspPixels<P, PX, DspParts<P, PX>::pays>::run(rows, x, channel, weights, bias, scales, out);
}

// Not inlined: see Conv2dS8::group_row.
template <class P, int PX>
[[gnu::noinline]] void dsp_dense_rows_s8(const int8_t* in, const typename P::weight_t* weights, const int32_t* bias,
                                         const typename ScaleType<P>::type* scales, typename P::out_t* out) {
  constexpr index_t kQuads = quads_of(P::in_c);
  uint32_t columns[2 * PX * kQuads];
  widen<P::in_c, PX>(in, in + P::in_c, columns);
  dsp_tile_s8<P, P::out_c, PX, kQuads, P::out_c>(columns, weights, bias, scales, out);
}

#endif  // NETSUKE_DSP

}  // namespace netsuke

#endif  // NETSUKE_ARCH_CONV2D_DSP_S8_HPP
