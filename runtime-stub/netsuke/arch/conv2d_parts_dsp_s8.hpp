// conv2d_s8.hpp for Armv7E-M where the sums are long: in parts, to save stack.
//
// The columns of two pixels (tile_dsp_s8.hpp) are 4 bytes for each step of a sum; 64 channels under a 3x3 kernel
// would need 2.3 KB. Here a part of a kernel row is widened at a time, all channels take it into their sums, and
// the sums wait in memory: 8 loads and stores per part and block for columns of at most 384 bytes. That costs 3
// to 6 % of the instructions of such a layer.
#ifndef NETSUKE_ARCH_CONV2D_PARTS_DSP_S8_HPP
#define NETSUKE_ARCH_CONV2D_PARTS_DSP_S8_HPP

#include "../gather_s8.hpp"
#include "tile_dsp_s8.hpp"

#if NETSUKE_DSP

namespace netsuke {

// Quads of a part: the largest divisor of a row's quads up to 24.
constexpr index_t part_quads(index_t row_quads, index_t most) {
  return most <= 1 ? 1 : (row_quads % most == 0 ? most : part_quads(row_quads, most - 1));
}

template <class P, int PX>
struct DspParts {
  static constexpr index_t group_in = P::in_c / P::group;
  static constexpr index_t group_out = P::out_c / P::group;
  typedef GatherS8<P, group_in> Gather;
  typedef typename P::out_t T;
  typedef typename ScaleType<P>::type scale_t;
  static constexpr index_t quads = quads_of(Gather::steps);
  static constexpr index_t part = part_quads(Gather::row_steps / 4, 24);
  static constexpr index_t parts = quads / part;
  static constexpr index_t blocks = (group_out + 3) / 4;
  // Longer than 160 steps of two pixels, and rows of windows are runs that divide well.
  static constexpr bool pays =
      2 * PX * quads > 160 && Gather::one_run && Gather::row_steps % 4 == 0 && part >= 8;
  // Windows at a border that can be needed at the same time; others are read from where they lie.
  static constexpr index_t windows =
      PX == 1 || (Gather::begin <= 1 && P::out_w - Gather::end <= 1 && P::out_w >= 3) ? 1 : PX;

  // A row of the window of output column x: in the map, or built in `window`.
  static inline const int8_t* row_of(const int8_t* row, index_t x, index_t channel, int8_t* window) {
    if (row == nullptr) {
      fill_elements(window, Gather::row_steps, static_cast<int8_t>(P::in_zero));
      return window;
    }
    const index_t start = window_start<P>(x);
    if (x >= Gather::begin && x < Gather::end) return row + start * P::in_c + channel;
    Gather::border_row(row + channel, start, window);
    return window;
  }

  // One part into the sums of one block. Weights: of this part and block.
  template <int L, int Live>
  [[gnu::always_inline]] static inline void block(const uint32_t* columns, const uint32_t* w, bool first, bool last,
                                                  DspTile<P, L, PX>& sums, const int32_t* bias,
                                                  const scale_t* scales, T* out) {
    DspTile<P, L, PX> tile;
    if (first) {
      tile.template start<Live>(bias);
      tile.copy();
    } else {
      tile = sums;
    }
    dsp_accumulate<part, false>(tile, columns, w);
    if (!last) {
      sums = tile;
      return;
    }
    dsp_finish<Live>(tile, scales, out, P::out_c);
  }

  // Part number `index` of all blocks.
  static inline void all_blocks(const uint32_t* columns, index_t index, const uint32_t* w,
                                DspTile<P, kLanesS8, PX>* sums, const int32_t* bias, const scale_t* scales, T* out) {
    constexpr int kRest = static_cast<int>(group_out % kLanesS8), kLanes = kRest == 0 || kRest == 3 ? 4 : 2;
    // Words of a quad of a block, twice as many for int16 weights.
    constexpr index_t kWord = sizeof(typename P::weight_t);
    const bool first = index == 0, last = index + 1 == parts;
    const uint32_t* from = w + index * part * 4 * kWord;
    for (index_t i = 0; i < group_out / 4; ++i) {
      block<4, 4>(columns, from, first, last, sums[i], bias, scales, out);
      from += quads * 4 * kWord;
      bias += 4;
      if (P::per_channel) scales += 4;
      out += 4;
    }
    if (kRest == 0) return;
    from += index * part * (kLanes - 4) * kWord;
    DspTile<P, kLanes, PX>& rest = *static_cast<DspTile<P, kLanes, PX>*>(static_cast<void*>(sums + group_out / 4));
    block<kLanes, (kRest > 0 ? kRest : 1)>(columns, from, first, last, rest, bias, scales, out);
  }

  // PX pixels from output column x on.
  static inline void run(const int8_t* const* rows, index_t x, index_t channel, const typename P::weight_t* weights,
                         const int32_t* bias, const scale_t* scales, T* out) {
    constexpr index_t kInRow = Gather::row_steps / 4 / part;
    const uint32_t* const w = static_cast<const uint32_t*>(static_cast<const void*>(weights));
    int8_t window[windows][Gather::row_steps];
    uint32_t columns[2 * PX * part];
    DspTile<P, kLanesS8, PX> sums[blocks];
    for (index_t ky = 0; ky < P::kernel_h; ++ky) {
      const int8_t* const p0 = row_of(rows[ky], x, channel, window[0]);
      const int8_t* const p1 = PX == 1 || rows[ky] == nullptr ? p0 : row_of(rows[ky], x + 1, channel, window[windows - 1]);
      for (index_t i = 0; i < kInRow; ++i) {
        widen<4 * part, PX>(p0 + i * 4 * part, p1 + i * 4 * part, columns);
        all_blocks(columns, ky * kInRow + i, w, sums, bias, scales, out);
      }
    }
  }
};

}  // namespace netsuke

#endif  // NETSUKE_DSP

#endif  // NETSUKE_ARCH_CONV2D_PARTS_DSP_S8_HPP
