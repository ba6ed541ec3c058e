// tile_s8.hpp for Armv7E-M: two pixels by four lanes of int16 pairs, or one pixel.
//
// Inputs are widened once per tile into "columns": for each quad of steps the pairs (0, 2) and (1, 3), for two
// pixels side by side, so that one LDRD feeds both:  x0(0,2) x1(0,2) x0(1,3) x1(1,3).
// Half a quad of a pair of lanes is then one load, one or two SXTB16, and a dual multiply for each pixel and
// lane: 12 instructions for 16 multiply-accumulates with folded int8 weights, 15 with plain ones, 11 with wide. One
// pixel: 14, 15, 11.
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

  // Of the first pixel; bias moves on. Modulo 2^32, like the sums.
  template <int Live>
  [[gnu::always_inline]] inline void start(const int32_t*& bias) {
    a0 = b0 = 0;
    if (Live > 1) {
      dsp::load_two(a0, b0, bias);
    } else if (Live > 0) {
      a0 = *bias++;
    }
    if (P::layout == kLayoutFolded)
      b0 = static_cast<int32_t>((static_cast<uint32_t>(b0) << 8) + static_cast<uint32_t>(a0));
  }
  // The second pixel starts like the first.
  [[gnu::always_inline]] inline void copy() {
    a1 = a0;
    b1 = b0;
  }
  // Fresh: the second pixel's sums are still to be started, which this then does on the way.
  template <bool Fresh>
  [[gnu::always_inline]] static inline void add_to(int32_t& first, int32_t& second, uint32_t x0, uint32_t x1,
                                                   uint32_t w) {
    if (PX > 1 && Fresh) second = dsp::dual_add(x1, w, first);
    dsp::dual_add_to(first, x0, w);
    if (PX > 1 && !Fresh) dsp::dual_add_to(second, x1, w);
  }
  // x0, x1: a pair of inputs of each pixel; a, b: the weights of both lanes.
  template <bool Fresh>
  [[gnu::always_inline]] inline void add(uint32_t x0, uint32_t x1, uint32_t a, uint32_t b) {
    add_to<Fresh>(a0, a1, x0, x1, a);
    add_to<Fresh>(b0, b1, x0, x1, b);
  }
  // w: the bytes of both lanes. Folded: first as it is, then what is left in its place is the even lane.
  template <bool Fresh>
  [[gnu::always_inline]] inline void add_bytes(uint32_t x0, uint32_t x1, uint32_t w) {
    if (P::layout == kLayoutPlain) return add<Fresh>(x0, x1, dsp::even_bytes(w), dsp::odd_bytes(w));
    add_to<Fresh>(b0, b1, x0, x1, w);
    dsp::keep_even_bytes(w);
    add_to<Fresh>(a0, a1, x0, x1, w);
  }
  [[gnu::always_inline]] inline void finish() {
    if (P::layout != kLayoutFolded) return;
    b0 = static_cast<int32_t>(static_cast<uint32_t>(b0) - static_cast<uint32_t>(a0)) >> 8;
    if (PX > 1) b1 = static_cast<int32_t>(static_cast<uint32_t>(b1) - static_cast<uint32_t>(a1)) >> 8;
  }
  // Scaled, for bytes: the zero point plus 128 added, which with a Relu in front is 0.
  [[gnu::always_inline]] static inline void scale(int32_t& sum, int32_t m) {
    constexpr int32_t kZero = static_cast<int32_t>(P::out_zero) + 128;
    sum = kZero == 0 ? dsp::multiply_high(sum, m) : dsp::multiply_high(sum, m, kZero);
  }
  template <int Live>
  [[gnu::always_inline]] inline void scale(int32_t ma, int32_t mb) {
    if (Live > 0) scale(a0, ma);
    if (Live > 0 && PX > 1) scale(a1, ma);
    if (Live > 1) scale(b0, mb);
    if (Live > 1 && PX > 1) scale(b1, mb);
  }
};

template <class P, int L, int PX>
struct DspTile {
  static constexpr int pixels = PX;
  DspLanes<P, PX> ab, cd;

  // bias moves on.
  template <int Live>
  [[gnu::always_inline]] inline void start(const int32_t*& bias) {
    ab.template start<Live>(bias);
    if (L > 2) cd.template start<(Live > 2 ? Live - 2 : 0)>(bias);
  }
  [[gnu::always_inline]] inline void copy() {
    ab.copy();
    if (L > 2) cd.copy();
  }

