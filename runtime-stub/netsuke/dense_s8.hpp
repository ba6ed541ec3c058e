// Fully connected layer on integers (Gemm with constant weights).
//
//   in [batch][in_c]   out [batch][out_c]   weights: weight_layout_s8.hpp, with steps k = input channels
//   bias [out_c], multipliers [out_c] or [1]: as in conv2d_s8.hpp, which also gives the meaning and the types
//
// P: in_t, weight_t, out_t, batch, in_c, out_c, layout, in_zero, out_zero, out_min, out_max, shift, per_channel.
// in and out must not overlap.
#ifndef NETSUKE_DENSE_S8_HPP
#define NETSUKE_DENSE_S8_HPP

#include "arch/conv2d_dsp_s8.hpp"
#include "core.hpp"
#include "tile_s8.hpp"
#include "vector_tile_s8.hpp"

namespace netsuke {

// PX rows of the batch.
template <class P, bool kDsp>
struct DenseRowsS8 {
  template <int PX>
  static inline void run(const typename P::in_t* in, const typename P::weight_t* weights, const int32_t* bias,
                         const typename ScaleType<P>::type* scales, typename P::out_t* out) {
    ScalarTileOf<P>::template run<P::out_c, PX, P::in_c, P::out_c>(in, weights, bias, scales, out);
  }
};

#if NETSUKE_DSP
template <class P>
struct DenseRowsS8<P, true> {
  template <int PX>
  static inline void run(const int8_t* in, const typename P::weight_t* weights, const int32_t* bias,
                         const typename ScaleType<P>::type* scales, typename P::out_t* out) {
    dsp_dense_rows_s8<P, PX>(in, weights, bias, scales, out);
  }
};
#endif

// By the layout of the weights.
template <class P, bool kVectors>
struct DenseS8 {
  static inline void run(const typename P::in_t* in, const typename P::weight_t* weights, const int32_t* bias,
                         const typename ScaleType<P>::type* multipliers, typename P::out_t* out) {
    typedef DenseRowsS8<P, UsesDsp<P>::value> Rows;
    constexpr int kTile = P::batch < ScalarTileOf<P>::pixels ? P::batch : ScalarTileOf<P>::pixels;
    constexpr int kRest = P::batch % kTile;
    for (index_t i = 0; i < P::batch / kTile; ++i) {
      Rows::template run<kTile>(in, weights, bias, multipliers, out);
      in += kTile * static_cast<index_t>(P::in_c);
      out += kTile * static_cast<index_t>(P::out_c);
    }
    if (kRest > 0) Rows::template run<(kRest > 0 ? kRest : 1)>(in, weights, bias, multipliers, out);
  }
};
template <class P>
struct DenseS8<P, true> {
  static inline void run(const typename P::in_t* in, const typename P::weight_t* weights, const int32_t* bias,
                         const typename ScaleType<P>::type* multipliers, typename P::out_t* out) {
    vector_dense_s8<P>(in, weights, bias, multipliers, out);
  }
};

template <class P>
inline void dense_s8(const typename P::in_t* in, const typename P::weight_t* weights, const int32_t* bias,
                     const typename ScaleType<P>::type* multipliers, typename P::out_t* out) {
  DenseS8<P, P::layout == kLayoutVectors>::run(in, weights, bias, multipliers, out);
}

}  // namespace netsuke

#endif  // NETSUKE_DENSE_S8_HPP
