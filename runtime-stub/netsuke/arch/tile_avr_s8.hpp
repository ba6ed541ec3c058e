// tile_s8.hpp for AVR: a block of lanes of one pixel, int8 by int8. Its inner loop is a function for all layers.
#ifndef NETSUKE_ARCH_TILE_AVR_S8_HPP
#define NETSUKE_ARCH_TILE_AVR_S8_HPP

#include "../requantise.hpp"
#include "../weight_layout_s8.hpp"
#include "avr.hpp"

namespace netsuke {

template <class P>
struct UsesAvrTile {
  static constexpr bool value = NETSUKE_AVR && sizeof(typename P::in_t) == 1 && sizeof(typename P::weight_t) == 1 &&
                                P::layout == kLayoutPlain;
};

#if NETSUKE_AVR
namespace avr {

// sums[lane] += sum over the quads, at most kQuads, of x * w.
template <int L>
[[gnu::noinline]] void add_quads(int32_t* sums, const int8_t* x, const int8_t* w, uint8_t quads) {
  const uint8_t zero = 0;
  sum_t a = 0, b = 0, c = 0, d = 0;
  do {
    const int8_t x0 = next(x), x1 = next(x), x2 = next(x), x3 = next(x);
    add_pairs(a, b, x0, x2, w, zero);
    if (L > 2) add_pairs(c, d, x0, x2, w, zero);
    add_pairs(a, b, x1, x3, w, zero);
    if (L > 2) add_pairs(c, d, x1, x3, w, zero);
  } while (--quads != 0);
  sums[0] += a >> 1;
  sums[1] += b >> 1;
  if (L > 2) sums[2] += c >> 1;
  if (L > 2) sums[3] += d >> 1;
}

template <int L, int32_t Steps>
inline void add_steps(int32_t* sums, const int8_t* x, const int8_t* w) {
  constexpr index_t kChunk = 4 * kQuads;
  constexpr uint8_t kFull = static_cast<uint8_t>(Steps % kChunk / 4);
  for (index_t i = 0; i < Steps / kChunk; ++i) {
    add_quads<L>(sums, x, w, kQuads);
    x += kChunk;
    w += kChunk * L;
  }
  if (kFull > 0) add_quads<L>(sums, x, w, kFull);
  if (Steps % 4 == 0) return;
  // The weights of the last quad are filled up with zeros, the inputs are not.
  int8_t last[4] = {0, 0, 0, 0};
  for (int8_t k = 0; k < Steps % 4; ++k) last[k] = x[4 * kFull + k];
  add_quads<L>(sums, last, w + 4 * kFull * L, 1);
}

template <class P, int L, int Live, int32_t Steps>
inline void tile_block_s8(const int8_t* x, const int8_t* w, const int32_t* bias,
                          const typename ScaleType<P>::type* scales, typename P::out_t* out) {
  typedef typename P::out_t out_t;
  int32_t sums[L];
  sums[L - 1] = 0;
  for (int8_t lane = 0; lane < Live; ++lane) sums[lane] = rom(bias + lane);
  add_steps<L, Steps>(sums, x, w);
  for (int8_t lane = 0; lane < Live; ++lane)
    out[lane] = Finish<P, out_t>::run(sums[lane], Scale<P, out_t>::of(scales, lane));
}

}  // namespace avr
#endif  // NETSUKE_AVR

}  // namespace netsuke

#endif  // NETSUKE_ARCH_TILE_AVR_S8_HPP
