// vector_tile_s8.hpp for Helium. The windows of a strip of pixels are collected, then each block of four channels
// takes two pixels at a time, its biases and multipliers in registers; a last odd pixel takes two blocks at a time.
#ifndef NETSUKE_ARCH_VECTOR_TILE_MVE_S8_HPP
#define NETSUKE_ARCH_VECTOR_TILE_MVE_S8_HPP

#include "../requantise.hpp"
#include "../weight_layout_s8.hpp"
#include "mve.hpp"
#include "sums_mve.hpp"

namespace netsuke {

// int8 inputs and weights in vectors, any output.
template <class P, class In = typename P::in_t, class Weight = typename P::weight_t>
struct UsesMve {
  static constexpr bool value = false;
};

#if NETSUKE_MVE

template <class P>
struct UsesMve<P, int8_t, int8_t> {
  static constexpr bool value = P::layout == kLayoutVectors;
};

// What belongs to a block of channels, of which Live exist, and what finishes its sums.
template <class P, class T>
struct MveOutputs {
  const int32_t* bias;
  const typename ScaleType<P>::type* scales;
};

template <class P, class T, bool Fast>
struct MveFinish {
  MveOutputs<P, T> of;

  template <int Live>
  [[gnu::always_inline]] inline void load(const MveOutputs<P, T>& from) { of = from; }

  template <int Live>
  inline void one(int32x4_t sums, T* out) const {
    int32_t all[4];
    vstrwq_s32(all, sums);
    for (index_t c = 0; c < Live; ++c) out[c] = Finish<P, T>::run(all[c] + of.bias[c], Scale<P, T>::of(of.scales, c));
  }
  // The sums of two pixels; or with `other`, of two blocks.
  template <int Live>
  [[gnu::always_inline]] static inline void two(const MveFinish& a, const MveFinish& b, const MveSums& sums, T* out_a,
                                                T* out_b) {
    a.template one<Live>(sums.a(), out_a);
    b.template one<Live>(sums.b(), out_b);
  }
};

// int8 with shift 32: VRMULH rounds.
template <class P>
struct MveFinish<P, int8_t, true> {
  int32x4_t bias, scales;

  template <int Live>
  [[gnu::always_inline]] inline void load(const MveOutputs<P, int8_t>& from) {
    bias = mve::load_lanes<Live>(from.bias);
    scales = P::per_channel ? mve::load_lanes<Live>(from.scales) : vdupq_n_s32(*from.scales);
  }
  [[gnu::always_inline]] inline int32x4_t scaled(int32x4_t sums) const {
    return vrmulhq_s32(vaddq_s32(sums, bias), scales);
  }
  template <int Live>
  [[gnu::always_inline]] inline void one(int32x4_t sums, int8_t* out) const {
    mve::store_bytes<Live>(mve::opaque(out), mve::to_bytes<P>(scaled(sums)));
  }
  template <int Live>
  [[gnu::always_inline]] static inline void two(const MveFinish& a, const MveFinish& b, const MveSums& sums,
                                                int8_t* out_a, int8_t* out_b) {
    const int32x4_t bytes = mve::to_bytes<P>(a.scaled(sums.a()), b.scaled(sums.b()));
    mve::store_bytes<Live>(mve::opaque(out_a), bytes);
    mve::store_bytes<Live>(mve::opaque(out_b), vreinterpretq_s32_u32(vshrq_n_u32(vreinterpretq_u32_s32(bytes), 16)));
  }
};

// All Channels of pixels whose inputs are vector_steps(Steps) apart. Out: elements between their outputs.
// Functions of their own, because the sums take most registers, and wherever these were inlined something else
// could want them, too.
template <class P, int32_t Channels, int32_t Steps, int32_t Out>
struct MveTile {
  typedef typename P::out_t out_t;
  typedef typename ScaleType<P>::type scale_t;
  typedef MveOutputs<P, out_t> Outputs;
  typedef MveFinish<P, out_t, P::shift == 32> Last;
  static constexpr int vectors = vector_steps(Steps) / 16, live = Channels < kLanesS8 ? Channels : kLanesS8;
  static constexpr index_t blocks = vector_blocks(Channels);
  static constexpr index_t block_weights = vector_steps(Steps) * kLanesS8;

