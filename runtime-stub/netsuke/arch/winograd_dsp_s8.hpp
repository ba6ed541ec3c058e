// winograd_s8.hpp for Armv7E-M: two patches by four channels of int16 pairs, by the tiles of tile_dsp_s8.hpp.
//
// Transformed inputs lie as those tiles read them: for each place and quad of channels the pairs (0, 2) of both
// patches, then the pairs (1, 3).
#ifndef NETSUKE_ARCH_WINOGRAD_DSP_S8_HPP
#define NETSUKE_ARCH_WINOGRAD_DSP_S8_HPP

#include "tile_dsp_s8.hpp"

namespace netsuke {

template <class P>
struct UsesWinogradDsp {
  static constexpr bool value = NETSUKE_DSP && P::patches == 2;
};

// Two sums, kOffset bytes from p.
template <int kOffset>
[[gnu::always_inline]] inline void load_sums(const int32_t* p, int32_t& a, int32_t& b) {
#if NETSUKE_DSP
  __asm__ volatile("ldrd %0, %1, [%2, %3]" : "=&r"(a), "=&r"(b) : "r"(p), "i"(kOffset) : "memory");
#else
  a = p[kOffset / 4];
  b = p[kOffset / 4 + 1];
#endif
}

// Values that are computed here and not when they are used: a delay would keep more registers busy.
[[gnu::always_inline]] inline void settle(int32_t& a, int32_t& b) {
#if NETSUKE_DSP
  __asm__ volatile("" : "+r"(a), "+r"(b));
#else
  (void)a;
  (void)b;
#endif
}

#if NETSUKE_DSP

namespace dsp {
// Sums and differences of pairs.
[[gnu::always_inline]] static inline uint32_t add_pairs(uint32_t a, uint32_t b) {
  uint32_t r;
  __asm__("sadd16 %0, %1, %2" : "=r"(r) : "r"(a), "r"(b));
  return r;
}
[[gnu::always_inline]] static inline uint32_t subtract_pairs(uint32_t a, uint32_t b) {
  uint32_t r;
  __asm__("ssub16 %0, %1, %2" : "=r"(r) : "r"(a), "r"(b));
  return r;
}
// Bytes 0 and 2, or 1 and 3, added to a pair.
[[gnu::always_inline]] static inline uint32_t add_even_bytes(uint32_t pair, uint32_t bytes) {
  uint32_t r;
  __asm__("sxtab16 %0, %1, %2" : "=r"(r) : "r"(pair), "r"(bytes));
  return r;
}
[[gnu::always_inline]] static inline uint32_t add_odd_bytes(uint32_t pair, uint32_t bytes) {
  uint32_t r;
  __asm__("sxtab16 %0, %1, %2, ror #8" : "=r"(r) : "r"(pair), "r"(bytes));
  return r;
}
// Moves a pointer now and not earlier.
[[gnu::always_inline]] static inline void move(const int8_t*& p, index_t by) {
  __asm__ volatile("add %0, %0, %1" : "+r"(p) : "r"(by));
}
// Pointers that wait in memory while the registers have better to do.
[[gnu::always_inline]] static inline uint32_t* fetch(uint32_t* const& from) {
  uint32_t* p;
  __asm__ volatile("ldr %0, %1" : "=r"(p) : "m"(from));
  return p;
}
[[gnu::always_inline]] static inline void put(uint32_t*& to, uint32_t* p) {
  __asm__ volatile("str %1, %0" : "=m"(to) : "r"(p));
}
}  // namespace dsp

// One row of B^T d, by column: a quad of channels as pairs (0, 2) and (1, 3). Words and not structs of two of them: GCC 12
// would keep those in memory. kNext: bytes from a column to the next.
template <int kNext>
struct WinogradRow {
  const int8_t* from;
  template <int Column>
  [[gnu::always_inline]] inline void at(uint32_t& even, uint32_t& odd) const {
    const uint32_t a = dsp::load_bytes(from + Column * kNext);
    even = dsp::even_bytes(a);
    odd = dsp::odd_bytes(a);
  }
};
template <int kNext>
struct WinogradDifference {
  const int8_t *from, *less;
  template <int Column>
  [[gnu::always_inline]] inline void at(uint32_t& even, uint32_t& odd) const {
    const uint32_t a = dsp::load_bytes(from + Column * kNext), b = dsp::load_bytes(less + Column * kNext);
    even = dsp::subtract_pairs(dsp::even_bytes(a), dsp::even_bytes(b));
    odd = dsp::subtract_pairs(dsp::odd_bytes(a), dsp::odd_bytes(b));
  }
};
template <int kNext>
struct WinogradRowSum {
  const int8_t *one, *other;
  template <int Column>
  [[gnu::always_inline]] inline void at(uint32_t& even, uint32_t& odd) const {
    const uint32_t a = dsp::load_bytes(one + Column * kNext), b = dsp::load_bytes(other + Column * kNext);
    even = dsp::add_even_bytes(dsp::even_bytes(a), b);
    odd = dsp::add_odd_bytes(dsp::odd_bytes(a), b);
  }
};

// Times B, for both patches, to places that are kStep words apart.
template <int kStep>
struct WinogradAcross {
  // A place of one patch. What follows is not begun before, or there would be too few registers.
  template <int Column, int Patch>
  [[gnu::always_inline]] static inline void store(uint32_t even, uint32_t odd, uint32_t* to) {
    to += winograd_turn(Column) * kStep + Patch;
    to[0] = even;
    to[2] = odd;
    __asm__ volatile("" : : : "memory");
  }
  template <class Row>
  [[gnu::always_inline]] static inline void run(const Row& row, uint32_t* to) {
    using dsp::add_pairs;
    using dsp::subtract_pairs;
    uint32_t a0, b0, a1, b1, a2, b2, a3, b3;
    row.template at<0>(a0, b0);
    row.template at<2>(a2, b2);
    store<0, 0>(subtract_pairs(a0, a2), subtract_pairs(b0, b2), to);
    row.template at<1>(a1, b1);
    store<1, 0>(add_pairs(a1, a2), add_pairs(b1, b2), to);
    store<2, 0>(subtract_pairs(a2, a1), subtract_pairs(b2, b1), to);
    row.template at<3>(a3, b3);
    store<3, 0>(subtract_pairs(a1, a3), subtract_pairs(b1, b3), to);
    row.template at<4>(a0, b0);  // column 4
    store<0, 1>(subtract_pairs(a2, a0), subtract_pairs(b2, b0), to);
    store<1, 1>(add_pairs(a3, a0), add_pairs(b3, b0), to);
    store<2, 1>(subtract_pairs(a0, a3), subtract_pairs(b0, b3), to);
    row.template at<5>(a1, b1);
    store<3, 1>(subtract_pairs(a3, a1), subtract_pairs(b3, b1), to);
  }
};

// For winograd_s8.hpp.
template <class P>
struct WinogradInputsDsp {
  static constexpr int kChannels = static_cast<int>(P::in_c);
  static constexpr int kPlace = kChannels;  // words between two places: a pair of channels for each patch

