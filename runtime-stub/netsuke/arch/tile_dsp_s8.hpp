// tile_s8.hpp for Armv7E-M: two pixels by four lanes of int16 pairs, or one pixel.
//
// Inputs are widened once per tile into "columns": for each quad of steps the pairs (0, 2) and (1, 3), for two
// pixels side by side, so that one LDRD feeds both:  x0(0,2) x1(0,2) x0(1,3) x1(1,3).
// Half a quad of a pair of lanes is then one load, one or two SXTB16, and a dual multiply for each pixel and
// lane: 13 instructions for 16 multiply-accumulates with folded int8 weights, 15 with plain ones, 12 with wide.
//
// Folded weights (weight_layout_s8.hpp): the raw word is a pair of 256 * b + a, so the sum over it is
// 256 * B + A, where A is the even lane's sum. B = (raw - A) >> 8, exact modulo 2^32 as long as B fits 24 bits,
// which the compiler has checked; it starts from 256 * bias_b + bias_a.
#ifndef NETSUKE_ARCH_TILE_DSP_S8_HPP
#define NETSUKE_ARCH_TILE_DSP_S8_HPP

#include "../requantise.hpp"
#include "../weight_layout_s8.hpp"
#include "dsp.hpp"

#if NETSUKE_DSP

namespace netsuke {

// Quads written out per turn of the loop over a sum, 104 bytes of code each; a turn costs 3 to 5 instructions.
// Short sums need no loop; longer ones take the largest divisor up to 9, if there is a good one.
#if defined(__OPTIMIZE_SIZE__)
constexpr int unroll_quads(int32_t) {
  return 1;
}
#else
constexpr int best_unroll(int32_t quads, int unroll) {
  return unroll < 5 ? 8 : (quads % unroll == 0 ? unroll : best_unroll(quads, unroll - 1));
}
constexpr int unroll_quads(int32_t quads) {
  return quads <= 10 ? static_cast<int>(quads) : best_unroll(quads, 9);
}
#endif

// Sums of PX pixels (0 and 1) by two lanes.
template <class P, int PX>
struct DspLanes {
  int32_t a0, a1, b0, b1;

  template <int Live>
  [[gnu::always_inline]] inline void start(const int32_t* bias) {
    a0 = Live > 0 ? bias[0] : 0;
    b0 = Live > 1 ? bias[1] : 0;
    // Modulo 2^32, like the sums.
    if (P::layout == kLayoutFolded)
      b0 = static_cast<int32_t>((static_cast<uint32_t>(b0) << 8) + static_cast<uint32_t>(a0));
    a1 = a0;
    b1 = b0;
  }
  // x0, x1: a pair of inputs of each pixel; a, b: the weights of both lanes.
  [[gnu::always_inline]] inline void add(uint32_t x0, uint32_t x1, uint32_t a, uint32_t b) {
    dsp::dual_add_to(a0, x0, a);
    if (PX > 1) dsp::dual_add_to(a1, x1, a);
    dsp::dual_add_to(b0, x0, b);
    if (PX > 1) dsp::dual_add_to(b1, x1, b);
  }
  // w: the bytes of both lanes. Folded: first as it is, then what is left in its place is the even lane.
  [[gnu::always_inline]] inline void add_bytes(uint32_t x0, uint32_t x1, uint32_t w) {
    if (P::layout == kLayoutPlain) return add(x0, x1, dsp::even_bytes(w), dsp::odd_bytes(w));
    dsp::dual_add_to(b0, x0, w);
    if (PX > 1) dsp::dual_add_to(b1, x1, w);
    dsp::keep_even_bytes(w);
    dsp::dual_add_to(a0, x0, w);
    if (PX > 1) dsp::dual_add_to(a1, x1, w);
  }
  [[gnu::always_inline]] inline void finish() {
    if (P::layout != kLayoutFolded) return;
    b0 = static_cast<int32_t>(static_cast<uint32_t>(b0) - static_cast<uint32_t>(a0)) >> 8;
    if (PX > 1) b1 = static_cast<int32_t>(static_cast<uint32_t>(b1) - static_cast<uint32_t>(a1)) >> 8;
  }
};

// The four lanes of one pixel.
struct DspQuad {
  int32_t a, b, c, d;
};

// How finished sums are stored.
template <class P, class T, bool Packed>
struct DspStore {
  const typename ScaleType<P>::type* scales;

  template <int Live>
  [[gnu::always_inline]] inline void load(const typename ScaleType<P>::type* from) {
    scales = from;
  }
  template <int Live>
  [[gnu::always_inline]] inline void run(const DspQuad& sums, T* out) const {
    out[0] = Finish<P, T>::run(sums.a, Scale<P, T>::of(scales, 0));
    if (Live > 1) out[1] = Finish<P, T>::run(sums.b, Scale<P, T>::of(scales, 1));
    if (Live > 2) out[2] = Finish<P, T>::run(sums.c, Scale<P, T>::of(scales, 2));
    if (Live > 3) out[3] = Finish<P, T>::run(sums.d, Scale<P, T>::of(scales, 3));
  }
};

// int8 with shift 32: SMMLAR rounds and adds the zero point; the four bytes are clamped and stored together.
template <class P>
struct DspStore<P, int8_t, true> {
  DspQuad scales;