  // Half a quad. Plain weights of two pixels leave no register for a second word of weights.
  template <bool Fresh>
  [[gnu::always_inline]] inline void half(uint32_t x0, uint32_t x1, const uint32_t*& w) {
    uint32_t a, b;
    if (P::layout == kLayoutWide) {
      dsp::load_two(a, b, w);
      ab.template add<Fresh>(x0, x1, a, b);
      if (L > 2) dsp::load_two(a, b, w);
      if (L > 2) cd.template add<Fresh>(x0, x1, a, b);
    } else if ((PX == 1 || P::layout == kLayoutFolded) && L > 2) {
      dsp::load_two(a, b, w);
      ab.template add_bytes<Fresh>(x0, x1, a);
      cd.template add_bytes<Fresh>(x0, x1, b);
    } else {
      ab.template add_bytes<Fresh>(x0, x1, dsp::load_one(w));
      if (L > 2) cd.template add_bytes<Fresh>(x0, x1, dsp::load_one(w));
    }
  }
  template <bool Fresh>
  [[gnu::always_inline]] inline void quad(const uint32_t*& x, const uint32_t*& w) {
    uint32_t x0, x1;
    dsp::load_two(x0, x1, x);
    if (PX == 1) return pixel_quad(x0, x1, w);
    half<Fresh>(x0, x1, w);
    dsp::load_two(x0, x1, x);
    half<false>(x0, x1, w);
  }
  // A quad of one pixel, which leaves registers for four words of weights.
  [[gnu::always_inline]] inline void pixel_quad(uint32_t x0, uint32_t x1, const uint32_t*& w) {
    if (L > 2 && P::layout == kLayoutWide) {
      dsp::dual_add_four(ab.a0, ab.b0, cd.a0, cd.b0, x0, w);
      dsp::dual_add_four(ab.a0, ab.b0, cd.a0, cd.b0, x1, w);
    } else if (L > 2 && P::layout == kLayoutFolded) {
      dsp::dual_add_folded(ab.a0, ab.b0, cd.a0, cd.b0, x0, x1, w);
    } else {
      half<false>(x0, x0, w);
      half<false>(x1, x1, w);
    }
  }
};

template <int Quads, bool Fresh>
struct DspQuads {
  template <class Tile>
  [[gnu::always_inline]] static inline void run(Tile& tile, const uint32_t*& x, const uint32_t*& w) {
    tile.template quad<Fresh>(x, w);
    DspQuads<Quads - 1, false>::run(tile, x, w);
  }
};
template <bool Fresh>
struct DspQuads<0, Fresh> {
  template <class Tile>
  [[gnu::always_inline]] static inline void run(Tile&, const uint32_t*&, const uint32_t*&) {}
};

// Quads of columns and weights into the sums; w moves on. Fresh: the second pixel's sums are still to be started.
template <index_t Quads, bool Fresh, class Tile>
[[gnu::always_inline]] inline void dsp_accumulate(Tile& tile, const uint32_t* columns, const uint32_t*& w) {
  constexpr int kTurn = unroll_quads(static_cast<int32_t>(Quads)), kRest = static_cast<int>(Quads % kTurn);
  if (Fresh && kRest == 0 && Quads > kTurn) tile.copy();
  DspQuads<kRest, Fresh>::run(tile, columns, w);
  const uint32_t* const end = columns + Quads / kTurn * kTurn * 2 * Tile::pixels;
  do {
    DspQuads<kTurn, (Fresh && Quads == kTurn)>::run(tile, columns, w);
  } while (Quads >= 2 * kTurn && columns != dsp::fetch(end));
}

// How finished sums are stored: Live channels of PX pixels, `step` elements apart. scales moves on.
template <class P, class T, bool Packed>
struct DspStore {
  typedef typename ScaleType<P>::type scale_t;

  template <int Live>
  [[gnu::always_inline]] static inline void pixel(int32_t a, int32_t b, int32_t c, int32_t d, const scale_t* scales,
                                                  T* out) {
    out[0] = Finish<P, T>::run(a, Scale<P, T>::of(scales, 0));
    if (Live > 1) out[1] = Finish<P, T>::run(b, Scale<P, T>::of(scales, 1));
    if (Live > 2) out[2] = Finish<P, T>::run(c, Scale<P, T>::of(scales, 2));
    if (Live > 3) out[3] = Finish<P, T>::run(d, Scale<P, T>::of(scales, 3));
  }
  template <int Live, int L, int PX>
  [[gnu::always_inline]] static inline void run(DspTile<P, L, PX>& t, const scale_t*& scales, T* out, index_t step) {
    pixel<Live>(t.ab.a0, t.ab.b0, t.cd.a0, t.cd.b0, scales, out);
    if (PX > 1) pixel<Live>(t.ab.a1, t.ab.b1, t.cd.a1, t.cd.b1, scales, out + step);
    if (P::per_channel) scales += Live;
  }
};