  // in: rows of inputs that are pitch elements apart.
  [[gnu::noinline]] static void transform(const int8_t* in, index_t pitch, int16_t* inputs) {
    typedef WinogradDifference<kChannels> Difference;
    typedef WinogradRowSum<kChannels> Sum;
    typedef WinogradAcross<4 * kPlace> Across;
    uint32_t* to = static_cast<uint32_t*>(static_cast<void*>(inputs));
    const int8_t *one = in, *other = in + 2 * pitch;
    const int8_t* const end = in + kChannels;
    while (one != end) {
      Across::run(Difference{one, other}, to + winograd_turn(0) * kPlace);
      dsp::move(one, pitch);
      Across::run(Sum{one, other}, to + winograd_turn(1) * kPlace);
      Across::run(Difference{other, one}, to + winograd_turn(2) * kPlace);
      dsp::move(other, pitch);
      Across::run(Difference{one, other}, to + winograd_turn(3) * kPlace);
      dsp::move(one, 4 - pitch);
      dsp::move(other, 4 - pitch);
      to += 4;
    }
  }
};

// For winograd_rows_s8.hpp.
template <class P>
struct WinogradRowInputsDsp {
  static constexpr int kChannels = static_cast<int>(P::in_c);
  static constexpr index_t row = 2 * kChannels;  // elements of one row of inputs at each place