  // Before the first store, which as far as the compiler knows could change them.
  template <int Live>
  [[gnu::always_inline]] inline void load(const int32_t* from) {
    scales.a = from[0];
    scales.b = P::per_channel && Live > 1 ? from[1] : scales.a;
    scales.c = P::per_channel && Live > 2 ? from[2] : scales.a;
    scales.d = P::per_channel && Live > 3 ? from[3] : scales.a;
  }
  template <int Live>
  [[gnu::always_inline]] inline void run(const DspQuad& sums, int8_t* out) const {
    constexpr int32_t kZero = static_cast<int32_t>(P::out_zero) + 128;
    const int32_t a = dsp::multiply_high(sums.a, scales.a, kZero);
    const int32_t b = Live > 1 ? dsp::multiply_high(sums.b, scales.b, kZero) : a;
    const int32_t c = Live > 2 ? dsp::multiply_high(sums.c, scales.c, kZero) : a;
    const int32_t d = Live > 3 ? dsp::multiply_high(sums.d, scales.d, kZero) : a;
    uint32_t bytes = dsp::pack_bytes(a, b, c, d);
    if (P::out_min > -128) bytes = dsp::bytes_at_least<static_cast<uint32_t>(P::out_min + 128)>(bytes);
    if (P::out_max < 127) bytes = dsp::bytes_at_most<static_cast<uint32_t>(P::out_max + 128)>(bytes);
    bytes ^= 0x80808080u;
    if (Live == 4) return dsp::store_bytes(out, bytes);
    out[0] = static_cast<int8_t>(bytes);
    if (Live > 1) out[1] = static_cast<int8_t>(bytes >> 8);
    if (Live > 2) out[2] = static_cast<int8_t>(bytes >> 16);
  }
};

template <class P, int L, int PX>
struct DspTile {
  static constexpr int pixels = PX;
  DspLanes<P, PX> ab, cd;

  template <int Live>
  [[gnu::always_inline]] inline void start(const int32_t* bias) {
    ab.template start<Live>(bias);
    if (L > 2) cd.template start<(Live > 2 ? Live - 2 : 0)>(bias + 2);
  }

