// Integer sums of two output channels by one multiplication, for cores without SIMD: what tile_s8.hpp computes, for
// weights in kLayoutDual (weight_layout_s8.hpp).
//
// A word holds two weights, w0 + 65536 * w1, so x * word holds two products. Over a group of kDualSteps steps either
// sum is in -32767 .. 32767 (the compiler has seen to that), therefore
//
//   group + 32768 = 65536 * (sum of x * w1) + (sum of x * w0 + 32768),   the last term in 0 .. 65535
//
// `upper` collects (group + 32768) >> 16, which are the sums of x * w1, and `both` the groups; what remains of `both`
// without 65536 * `upper` are the sums of x * w0. All words wrap around; only the results have to fit.
//
// P: as in tile_s8.hpp, with in_t int8_t and weight_t int16_t.
#ifndef NETSUKE_DUAL_TILE_S8_HPP
#define NETSUKE_DUAL_TILE_S8_HPP

#include "arch/dual.hpp"
#include "arch/v6m.hpp"
#include "core.hpp"
#include "requantise.hpp"
#include "weight_layout_s8.hpp"

namespace netsuke {

// Pixels per tile: as many sums as there are registers for them.
#if defined(__riscv)
constexpr int kDualPixelsS8 = 3;
#else
constexpr int kDualPixelsS8 = 1;
#endif

constexpr uint32_t kDualStart = 32768;

// Sums of one pixel and a pair of channels.
struct DualSum {
  uint32_t both, upper, group;

  // groups: how many will be collected, each of which adds kDualStart.
  [[gnu::always_inline]] inline void start(int32_t bias0, int32_t bias1, uint32_t groups) {
    upper = static_cast<uint32_t>(bias1);
    both = static_cast<uint32_t>(bias0) + (upper << 16) - groups * kDualStart;
  }
  template <bool First>
  [[gnu::always_inline]] inline void add(uint32_t x, uint32_t w) {
    if (First) {
      group = multiply_add_to(kDualStart, x, w);
    } else {
      group = multiply_add_to(group, x, w);
    }
  }
  [[gnu::always_inline]] inline void end_group() { collect_group(both, upper, group); }
  template <int Lane>
  [[gnu::always_inline]] inline int32_t value() const {
    return static_cast<int32_t>(Lane == 0 ? both - (upper << 16) : upper);
  }
};

// PX pixels, Pitch elements apart, by one or two pairs of channels.
template <int PX, int Lanes, index_t Pitch>
struct DualTile {
  DualTile<PX - 1, Lanes, Pitch> before;
  DualSum a, b;

  [[gnu::always_inline]] inline void start(const int32_t* bias, uint32_t groups) {
    before.start(bias, groups);
    a.start(bias[0], bias[1], groups);
    if (Lanes > 2) b.start(bias[2], bias[3], groups);
  }
  template <bool First>
  [[gnu::always_inline]] inline void add(const int8_t* from, uint32_t wa, uint32_t wb) {
    before.template add<First>(from, wa, wb);
    const uint32_t x = load_factor(from + (PX - 1) * Pitch);
    a.template add<First>(x, wa);
    if (Lanes > 2) b.template add<First>(x, wb);
  }
  [[gnu::always_inline]] inline void end_group() {
    before.end_group();
    a.end_group();
    if (Lanes > 2) b.end_group();
  }
  template <bool First>
  [[gnu::always_inline]] inline void step(const int8_t* x, const int16_t* w) {
    uint32_t wa, wb = 0;
    if (Lanes > 2) {
      load_two_words(wa, wb, w);
    } else {
      wa = load_word(w);
    }
    add<First>(x, wa, wb);
  }
  // A group of Steps steps.
  template <int Steps>
  [[gnu::always_inline]] inline void group(const int8_t* x, const int16_t* w) {
    step<true>(x, w);
    if (Steps > 1) step<false>(x + 1, w + Lanes);
    if (Steps > 2) step<false>(x + 2, w + 2 * Lanes);
    if (Steps > 3) step<false>(x + 3, w + 3 * Lanes);
    end_group();
  }
  template <class P, index_t Out, int Lane>
  [[gnu::always_inline]] inline void store(typename ScaleType<P>::type scale, typename P::out_t* out) const {
    before.template store<P, Out, Lane>(scale, out);
    const int32_t sum = Lane < 2 ? a.template value<Lane % 2>() : b.template value<Lane % 2>();
    out[(PX - 1) * Out] = Finish<P, typename P::out_t>::run(sum, scale);
  }
};
template <int Lanes, index_t Pitch>
struct DualTile<0, Lanes, Pitch> {
  inline void start(const int32_t*, uint32_t) {}
  template <bool First>
  inline void add(const int8_t*, uint32_t, uint32_t) {}
  inline void end_group() {}
  template <class P, index_t Out, int Lane>
  inline void store(typename ScaleType<P>::type, typename P::out_t*) const {}
};

// A block of channels, of which Live exist, for PX pixels. Out: elements between the outputs of two pixels.
template <class P, int Live, int PX, int32_t Steps, index_t Out>
struct DualBlock {
  typedef typename P::out_t out_t;
  typedef typename ScaleType<P>::type scale_t;
  static constexpr int lanes = Live > 2 ? 4 : 2;
  static constexpr int rest = Steps % kDualSteps;
  static constexpr index_t whole = Steps / kDualSteps, group = kDualSteps * lanes;
  typedef DualTile<PX, lanes, Steps> Tile;