// int8 with shift 32: SMMLAR rounds and adds the zero point; the four bytes are clamped and stored together.
template <class P>
struct DspStore<P, int8_t, true> {
  // Multipliers are read two at a time and used at once: with the sums there is no room for more.
  template <int Live, int PX>
  [[gnu::always_inline]] static inline void scale(DspLanes<P, PX>& lanes, const int32_t*& scales) {
    int32_t a, b;
    if (!P::per_channel) {
      a = b = *scales;
    } else if (Live > 1) {
      dsp::load_two(a, b, scales);
    } else {
      a = b = *scales++;
    }
    lanes.template scale<Live>(a, b);
  }
  template <int Live>
  [[gnu::always_inline]] static inline void pixel(int32_t a, int32_t b, int32_t c, int32_t d, int8_t* out) {
    uint32_t bytes = dsp::pack_bytes(a, Live > 1 ? b : a, Live > 2 ? c : a, Live > 3 ? d : a);
    if (P::out_min > -128) bytes = dsp::bytes_at_least<static_cast<uint32_t>(P::out_min + 128)>(bytes);
    if (P::out_max < 127) bytes = dsp::bytes_at_most<static_cast<uint32_t>(P::out_max + 128)>(bytes);
    bytes ^= 0x80808080u;
    if (Live == 4) return dsp::store_bytes(out, bytes);
    out[0] = static_cast<int8_t>(bytes);
    if (Live > 1) out[1] = static_cast<int8_t>(bytes >> 8);
    if (Live > 2) out[2] = static_cast<int8_t>(bytes >> 16);
  }
  template <int Live, int L, int PX>
  [[gnu::always_inline]] static inline void run(DspTile<P, L, PX>& t, const int32_t*& scales, int8_t* out, index_t step) {
    scale<(Live > 2 ? 2 : Live)>(t.ab, scales);
    if (Live > 2) scale<(Live > 2 ? Live - 2 : 1)>(t.cd, scales);
    pixel<Live>(t.ab.a0, t.ab.b0, t.cd.a0, t.cd.b0, out);
    if (PX > 1) pixel<Live>(t.ab.a1, t.ab.b1, t.cd.a1, t.cd.b1, out + step);
  }
};

// Requantises and stores the sums of Live channels of PX pixels, `step` elements apart; scales moves on.
template <int Live, class P, int L, int PX>
[[gnu::always_inline]] inline void dsp_finish(DspTile<P, L, PX>& tile, const typename ScaleType<P>::type*& scales,
                                              typename P::out_t* out, index_t step) {
  tile.ab.finish();
  if (L > 2) tile.cd.finish();
  DspStore<P, typename P::out_t, P::shift == 32>::template run<Live>(tile, scales, out, step);
}

// Live channels of a block of L lanes, for PX pixels. columns: see above; the others move on to the next block.
template <class P, int L, int Live, int PX, int32_t Quads, int32_t Out>
[[gnu::always_inline]] inline void dsp_block_s8(const uint32_t* columns, const uint32_t*& w, const int32_t*& bias,
                                                const typename ScaleType<P>::type*& scales,
                                                typename P::out_t* out) {
  DspTile<P, L, PX> tile;
  tile.template start<Live>(bias);
  dsp_accumulate<Quads, (PX > 1)>(tile, columns, w);
  dsp_finish<Live>(tile, scales, out, Out);
}

// All Channels of PX pixels.
template <class P, int32_t Channels, int PX, int32_t Quads, int32_t Out>
inline void dsp_tile_s8(const uint32_t* columns, const typename P::weight_t* weights, const int32_t* bias,
                        const typename ScaleType<P>::type* scales, typename P::out_t* out) {
  constexpr int kRest = Channels % kLanesS8;
  const uint32_t* w = static_cast<const uint32_t*>(static_cast<const void*>(weights));
  for (index_t block = 0; block < full_blocks_s8(Channels); ++block) {
    dsp_block_s8<P, kLanesS8, kLanesS8, PX, Quads, Out>(columns, w, bias, scales, out);
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
  constexpr int kTurn = 1;
#else
  constexpr int kTurn = Steps / 4 <= 12 ? static_cast<int>(Steps / 4) : 8;
#endif
  constexpr int kRest = kTurn == 0 ? 0 : static_cast<int>(Steps / 4 % kTurn), kTail = static_cast<int>(Steps % 4);
  if (kTurn > 0) {
    for (index_t quad = 0; quad + kTurn <= Steps / 4; quad += kTurn) {
      WidenQuads<PX, 0, kTurn>::run(p0, p1, to);
      p0 += 4 * kTurn;
      p1 += 4 * kTurn;
      to += 2 * PX * kTurn;
    }
  }
  WidenQuads<PX, 0, kRest>::run(p0, p1, to);
  if (kTail > 0)
    widen_words<PX, kRest>(tail_bytes<kTail>(p0 + 4 * kRest), PX > 1 ? tail_bytes<kTail>(p1 + 4 * kRest) : 0, to);
}

}  // namespace netsuke

#endif  // NETSUKE_DSP

#endif  // NETSUKE_ARCH_TILE_DSP_S8_HPP