  // Blocks of weights that are one vector for each channel, in registers.
  [[gnu::always_inline]] static inline void short_pairs(const int8_t* x, index_t pairs, const int8_t* w, const Last& last,
                                                        out_t* out) {
    const int8x16_t w0 = vldrbq_s8(w), w1 = vldrbq_s8(w + 16), w2 = vldrbq_s8(w + 32), w3 = vldrbq_s8(w + 48);
    const int8_t* const end = x + pairs * 32;
    do {
      MveSums sums;
      sums.two_vectors(x, w0, w1, w2, w3);
      Last::template two<live>(last, last, sums, out, out + Out);
      out += 2 * Out;
    } while (x != end);
  }
  [[gnu::always_inline]] static inline void long_pairs(const int8_t* x, index_t pairs, const int8_t* weights,
                                                       const Last& last, out_t* out) {
    const int8_t* const end = x + pairs * 2 * vector_steps(Steps);
    do {
      const int8_t* w = weights;
      MveSums sums;
      if (vectors <= kShortSum) {
        sums.template two_pixels<vectors>(x, w);
      } else {
        sums.template two_long_pixels<(vectors <= kShortSum ? kShortSum + 1 : vectors)>(x, w);
      }
      Last::template two<live>(last, last, sums, out, out + Out);
      x += vector_steps(Steps);
      out += 2 * Out;
    } while (x != end);
  }
  [[gnu::noinline]] static void two_pixels(const int8_t* x, index_t pairs, const int8_t* w, Outputs of, out_t* out) {
    const int8_t* const end = w + blocks * block_weights;
    do {
      Last last;
      last.template load<live>(of);
      if (vectors == 1) {
        short_pairs(x, pairs, w, last, out);
      } else {
        long_pairs(x, pairs, w, last, out);
      }
      w += block_weights;
      // The last block is the last four channels.
      const index_t step = Channels % 4 != 0 && w == end - block_weights ? Channels % 4 : 4;
      of.bias += step;
      if (P::per_channel) of.scales += step;
      out += step;
    } while (w != end);
  }

  [[gnu::always_inline]] static inline Last last_of(const Outputs& of, index_t first) {
    Last last;
    const Outputs here = {of.bias + first, P::per_channel ? of.scales + first : of.scales};
    last.template load<live>(here);
    return last;
  }
  [[gnu::noinline]] static void one_pixel(const int8_t* x, const int8_t* w, Outputs of, out_t* out) {
    for (index_t block = 0; block < blocks; block += 2) {
      // An odd block comes together with the one before it, once more.
      const index_t a = blocks % 2 == 0 ? block : minimum<index_t>(block, blocks > 1 ? blocks - 2 : 0);
      const index_t b = blocks > 1 ? a + 1 : 0;
      const index_t first_a = vector_block_first(Channels, static_cast<int32_t>(a));
      const index_t first_b = vector_block_first(Channels, static_cast<int32_t>(b));
      MveSums sums;
      sums.template two_blocks<vectors>(x, w + a * block_weights, w + b * block_weights);
      Last::template two<live>(last_of(of, first_a), last_of(of, first_b), sums, out + first_a, out + first_b);
    }
  }

  static inline void run(const int8_t* x, index_t pixels, const int8_t* weights, const int32_t* bias,
                         const scale_t* scales, out_t* out) {
    const Outputs of = {bias, scales};
    if (pixels > 1) two_pixels(x, pixels / 2, weights, of, out);
    if (pixels % 2 != 0)
      one_pixel(x + (pixels - 1) * vector_steps(Steps), weights, of, out + (pixels - 1) * static_cast<index_t>(Out));
  }
};

#endif  // NETSUKE_MVE

}  // namespace netsuke

#endif  // NETSUKE_ARCH_VECTOR_TILE_MVE_S8_HPP
