// Integer sums of PX pixels by L output channels ("lanes") that live in registers; the inner loop of conv2d_s8
// and dense_s8. Weights: see weight_layout_s8.hpp.
//
// P: in_t, weight_t, out_t, layout and what requantise.hpp reads. Every sum must fit 32 bits: the compiler
// checks |bias| + sum of |x * w| offline.
#ifndef NETSUKE_TILE_S8_HPP
#define NETSUKE_TILE_S8_HPP

#include "arch/scalar.hpp"
#include "arch/tile_avr_s8.hpp"
#include "core.hpp"
#include "dual_tile_s8.hpp"
#include "requantise.hpp"
#include "weight_layout_s8.hpp"

namespace netsuke {

// Pixels per tile: as many sums as there are registers for them.
#if defined(__AVR__)
constexpr int kTilePixelsS8 = 1;
#elif defined(__riscv)
constexpr int kTilePixelsS8 = 3;
#else
constexpr int kTilePixelsS8 = 2;
#endif

// Step K of a quad: one weight for each lane.
template <class P, int L>
struct LaneWeights {
  typedef typename P::weight_t weight_t;
  typedef typename InRegister<weight_t>::type value_t;
  value_t a, b, c, d;

  template <int K, int Lane>
  [[gnu::always_inline]] static inline value_t even(const weight_t* w) {
    return load_weight(w + quad_place(P::layout, L, Lane, K));
  }
  template <int K, int Lane>
  [[gnu::always_inline]] static inline value_t odd(const weight_t* w, value_t neighbour) {
    const value_t stored = load_weight(w + quad_place(P::layout, L, Lane, K));
    return P::layout == kLayoutFolded && neighbour < 0 ? static_cast<value_t>(stored + 1) : stored;
  }
  template <int K>
  [[gnu::always_inline]] inline void load(const weight_t* w) {
    a = even<K, 0>(w);
    b = odd<K, 1>(w, a);
    if (L > 2) c = even<K, L - 2>(w);
    if (L > 2) d = odd<K, L - 1>(w, c);
  }
};

template <class P, int L>
struct LaneSums {
  typedef typename ScaleType<P>::type scale_t;
  typedef typename P::out_t out_t;
  int32_t a, b, c, d;

  // live: lanes that exist; the others are padding of the last block.
  template <int Live>
  [[gnu::always_inline]] inline void start(const int32_t* bias) {
    a = rom(bias);
    b = Live > 1 ? rom(bias + 1) : 0;
    c = Live > 2 ? rom(bias + 2) : 0;
    d = Live > 3 ? rom(bias + 3) : 0;
  }
  [[gnu::always_inline]] inline void add(const typename P::in_t* from, const LaneWeights<P, L>& w) {
    const typename InRegister<typename P::in_t>::type x = load_value(from);
    multiply_add(a, x, w.a);
    multiply_add(b, x, w.b);
    if (L > 2) multiply_add(c, x, w.c);
    if (L > 2) multiply_add(d, x, w.d);
  }
  template <int Live>
  [[gnu::always_inline]] inline void store(const scale_t* scales, out_t* out) const {
    typedef Finish<P, out_t> F;
    typedef Scale<P, out_t> S;
    out[0] = F::run(a, S::of(scales, 0));
    if (Live > 1) out[1] = F::run(b, S::of(scales, 1));
    if (Live > 2) out[2] = F::run(c, S::of(scales, 2));
    if (Live > 3) out[3] = F::run(d, S::of(scales, 3));
  }
};

// PX pixels whose inputs are Pitch elements apart.
template <class P, int L, int PX, int32_t Pitch>
struct TileS8 {
  typedef typename P::in_t in_t;
  typedef typename P::weight_t weight_t;
  LaneSums<P, L> p0, p1, p2, p3;

  template <int K>
  [[gnu::always_inline]] inline void step(const in_t* x, const weight_t* quad) {
    LaneWeights<P, L> w;
    w.template load<K>(quad);
    p0.add(x + K, w);
    if (PX > 1) p1.add(x + K + Pitch, w);
    if (PX > 2) p2.add(x + K + 2 * Pitch, w);
    if (PX > 3) p3.add(x + K + 3 * Pitch, w);
  }

