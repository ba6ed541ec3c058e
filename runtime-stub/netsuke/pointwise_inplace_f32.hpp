// 1x1 convolution with stride 1 that may write over its own input, float32, NHWC.
//
//   in, out: in == out is allowed (and the reason for this kernel); needs out_c <= in_c and group == 1
//   weights, bias, P and results: exactly as conv2d_f32 (bit for bit), P::in_h x P::in_w pixels
//
// A tile of pixels is copied to the stack before its outputs are written. They need at most as much room as
// the inputs did, so what they overwrite has been read. The scratch is at most kPointwiseScratch floats, or
// one pixel if that has more.
#ifndef NETSUKE_POINTWISE_INPLACE_F32_HPP
#define NETSUKE_POINTWISE_INPLACE_F32_HPP

#include "conv2d_f32.hpp"
#include "core.hpp"
#include "register_tile.hpp"

namespace netsuke {

constexpr index_t kPointwiseScratch = 512;

// What conv2d_f32_row sees: a row of PX pixels without a border.
template <class P, int PX>
struct PointwiseTile : P {
  static constexpr int32_t batch = 1, in_h = 1, in_w = PX, out_h = 1, out_w = PX;
};

template <class P>
struct PointwiseShape {
  static constexpr index_t pixels = static_cast<index_t>(P::batch) * P::in_h * P::in_w;
  static constexpr index_t room = kPointwiseScratch / P::in_c;
  static constexpr index_t preferred = tile_pixels(pixels, kConvLanes);
  static constexpr int tile = static_cast<int>(room < 1 ? 1 : (room < preferred ? room : preferred));
};

template <class P, int PX>
inline void pointwise_tile(const float* in, const float* weights, const float* bias, float* out) {
  float scratch[PX * P::in_c];
  for (index_t i = 0; i < PX * P::in_c; ++i) scratch[i] = in[i];
  const float* const row = scratch;
  conv2d_f32_row<PointwiseTile<P, PX> >(&row, weights, bias, out);
}

template <class P>
inline void pointwise_inplace_f32(const float* in, const float* weights, const float* bias, float* out) {
  static_assert(P::kernel_h == 1 && P::kernel_w == 1 && P::stride_h == 1 && P::stride_w == 1 &&
                    P::group == 1 && P::pad_top == 0 && P::pad_left == 0 && P::out_h == P::in_h &&
                    P::out_w == P::in_w && P::out_c <= P::in_c,
                "pointwise_inplace_f32: 1x1, stride 1, no padding, out_c <= in_c");
  typedef PointwiseShape<P> S;
  constexpr int kRest = static_cast<int>(S::pixels % S::tile);
  for (index_t i = 0; i < S::pixels / S::tile; ++i) {
    pointwise_tile<P, S::tile>(in, weights, bias, out);
    in += static_cast<index_t>(S::tile) * P::in_c;
    out += static_cast<index_t>(S::tile) * P::out_c;
  }
  if (kRest > 0) pointwise_tile<P, (kRest > 0 ? kRest : 1)>(in, weights, bias, out);
}

}  // namespace netsuke

#endif  // NETSUKE_POINTWISE_INPLACE_F32_HPP