  // Two groups at a time.
  [[gnu::always_inline]] static inline void whole_groups(Tile& tile, const int8_t* x, const int16_t* w) {
    for (index_t i = 0; i < whole / 2; ++i) {
      tile.template group<kDualSteps>(x, w);
      tile.template group<kDualSteps>(x + kDualSteps, w + group);
      x += 2 * kDualSteps;
      w += 2 * group;
    }
    if (whole % 2 > 0) tile.template group<kDualSteps>(x, w);
  }
  // w: the corrections. Returns where the rest of the last group is.
  [[gnu::always_inline]] static inline const int16_t* accumulate(Tile& tile, const int8_t* x, const int16_t* w,
                                                                 index_t corrections) {
#if NETSUKE_V6M
    if (PX == 1 && lanes == 4 && whole > 0) {
      const uint32_t starts = static_cast<uint32_t>(corrections + whole) * kDualStart;
      uint32_t sums[5] = {tile.a.both + starts, tile.a.upper, tile.b.both + starts, tile.b.upper, 0};
      w = v6m::dual_groups(sums, x, w, corrections, whole);
      tile.a.both = sums[0], tile.a.upper = sums[1], tile.b.both = sums[2], tile.b.upper = sums[3];
      return w;
    }
#endif
    for (; corrections > 0; --corrections) {
      tile.template step<true>(x + rom(w), w + 2);
      tile.end_group();
      w += 2 + lanes;
    }
    whole_groups(tile, x, w);
    return w + whole * group;
  }
  template <int Lane>
  [[gnu::always_inline]] static inline void store(const Tile& tile, const scale_t* scales, out_t* out) {
    tile.template store<P, Out, Lane>(Scale<P, out_t>::of(scales, Lane), out + Lane);
  }
  // Returns where the next block begins. On Armv7-M a function of its own: what the caller's loops need is saved by one
  // instruction, and else would take registers from the loops here.
#if defined(__thumb2__)
  [[gnu::noinline]]
#endif
  static const int16_t* run(const int8_t* x, const int16_t* w, const int32_t* bias, const scale_t* scales,
                                   out_t* out) {
    Tile tile;
    const int32_t biases[4] = {rom(bias), Live > 1 ? rom(bias + 1) : 0, Live > 2 ? rom(bias + 2) : 0, Live > 3 ? rom(bias + 3) : 0};
    const index_t corrections = rom(w);
    tile.start(biases, static_cast<uint32_t>(quads_of(Steps) + corrections));
    w = accumulate(tile, x, w + 2, corrections);
    if (rest > 0) tile.template group<(rest > 0 ? rest : 1)>(x + whole * kDualSteps, w);
    store<0>(tile, scales, out);
    if (Live > 1) store<(Live > 1 ? 1 : 0)>(tile, scales, out);
    if (Live > 2) store<(Live > 2 ? 2 : 0)>(tile, scales, out);
    if (Live > 3) store<(Live > 3 ? 3 : 0)>(tile, scales, out);
    return w + (rest > 0 ? group : 0);
  }
};

// All Channels of PX pixels. x: their inputs, Steps each, one after the other.
template <class P, int32_t Channels, int PX, int32_t Steps, int32_t Out>
inline void dual_tile_s8(const int8_t* x, const int16_t* weights, const int32_t* bias,
                         const typename ScaleType<P>::type* scales, typename P::out_t* out) {
  constexpr int kRest = Channels % kLanesS8;
  for (index_t block = 0; block < full_blocks_s8(Channels); ++block) {
    weights = DualBlock<P, kLanesS8, PX, Steps, Out>::run(x, weights, bias, scales, out);
    bias += kLanesS8;
    if (P::per_channel) scales += kLanesS8;
    out += kLanesS8;
  }
  if (kRest > 0) DualBlock<P, (kRest > 0 ? kRest : 1), PX, Steps, Out>::run(x, weights, bias, scales, out);
}

}  // namespace netsuke

#endif  // NETSUKE_DUAL_TILE_S8_HPP