  [[gnu::noinline]] static void transform(const int8_t* in, int16_t* inputs) {
    uint32_t* to = static_cast<uint32_t*>(static_cast<void*>(inputs));
    for (const int8_t* const end = in + kChannels; in != end; in += 4) {
      WinogradAcross<static_cast<int>(P::kernel_h) * kChannels>::run(WinogradRow<kChannels>{in}, to);
      to += 4;
    }
  }
};

template <class P, int32_t Steps, int Columns>
struct WinogradSumsDsp {
  static constexpr int kQuads = static_cast<int>(Steps / 4), kFactor = Columns == 1 ? 2 : 4;

  struct Wide : P {
    static constexpr int32_t layout = kLayoutWide;
  };
  typedef DspTile<Wide, kLanesS8, 2> Tile;

  // One place. x and w move on.
  [[gnu::always_inline]] static inline void accumulate(Tile& tile, const uint32_t*& x, const uint32_t*& w) {
    constexpr int kTurn = unroll_quads(kQuads);
    DspQuads<kQuads % kTurn, false>::run(tile, x, w);
    const uint32_t* const end = x + kQuads / kTurn * kTurn * 4;
    do {
      DspQuads<kTurn, false>::run(tile, x, w);
    } while (kQuads >= 2 * kTurn && x != dsp::fetch(end));
  }

  // The sums so far.
  [[gnu::always_inline]] static inline void store(const Tile& tile, uint32_t* to) {
    dsp::store_two_at<0>(to, word(tile.ab.a0), word(tile.ab.b0));
    dsp::store_two_at<8>(to, word(tile.cd.a0), word(tile.cd.b0));
    dsp::store_two_at<16>(to, word(tile.ab.a1), word(tile.ab.b1));
    dsp::store_two_at<24>(to, word(tile.cd.a1), word(tile.cd.b1));
  }
  [[gnu::always_inline]] static inline uint32_t word(int32_t x) { return static_cast<uint32_t>(x); }

  // Sums, inputs and weights take all registers, so the other pointers wait in memory: left to the compiler, 130
  // instructions more for 16 places.
  [[gnu::noinline]] static void multiply(const int16_t* inputs, const int16_t* weights, const int32_t* bias,
                                         int32_t* sums) {
    const uint32_t* x = static_cast<const uint32_t*>(static_cast<const void*>(inputs));
    const uint32_t* w = static_cast<const uint32_t*>(static_cast<const void*>(weights));
    uint32_t* to = static_cast<uint32_t*>(static_cast<void*>(sums));
    uint32_t *column_end = to + 4 * 8, *const end = to + Columns * 4 * 8;
    const int32_t a = kFactor * bias[0], b = kFactor * bias[1], c = kFactor * bias[2], d = kFactor * bias[3];
    Tile tile = {{a, a, b, b}, {c, c, d, d}};
    for (;;) {
      uint32_t* place;
      do {
        accumulate(tile, x, w);
        place = dsp::fetch(to);
        store(tile, place);
        place += 8;
        dsp::put(to, place);
      } while (place != dsp::fetch(column_end));
      if (Columns == 1 || place == dsp::fetch(end)) return;
      dsp::put(column_end, place + 4 * 8);
      const DspLanes<Wide, 2> zeros = {0, 0, 0, 0};
      tile.ab = tile.cd = zeros;
    }
  }
};

#endif  // NETSUKE_DSP

}  // namespace netsuke

#endif  // NETSUKE_ARCH_WINOGRAD_DSP_S8_HPP