  // Half a quad. One pixel leaves registers for two words of weights at once.
  [[gnu::always_inline]] inline void half(uint32_t x0, uint32_t x1, const uint32_t*& w) {
    uint32_t a, b;
    if (P::layout == kLayoutWide) {
      dsp::load_two(a, b, w);
      ab.add(x0, x1, a, b);
      if (L > 2) dsp::load_two(a, b, w);
      if (L > 2) cd.add(x0, x1, a, b);
    } else if ((PX == 1 || P::layout == kLayoutFolded) && L > 2) {
      dsp::load_two(a, b, w);
      ab.add_bytes(x0, x1, a);
      cd.add_bytes(x0, x1, b);
    } else {
      ab.add_bytes(x0, x1, dsp::load_one(w));
      if (L > 2) cd.add_bytes(x0, x1, dsp::load_one(w));
    }
  }
  [[gnu::always_inline]] inline void quad(const uint32_t*& x, const uint32_t*& w) {
    uint32_t x0, x1;
    dsp::load_two(x0, x1, x);
    if (PX > 1) {
      half(x0, x1, w);
      dsp::load_two(x0, x1, x);
      half(x0, x1, w);
    } else {
      half(x0, x0, w);
      half(x1, x1, w);
    }
  }
};

template <int Quads>
struct DspQuads {
  template <class Tile>
  [[gnu::always_inline]] static inline void run(Tile& tile, const uint32_t*& x, const uint32_t*& w) {
    tile.quad(x, w);
    DspQuads<Quads - 1>::run(tile, x, w);
  }
};
template <>
struct DspQuads<0> {
  template <class Tile>
  [[gnu::always_inline]] static inline void run(Tile&, const uint32_t*&, const uint32_t*&) {}
};

// Quads of columns and weights into the sums; w moves on.
template <index_t Quads, class Tile>
[[gnu::always_inline]] inline void dsp_accumulate(Tile& tile, const uint32_t* columns, const uint32_t*& w) {
  constexpr int kUnroll = unroll_quads(static_cast<int32_t>(Quads));
  DspQuads<static_cast<int>(Quads % kUnroll)>::run(tile, columns, w);
  const uint32_t* const end = columns + Quads / kUnroll * kUnroll * 2 * Tile::pixels;
  do {
    DspQuads<kUnroll>::run(tile, columns, w);
  } while (Quads >= 2 * kUnroll && columns != dsp::fetch(end));
}

// Requantises and stores the sums of Live channels of PX pixels. Out: elements between two pixels' outputs.
template <class P, int L, int Live, int PX, int32_t Out>
[[gnu::always_inline]] inline void dsp_finish(DspTile<P, L, PX>& tile, const typename ScaleType<P>::type* scales,
                                              typename P::out_t* out) {
  tile.ab.finish();
  if (L > 2) tile.cd.finish();
  DspStore<P, typename P::out_t, P::shift == 32> store;
  store.template load<Live>(scales);
  const DspQuad first = {tile.ab.a0, tile.ab.b0, tile.cd.a0, tile.cd.b0};
  store.template run<Live>(first, out);
  if (PX == 1) return;
  const DspQuad second = {tile.ab.a1, tile.ab.b1, tile.cd.a1, tile.cd.b1};
  store.template run<Live>(second, out + Out);
}

// Live channels of a block of L lanes, for PX pixels. columns: see above; w moves on to the next block.
template <class P, int L, int Live, int PX, int32_t Quads, int32_t Out>
[[gnu::always_inline]] inline void dsp_block_s8(const uint32_t* columns, const uint32_t*& w, const int32_t* bias,
                                                const typename ScaleType<P>::type* scales,
                                                typename P::out_t* out) {
  DspTile<P, L, PX> tile;
  tile.template start<Live>(bias);
  dsp_accumulate<Quads>(tile, columns, w);
  dsp_finish<P, L, Live, PX, Out>(tile, scales, out);
}

// All Channels of PX pixels.
template <class P, int32_t Channels, int PX, int32_t Quads, int32_t Out>
inline void dsp_tile_s8(const uint32_t* columns, const typename P::weight_t* weights, const int32_t* bias,
                        const typename ScaleType<P>::type* scales, typename P::out_t* out) {
  constexpr int kRest = Channels % kLanesS8;
  const uint32_t* w = static_cast<const uint32_t*>(static_cast<const void*>(weights));
  for (index_t block = 0; block < full_blocks_s8(Channels); ++block) {
    dsp_block_s8<P, kLanesS8, kLanesS8, PX, Quads, Out>(columns, w, bias, scales, out);
    bias += kLanesS8;
    if (P::per_channel) scales += kLanesS8;
    out += kLanesS8;
  }
  if (kRest > 0)
    dsp_block_s8<P, (kRest == 3 ? 4 : 2), (kRest > 0 ? kRest : 1), PX, Quads, Out>(columns, w, bias, scales, out);
}

// The last 1 to 3 bytes of a run, with zeros after them: reading further could leave the buffer.
template <int Count>
[[gnu::always_inline]] inline uint32_t tail_bytes(const int8_t* p) {
  uint32_t a = 0;
  __builtin_memcpy(&a, p, Count);
  return a;
}

// Four inputs of each pixel, to quad Quad of the columns.
template <int PX, int Quad>
[[gnu::always_inline]] inline void widen_words(uint32_t a, uint32_t b, uint32_t* to) {
  if (PX == 1) {
    dsp::store_two_at<8 * Quad>(to, dsp::even_bytes(a), dsp::odd_bytes(a));
  } else {
    dsp::store_two_at<16 * Quad>(to, dsp::even_bytes(a), dsp::even_bytes(b));
    dsp::store_two_at<16 * Quad + 8>(to, dsp::odd_bytes(a), dsp::odd_bytes(b));
  }
}

// Quads [Quad, End), written out.
template <int PX, int Quad, int End>
struct WidenQuads {
  [[gnu::always_inline]] static inline void run(const int8_t* p0, const int8_t* p1, uint32_t* to) {
    widen_words<PX, Quad>(dsp::load_bytes(p0 + 4 * Quad), PX > 1 ? dsp::load_bytes(p1 + 4 * Quad) : 0, to);
    WidenQuads<PX, Quad + 1, End>::run(p0, p1, to);
  }
};
template <int PX, int End>
struct WidenQuads<PX, End, End> {
  static inline void run(const int8_t*, const int8_t*, uint32_t*) {}
};

// Steps inputs of PX pixels (one or two) into columns.
template <index_t Steps, int PX>
[[gnu::always_inline]] inline void widen(const int8_t* p0, const int8_t* p1, uint32_t* to) {
#if defined(__OPTIMIZE_SIZE__)
  constexpr int kUnroll = 1;
#else
  constexpr int kUnroll = Steps / 4 <= 12 ? static_cast<int>(Steps / 4) : 8;
#endif
  constexpr int kRest = kUnroll == 0 ? 0 : static_cast<int>(Steps / 4 % kUnroll), kTail = static_cast<int>(Steps % 4);
  if (kUnroll > 0) {
    for (index_t quad = 0; quad + kUnroll <= Steps / 4; quad += kUnroll) {
      WidenQuads<PX, 0, kUnroll>::run(p0, p1, to);
      p0 += 4 * kUnroll;
      p1 += 4 * kUnroll;
      to += 2 * PX * kUnroll;
    }
  }
  WidenQuads<PX, 0, kRest>::run(p0, p1, to);
  if (kTail > 0)
    widen_words<PX, kRest>(tail_bytes<kTail>(p0 + 4 * kRest), PX > 1 ? tail_bytes<kTail>(p1 + 4 * kRest) : 0, to);
}

}  // namespace netsuke

#endif  // NETSUKE_DSP

#endif  // NETSUKE_ARCH_TILE_DSP_S8_HPP
