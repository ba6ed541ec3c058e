// Fully connected layer on integers (Gemm with constant weights).
//
//   in [batch][in_c]   out [batch][out_c]   weights: weight_layout_s8.hpp, with steps k = input channels
//   bias [out_c], multipliers [out_c] or [1]: as in conv2d_s8.hpp, which also gives the meaning and the types
//
// P: in_t, weight_t, out_t, batch, in_c, out_c, layout, in_zero, out_zero, out_min, out_max, shift, per_channel.
// in and out must not overlap.
#ifndef NETSUKE_DENSE_S8_HPP
#define NETSUKE_DENSE_S8_HPP

#include "core.hpp"
#include "tile_s8.hpp"

namespace netsuke {

template <class P>
inline void dense_s8(const typename P::in_t* in, const typename P::weight_t* weights, const int32_t* bias,
                     const typename ScaleType<P>::type* multipliers, typename P::out_t* out) {
  constexpr int kTile = P::batch < kTilePixelsS8 ? P::batch : kTilePixelsS8;
  constexpr int kRest = P::batch % kTile;
  for (index_t i = 0; i < P::batch / kTile; ++i) {
    tile_s8<P, P::out_c, kTile, P::in_c, P::out_c>(in, weights, bias, multipliers, out);
    in += kTile * static_cast<index_t>(P::in_c);
    out += kTile * static_cast<index_t>(P::out_c);
  }
  if (kRest > 0)
    tile_s8<P, P::out_c, (kRest > 0 ? kRest : 1), P::in_c, P::out_c>(in, weights, bias, multipliers, out);
}

}  // namespace netsuke

#endif  // NETSUKE_DENSE_S8_HPP
