// conv2d_s8.hpp and dense_s8.hpp for weights that lie in vectors (kLayoutVectors, see weight_layout_s8.hpp):
// portable here, so that what is compiled for a vector core computes the same on any machine, and
// arch/vector_tile_mve_s8.hpp for Helium.
//
// Windows are collected into a buffer, whole vectors apart. Stack: at most 896 bytes, or two windows.
#ifndef NETSUKE_VECTOR_TILE_S8_HPP
#define NETSUKE_VECTOR_TILE_S8_HPP

#include "arch/vector_tile_mve_s8.hpp"
#include "core.hpp"
#include "gather_s8.hpp"
#include "requantise.hpp"
#include "weight_layout_s8.hpp"

namespace netsuke {

// All Channels of some pixels. x: their inputs, vector_steps(Steps) apart, of which the last ones may be read but
// do not matter. Out: elements between the outputs of two pixels.
template <class P, int32_t Channels, int32_t Steps, int32_t Out, bool kMve>
struct VectorTileS8 {
  typedef typename P::in_t in_t;
  typedef typename P::weight_t weight_t;
  typedef typename P::out_t out_t;
  typedef typename ScaleType<P>::type scale_t;

  static inline int32_t sum(const in_t* x, const weight_t* w, int32_t bias) {
    for (index_t k = 0; k < Steps; ++k) bias += static_cast<int32_t>(x[k]) * rom(w + k / 16 * 64 + k % 16);
    return bias;
  }
  static inline void pixel(const in_t* x, const weight_t* weights, const int32_t* bias, const scale_t* scales,
                           out_t* out) {
    for (index_t block = 0; block < vector_blocks(Channels); ++block) {
      const index_t first = static_cast<index_t>(vector_block_first(Channels, static_cast<int32_t>(block)));
      for (index_t c = first; c < first + kLanesS8 && c < Channels; ++c)
        out[c] = Finish<P, out_t>::run(sum(x, weights + (c - first) * 16, rom(bias + c)), Scale<P, out_t>::of(scales, c));
      weights += vector_steps(Steps) * kLanesS8;
    }
  }
  static inline void run(const in_t* x, index_t pixels, const weight_t* weights, const int32_t* bias,
                         const scale_t* scales, out_t* out) {
    for (; pixels > 0; --pixels) {
      pixel(x, weights, bias, scales, out);
      x += vector_steps(Steps);
      out += Out;
    }
  }
};

#if NETSUKE_MVE
template <class P, int32_t Channels, int32_t Steps, int32_t Out>
struct VectorTileS8<P, Channels, Steps, Out, true> : MveTile<P, Channels, Steps, Out> {};
#endif

// The windows of `count` pixels from output column x on.
template <class P, bool kMve>
struct VectorWindows {
  typedef GatherS8<P, P::in_c / P::group> Gather;
  static constexpr index_t pitch = vector_steps(static_cast<int32_t>(Gather::steps));

  static inline void run(const typename P::in_t* const* rows, index_t x, index_t channel, index_t count,
                         typename P::in_t* to) {
    for (index_t p = 0; p < count; ++p) Gather::run(rows, x + p, channel, to + p * pitch);
  }
};

#if NETSUKE_MVE
// Row by row of the kernel: what is the same for all pixels is decided once.
template <class P>
struct VectorWindows<P, true> {
  typedef GatherS8<P, P::in_c / P::group> Gather;
  static constexpr index_t pitch = vector_steps(static_cast<int32_t>(Gather::steps));
  static constexpr index_t next = static_cast<index_t>(P::stride_w) * P::in_c;

  static inline void row(const int8_t* row, index_t x, index_t end, int8_t* to) {
    const index_t first = clamp_index(Gather::begin, x, end), last = clamp_index(Gather::end, first, end);
    for (; x < first; ++x, to += pitch) Gather::border_row(row, window_start<P>(x), to);
    mve::copy_runs<Gather::row_steps, next, pitch>(to, row + window_start<P>(x) * P::in_c, last - first);
    to += (last - first) * pitch;
    if (Gather::end == P::out_w) return;  // else compilers warn of a loop that never runs
    for (x = last; x < end; ++x, to += pitch) Gather::border_row(row, window_start<P>(x), to);
  }
  static inline void run(const int8_t* const* rows, index_t x, index_t channel, index_t count, int8_t* to) {
    if (!Gather::one_run) return VectorWindows<P, false>::run(rows, x, channel, count, to);
    for (index_t ky = 0; ky < P::kernel_h; ++ky, to += Gather::row_steps) {
      if (rows[ky] != nullptr) {
        row(rows[ky] + channel, x, x + count, to);
      } else {
        for (index_t p = 0; p < count; ++p)
          fill_elements(to + p * pitch, Gather::row_steps, static_cast<int8_t>(P::in_zero));
      }
    }
  }
};
#endif

// One group of an output row of a convolution.
template <class P>
struct VectorRowS8 {
  typedef VectorWindows<P, UsesMve<P>::value> Windows;
  typedef VectorTileS8<P, P::out_c / P::group, Windows::Gather::steps, P::out_c, UsesMve<P>::value> Tile;
  // Pixels at a time: an even number.
  static constexpr index_t most = Windows::pitch < 448 ? 896 / Windows::pitch / 2 * 2 : 2;
  static constexpr index_t strips = ceil_div(P::out_w, most);
  static constexpr index_t strip = (ceil_div(P::out_w, strips) + 1) / 2 * 2;

  // A function of its own, so that the buffers of several layers do not add up.
  [[gnu::noinline]] static void run(const typename P::in_t* const* rows, index_t channel,
                                    const typename P::weight_t* weights, const int32_t* bias,
                                    const typename ScaleType<P>::type* scales, typename P::out_t* out) {
    alignas(8) typename P::in_t windows[strip * Windows::pitch];
    for (index_t x = 0; x < P::out_w; x += strip) {
      const index_t count = minimum<index_t>(strip, static_cast<index_t>(P::out_w) - x);
      Windows::run(rows, x, channel, count, windows);
      Tile::run(windows, count, weights, bias, scales, out + x * static_cast<index_t>(P::out_c));
    }
  }
};

// Rows of the batch of a dense layer, one or two at a time. A single one of whole vectors is read where it lies;
// others have to be whole vectors apart, and aligned.
template <class P>
inline void vector_dense_s8(const typename P::in_t* in, const typename P::weight_t* weights, const int32_t* bias,
                            const typename ScaleType<P>::type* scales, typename P::out_t* out) {
  typedef VectorTileS8<P, P::out_c, P::in_c, P::out_c, UsesMve<P>::value> Tile;
  constexpr index_t kPitch = vector_steps(P::in_c), kInC = P::in_c, kBatch = P::batch;
  constexpr bool kDirect = kBatch == 1 && kPitch == kInC;
  if (kDirect) return Tile::run(in, 1, weights, bias, scales, out);
  constexpr index_t kStrip = kBatch < 2 ? 1 : 2;
  alignas(8) typename P::in_t padded[kDirect ? 1 : kStrip * kPitch];
  for (index_t i = 0; i < kBatch; i += kStrip) {
    const index_t count = minimum<index_t>(kStrip, kBatch - i);
    for (index_t p = 0; p < count; ++p) copy_elements<kInC>(padded + p * kPitch, in + (i + p) * kInC);
    Tile::run(padded, count, weights, bias, scales, out + i * static_cast<index_t>(P::out_c));
  }
}

}  // namespace netsuke

#endif  // NETSUKE_VECTOR_TILE_S8_HPP