  template <int32_t Steps>
  [[gnu::always_inline]] inline void accumulate(const in_t* x, const weight_t* w) {
    for (index_t quad = 0; quad < Steps / 4; ++quad) {
      step<0>(x, w);
      step<1>(x, w);
      step<2>(x, w);
      step<3>(x, w);
      x += 4;
      w += 4 * L;
    }
    if (Steps % 4 > 0) step<0>(x, w);
    if (Steps % 4 > 1) step<1>(x, w);
    if (Steps % 4 > 2) step<2>(x, w);
  }
};

// Live channels of a block of L lanes, for PX pixels. Out: elements between the outputs of two pixels.
template <class P, int L, int Live, int PX, int32_t Steps, int32_t Out, bool kAvr>
struct TileBlockS8 {
  static inline void run(const typename P::in_t* x, const typename P::weight_t* w, const int32_t* bias,
                         const typename ScaleType<P>::type* scales, typename P::out_t* out) {
    TileS8<P, L, PX, Steps> tile;
    tile.p0.template start<Live>(bias);
    if (PX > 1) tile.p1 = tile.p0;
    if (PX > 2) tile.p2 = tile.p0;
    if (PX > 3) tile.p3 = tile.p0;
    tile.template accumulate<Steps>(x, w);
    tile.p0.template store<Live>(scales, out);
    if (PX > 1) tile.p1.template store<Live>(scales, out + Out);
    if (PX > 2) tile.p2.template store<Live>(scales, out + 2 * Out);
    if (PX > 3) tile.p3.template store<Live>(scales, out + 3 * Out);
  }
};

#if NETSUKE_AVR
template <class P, int L, int Live, int32_t Steps, int32_t Out>
struct TileBlockS8<P, L, Live, 1, Steps, Out, true> {
  static inline void run(const int8_t* x, const int8_t* w, const int32_t* bias,
                         const typename ScaleType<P>::type* scales, typename P::out_t* out) {
    avr::tile_block_s8<P, L, Live, Steps>(x, w, bias, scales, out);
  }
};
#endif

template <class P, int L, int Live, int PX, int32_t Steps, int32_t Out>
#if NETSUKE_SCALAR_ASM
// A function of its own: what the caller's loops need would take registers from the sums.
[[gnu::noinline]]
#endif
inline void tile_block_s8(const typename P::in_t* x, const typename P::weight_t* w, const int32_t* bias,
                          const typename ScaleType<P>::type* scales, typename P::out_t* out) {
  TileBlockS8<P, L, Live, PX, Steps, Out, UsesAvrTile<P>::value>::run(x, w, bias, scales, out);
}

// All Channels of PX pixels. x: their inputs, Steps each, one after the other.
template <class P, int32_t Channels, int PX, int32_t Steps, int32_t Out>
inline void tile_s8(const typename P::in_t* x, const typename P::weight_t* weights, const int32_t* bias,
                    const typename ScaleType<P>::type* scales, typename P::out_t* out) {
  constexpr index_t kBlock = static_cast<index_t>(quads_of(Steps)) * 4 * kLanesS8;
  constexpr int kRest = Channels % kLanesS8;
  for (index_t block = 0; block < full_blocks_s8(Channels); ++block) {
    tile_block_s8<P, kLanesS8, kLanesS8, PX, Steps, Out>(x, weights, bias, scales, out);
    weights += kBlock;
    bias += kLanesS8;
    if (P::per_channel) scales += kLanesS8;
    out += kLanesS8;
  }
  if (kRest > 0)
    tile_block_s8<P, (kRest == 3 ? 4 : 2), (kRest > 0 ? kRest : 1), PX, Steps, Out>(x, weights, bias, scales, out);
}

// The tile for a layout.
template <class P, bool kDual>
struct ScalarTile {
  static constexpr int pixels = kTilePixelsS8;
  template <int32_t Channels, int PX, int32_t Steps, int32_t Out>
  static inline void run(const typename P::in_t* x, const typename P::weight_t* weights, const int32_t* bias,
                         const typename ScaleType<P>::type* scales, typename P::out_t* out) {
    tile_s8<P, Channels, PX, Steps, Out>(x, weights, bias, scales, out);
  }
};
template <class P>
struct ScalarTile<P, true> {
  static constexpr int pixels = kDualPixelsS8;
  template <int32_t Channels, int PX, int32_t Steps, int32_t Out>
  static inline void run(const int8_t* x, const int16_t* weights, const int32_t* bias,
                         const typename ScaleType<P>::type* scales, typename P::out_t* out) {
    dual_tile_s8<P, Channels, PX, Steps, Out>(x, weights, bias, scales, out);
  }
};
template <class P>
struct ScalarTileOf : ScalarTile<P, P::layout == kLayoutDual> {};

}  // namespace netsuke

#endif  // NETSUKE_TILE_S8_HPP
