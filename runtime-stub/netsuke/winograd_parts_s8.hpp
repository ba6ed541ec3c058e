// What the integer Winograd kernels share: winograd_s8.hpp (2x2 outputs at a time) and winograd_rows_s8.hpp (1x2).
#ifndef NETSUKE_WINOGRAD_PARTS_S8_HPP
#define NETSUKE_WINOGRAD_PARTS_S8_HPP

#include <string.h>

#include "arch/winograd_dsp_s8.hpp"
#include "core.hpp"
#include "gather_s8.hpp"
#include "tile_s8.hpp"
#include "window.hpp"

namespace netsuke {

// Sums over Steps inputs for each of four places and Columns columns of them, by any core.
//
//   inputs [place][patch][Steps], made by the same core        weights [place][Steps / 4][16], the quads of kLayoutWide
//   sums   [place][patch][4 channels]: in each column from its first place on, the first column also from
//          kFactor * bias on, which is what a transformed sum has more than the sum itself
template <class P, int32_t Steps, int Columns, bool kDsp>
struct WinogradSums {
  static constexpr index_t patches = P::patches, steps = Steps, lanes = kLanesS8;
  static constexpr int32_t kFactor = Columns == 1 ? 2 : 4;

  struct Numbers : P {
    typedef int16_t in_t;
    static constexpr int32_t layout = kLayoutWide;
  };
  typedef TileS8<Numbers, kLanesS8, static_cast<int>(P::patches), Steps> Tile;

  static inline void store(const LaneSums<Numbers, kLanesS8>& sums, int32_t* to) {
    to[0] = sums.a;
    to[1] = sums.b;
    to[2] = sums.c;
    to[3] = sums.d;
  }
  static inline void store(const Tile& tile, int32_t* to) {
    store(tile.p0, to);
    if (patches > 1) store(tile.p1, to + 4);
    if (patches > 2) store(tile.p2, to + 8);
    if (patches > 3) store(tile.p3, to + 12);
  }
  static inline void start(LaneSums<Numbers, kLanesS8>& sums, const int32_t* bias) {
    sums.a = bias == nullptr ? 0 : kFactor * rom(bias);
    sums.b = bias == nullptr ? 0 : kFactor * rom(bias + 1);
    sums.c = bias == nullptr ? 0 : kFactor * rom(bias + 2);
    sums.d = bias == nullptr ? 0 : kFactor * rom(bias + 3);
  }

  [[gnu::noinline]] static void multiply(const int16_t* inputs, const int16_t* weights, const int32_t* bias,
                                         int32_t* sums) {
    for (int column = 0; column < Columns; ++column) {
      Tile tile;
      start(tile.p0, column == 0 ? bias : nullptr);
      if (patches > 1) tile.p1 = tile.p0;
      if (patches > 2) tile.p2 = tile.p0;
      if (patches > 3) tile.p3 = tile.p0;
      for (int row = 0; row < 4; ++row) {
        tile.template accumulate<Steps>(inputs, weights);
        store(tile, sums);
        inputs += patches * steps;
        weights += lanes * steps;
        sums += lanes * patches;
      }
    }
  }
};
#if NETSUKE_DSP
template <class P, int32_t Steps, int Columns>
struct WinogradSums<P, Steps, Columns, true> : WinogradSumsDsp<P, Steps, Columns> {};
#endif

// One column of A^T times sums, for two channels a and b: its two rows.
template <class P>
struct WinogradColumn {
  int32_t top_a, top_b, bottom_a, bottom_b;

  [[gnu::always_inline]] inline void settle_all() {
    settle(top_a, top_b);
    settle(bottom_a, bottom_b);
  }
  // Place is the column's first.
  template <int Place>
  [[gnu::always_inline]] inline void load(const int32_t* sums) {
    constexpr int kNext = 4 * kLanesS8 * static_cast<int>(P::patches), kFirst = Place * kNext;
    int32_t a, b;
    load_sums<kFirst>(sums, bottom_a, bottom_b);
    load_sums<kFirst + kNext>(sums, a, b);
    bottom_a += a;
    bottom_b += b;
    settle(bottom_a, bottom_b);
    load_sums<kFirst + 3 * kNext>(sums, a, b);
    bottom_a -= a;
    bottom_b -= b;
    settle(bottom_a, bottom_b);
    load_sums<kFirst + 2 * kNext>(sums, top_a, top_b);
  }
};

// The inputs of the patches from column x on, of one row (null: padding), with borders.
template <class P>
inline void winograd_copy(const int8_t* row, index_t x, int8_t* to) {
  constexpr index_t kColumns = 2 * P::patches + 2, kChannels = P::in_c, kWidth = P::in_w;
  const index_t begin = row == nullptr ? kColumns : clamp_index(-x, 0, kColumns);
  const index_t end = clamp_index(kWidth - x, begin, kColumns);
  fill_elements(to, begin * kChannels, static_cast<int8_t>(P::in_zero));
  if (begin < end)
    memcpy(to + begin * kChannels, row + (x + begin) * kChannels, static_cast<size_t>((end - begin) * kChannels));
  fill_elements(to + end * kChannels, (kColumns - end) * kChannels, static_cast<int8_t>(P::in_zero));
}

}  // namespace netsuke

#endif  // NETSUKE_WINOGRAD_PARTS_S8_HPP
