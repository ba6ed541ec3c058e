// tile_s8.hpp for weights that lie in vectors (kLayoutVectors, see weight_layout_s8.hpp): portable here, so that
// what is compiled for a vector core computes the same on any machine; arch/vector_tile_mve_s8.hpp for Helium.
#ifndef NETSUKE_VECTOR_TILE_S8_HPP
#define NETSUKE_VECTOR_TILE_S8_HPP

#include "arch/vector_tile_mve_s8.hpp"
#include "core.hpp"
#include "gather_s8.hpp"
#include "requantise.hpp"
#include "weight_layout_s8.hpp"

namespace netsuke {

// All Channels of PX pixels. x: their inputs, vector_steps(Steps) apart, of which the last ones are read but do
// not matter. Out: elements between the outputs of two pixels.
template <class P, int32_t Channels, int PX, int32_t Steps, int32_t Out, bool kMve>
struct VectorTileS8 {
  typedef typename P::in_t in_t;
  typedef typename P::weight_t weight_t;
  typedef typename P::out_t out_t;
  typedef typename ScaleType<P>::type scale_t;

  static inline int32_t sum(const in_t* x, const weight_t* w, int32_t bias) {
    for (index_t k = 0; k < Steps; ++k) bias += static_cast<int32_t>(x[k]) * rom(w + k / 16 * 64 + k % 16);
    return bias;
  }
  static inline void run(const in_t* x, const weight_t* weights, const int32_t* bias, const scale_t* scales,
                         out_t* out) {
    constexpr index_t kLive = Channels < kLanesS8 ? Channels : kLanesS8;
    for (index_t block = 0; block < vector_blocks(Channels); ++block) {
      const index_t first = vector_block_first(Channels, static_cast<int32_t>(block));
      for (index_t lane = 0; lane < kLive; ++lane) {
        const index_t c = first + lane;
        for (index_t p = 0; p < PX; ++p)
          out[p * Out + c] = Finish<P, out_t>::run(
              sum(x + p * vector_steps(Steps), weights + lane * 16, rom(bias + c)), Scale<P, out_t>::of(scales, c));
      }
      weights += vector_steps(Steps) * kLanesS8;
    }
  }
};

#if NETSUKE_MVE
template <class P, int32_t Channels, int PX, int32_t Steps, int32_t Out>
struct VectorTileS8<P, Channels, PX, Steps, Out, true> : MveTile<P, Channels, PX, Steps, Out> {};
#endif

// PX pixels of one group of a convolution, from output column x on.
template <class P>
struct VectorPixelsS8 {
  template <int PX>
  static inline void run(const typename P::in_t* const* rows, index_t x, index_t channel,
                         const typename P::weight_t* weights, const int32_t* bias,
                         const typename ScaleType<P>::type* scales, typename P::out_t* out) {
    typedef GatherS8<P, P::in_c / P::group> Gather;
    constexpr index_t kPitch = vector_steps(static_cast<int32_t>(Gather::steps));
    alignas(8) typename P::in_t windows[PX * kPitch];
    for (int p = 0; p < PX; ++p) Gather::run(rows, x + p, channel, windows + p * kPitch);
    VectorTileS8<P, P::out_c / P::group, PX, Gather::steps, P::out_c, UsesMve<P>::value>::run(windows, weights, bias,
                                                                                            scales, out);
  }
};

// PX rows of the batch of a dense layer.
template <class P>
struct VectorRowsS8 {
  typedef typename P::in_t in_t;
  template <int PX>
  static inline void run(const in_t* in, const typename P::weight_t* weights, const int32_t* bias,
                         const typename ScaleType<P>::type* scales, typename P::out_t* out) {
    typedef VectorTileS8<P, P::out_c, PX, P::in_c, P::out_c, UsesMve<P>::value> Tile;
    constexpr index_t kPitch = vector_steps(P::in_c);
    constexpr bool kWhole = kPitch == P::in_c;
    alignas(8) in_t padded[kWhole ? 1 : PX * kPitch];
    if (!kWhole) {
      for (int p = 0; p < PX; ++p) copy_elements<P::in_c>(padded + p * kPitch, in + p * static_cast<index_t>(P::in_c));
    }
    Tile::run(kWhole ? in : padded, weights, bias, scales, out);
  }
};

}  // namespace netsuke

#endif  // NETSUKE_VECTOR_TILE_S8_HPP
