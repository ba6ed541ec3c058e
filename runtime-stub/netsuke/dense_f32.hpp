// Fully connected layer (Gemm with constant weights), float32.
//
//   in [batch][in_c]   out [batch][out_c]   bias [out_c], only read if P::has_bias
//   weights: see weight_layout.hpp          out[b][o] = act(bias[o] + sum over i of in[b][i] * w[o][i])
//
// P: batch, in_c, out_c, has_bias, act. Summation order: bias, then i ascending. in and out must not overlap.
#ifndef NETSUKE_DENSE_F32_HPP
#define NETSUKE_DENSE_F32_HPP

#include "arch/fpu.hpp"
#include "core.hpp"
#include "register_tile.hpp"
#include "weight_layout.hpp"

namespace netsuke {

// PX batch rows by V of the W channels of a block.
template <class P, int W, int V, int PX>
inline void dense_tile(const float* in, const float* w, const float* bias, float* out) {
  Lanes<V> lanes;
  if (P::has_bias) {
    lanes.template load<FromRom>(bias);
  } else {
    lanes.zero();
  }
  Tile<PX, V> tile;
  tile.start(lanes);
  accumulate<FromRom, P::in_c, W, P::in_c, 0, PX, kUnroll>(tile, in, w);
  tile.template store<P, P::out_c>(out);
}

#if NETSUKE_FPU
// A whole block of one batch row: the sums are made where the outputs go.
template <class P>
inline void dense_fpu_row(const float* in, const float* w, const float* bias, float* out) {
  for (int lane = 0; lane < kDenseLanes; ++lane) out[lane] = P::has_bias ? bias[lane] : 0.0f;
  if (P::in_c >= 4) fpu::add_products_16(in, w, out, P::in_c / 4 * 4);
  for (index_t k = P::in_c / 4 * 4; k < P::in_c; ++k) {
    for (int lane = 0; lane < kDenseLanes; ++lane) out[lane] += in[k] * w[k * kDenseLanes + lane];
  }
  for (int lane = 0; lane < kDenseLanes; ++lane) out[lane] = P::act(out[lane]);
}
#endif

// All batch rows of one block of W channels.
template <class P, int W>
inline void dense_block(const float* in, const float* w, const float* bias, float* out) {
  constexpr int kLanes = kSoftFloat ? 1 : W;
  constexpr int kRows = tile_pixels(P::batch, kLanes);
  constexpr int kRest = P::batch % kRows;
  for (int lane = 0; lane < W; lane += kLanes) {
    const float* from = in;
    float* to = out + lane;
    const float* const b = P::has_bias ? bias + lane : bias;
    for (index_t i = 0; i < P::batch / kRows; ++i) {
      dense_tile<P, W, kLanes, kRows>(from, w + lane, b, to);
      from += kRows * P::in_c;
      to += kRows * P::out_c;
    }
    if (kRest > 0) dense_tile<P, W, kLanes, kRest>(from, w + lane, b, to);
  }
}

template <class P>
inline void dense_full_block(const float* in, const float* w, const float* bias, float* out) {
#if NETSUKE_FPU
  for (index_t i = 0; i < P::batch; ++i)
    dense_fpu_row<P>(in + i * static_cast<index_t>(P::in_c), w, bias, out + i * static_cast<index_t>(P::out_c));
#else
  dense_block<P, kDenseLanes>(in, w, bias, out);
#endif
}

template <class P>
inline void dense_f32(const float* in, const float* weights, const float* bias, float* out) {
  constexpr int kLast = dense_last_lanes(P::out_c);
  for (index_t block = 0; block < dense_full_blocks(P::out_c); ++block) {
    dense_full_block<P>(in, weights, bias, out);
    weights += static_cast<index_t>(P::in_c) * kDenseLanes;
    if (P::has_bias) bias += kDenseLanes;
    out += kDenseLanes;
  }
  if (kLast > 0) dense_block<P, kLast == 0 ? 1 : kLast>(in, weights, bias, out);
}

}  // namespace netsuke

#endif  // NETSUKE_DENSE_F32_HPP
