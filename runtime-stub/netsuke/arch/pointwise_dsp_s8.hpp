// Pointwise convolutions on Armv7E-M that share their code: numbers of pixels and channels are arguments, which costs
// 5 to 15 % of their instructions and saves 1 to 2 KB for each shape. See tile_dsp_s8.hpp for how it is done.
//
// Pixels go in pairs; where their number is odd the last one is its own neighbour, and is computed twice.
#ifndef NETSUKE_ARCH_POINTWISE_DSP_S8_HPP
#define NETSUKE_ARCH_POINTWISE_DSP_S8_HPP

#include "tile_dsp_s8.hpp"

#if NETSUKE_DSP

namespace netsuke {

// P::sharing says when a layer does that (compiler/lower/share.hpp): 1 in code that is compiled for size, 2 always;
// never where there is no such member.
template <int32_t>
struct Present {
  typedef void type;
};
template <class P, class = void>
struct SharesCode {
  static constexpr bool value = false;
};
template <class P>
struct SharesCode<P, typename Present<P::sharing>::type> {
#if defined(__OPTIMIZE_SIZE__)
  static constexpr bool value = true;
#else
  static constexpr bool value = P::sharing > 1;
#endif
};

// What the code depends on.
template <class Weight, class Out, int32_t Layout, int32_t Zero, int32_t Min, int32_t Max, int32_t Shift,
          bool PerChannel>
struct PointwiseFamily {
  typedef int8_t in_t;
  typedef Weight weight_t;
  typedef Out out_t;
  static constexpr int32_t layout = Layout, out_zero = Zero, out_min = Min, out_max = Max, shift = Shift;
  static constexpr bool per_channel = PerChannel;
};

// What it does not; all but the pixel pair's outputs are the same from one pair to the next.
template <class F>
struct PointwiseLayer {
  typedef typename ScaleType<F>::type scale_t;
  index_t in_c, out_c;
  const typename F::weight_t* weights;
  const int32_t* bias;
  const scale_t* scales;
};

// What moves on from block to block of a pair of pixels. step: between the outputs of the two.
template <class F>
struct PointwiseBlocks {
  const uint32_t* w;
  const int32_t* bias;
  const typename ScaleType<F>::type* scales;
  typename F::out_t* out;
  index_t step;
};

// One block of L lanes: the quads before `rest` one a turn, those before `end` four.
template <class F, int L, int Live>
[[gnu::always_inline]] inline void pointwise_block(PointwiseBlocks<F>& b, const uint32_t* columns,
                                                   const uint32_t* const& rest, const uint32_t* const& end) {
  DspTile<F, L, 2> tile;
  tile.template start<Live>(b.bias);
  tile.copy();
  const uint32_t* w = b.w;
  while (columns != dsp::fetch(rest)) tile.template quad<false>(columns, w);
  if (L == kLanesS8 && Live == kLanesS8) {
    while (columns != dsp::fetch(end)) DspQuads<4, false>::run(tile, columns, w);
  }
  b.w = w;
  dsp_finish<Live>(tile, b.scales, b.out, b.step);
  b.out += Live;
}

// The full blocks of four channels.
template <class F>
[[gnu::noinline]] void pointwise_blocks(PointwiseBlocks<F>& blocks, const uint32_t* columns, index_t quads,
                                        index_t count) {
  PointwiseBlocks<F> b = blocks;
  const uint32_t* const rest = columns + quads % 4 * 4;
  const uint32_t* const end = columns + quads * 4;
  for (; count > 0; --count) pointwise_block<F, kLanesS8, kLanesS8>(b, columns, rest, end);
  blocks = b;
}

// The last one to three channels.
template <class F, int Live>
[[gnu::noinline]] void pointwise_last(PointwiseBlocks<F>& blocks, const uint32_t* columns, index_t quads) {
  const uint32_t* const end = columns + quads * 4;
  pointwise_block<F, (Live == 3 ? 4 : 2), Live>(blocks, columns, end, end);
}

// Steps inputs of two pixels into columns.
static inline void widen_pair(const int8_t* p0, const int8_t* p1, index_t steps, uint32_t* to) {
  for (; steps >= 4; steps -= 4) {
    WidenQuads<2, 0, 1>::run(p0, p1, to);
    p0 += 4;
    p1 += 4;
    to += 4;
  }
  if (steps == 3) widen_words<2, 0>(tail_bytes<3>(p0), tail_bytes<3>(p1), to);
  if (steps == 2) widen_words<2, 0>(tail_bytes<2>(p0), tail_bytes<2>(p1), to);
  if (steps == 1) widen_words<2, 0>(tail_bytes<1>(p0), tail_bytes<1>(p1), to);
}

// All pixels. columns: room for quads_of(in_c) * 4 words; last: for the last one to three channels, or null.
template <class F>
[[gnu::noinline]] void pointwise_pixels(const int8_t* in, index_t pixels, const PointwiseLayer<F>& layer,
                                        void (*last)(PointwiseBlocks<F>&, const uint32_t*, index_t),
                                        uint32_t* columns, typename F::out_t* out) {
  const index_t quads = (layer.in_c + 3) / 4;
  for (; pixels > 0; pixels -= 2) {
    const bool pair = pixels > 1;
    widen_pair(in, pair ? in + layer.in_c : in, layer.in_c, columns);
    PointwiseBlocks<F> blocks = {static_cast<const uint32_t*>(static_cast<const void*>(layer.weights)), layer.bias,
                                 layer.scales, out, pair ? layer.out_c : 0};
    pointwise_blocks<F>(blocks, columns, quads, layer.out_c / 4);
    if (last != nullptr) last(blocks, columns, quads);
    in += 2 * layer.in_c;
    out += 2 * layer.out_c;
  }
}

template <class F, int Live>
struct PointwiseLast {
  static constexpr void (*function)(PointwiseBlocks<F>&, const uint32_t*, index_t) = pointwise_last<F, Live>;
};
template <class F>
struct PointwiseLast<F, 0> {
  static constexpr void (*function)(PointwiseBlocks<F>&, const uint32_t*, index_t) = nullptr;
};

// A layer: its columns and its numbers. Not inlined: see Conv2dS8::group_row.
template <class P>
[[gnu::noinline]] void pointwise_shared(const int8_t* in, const typename P::weight_t* weights, const int32_t* bias,
                                        const typename ScaleType<P>::type* scales, typename P::out_t* out) {
  typedef PointwiseFamily<typename P::weight_t, typename P::out_t, P::layout, P::out_zero, P::out_min, P::out_max,
                          P::shift, P::per_channel>
      F;
  static_assert(P::kernel_h == 1 && P::kernel_w == 1 && P::stride_w == 1 && P::pad_left == 0 && P::group == 1,
                "shared code is for plain pointwise convolutions");
  uint32_t columns[quads_of(P::in_c) * 4];
  const PointwiseLayer<F> layer = {P::in_c, P::out_c, weights, bias, scales};
  pointwise_pixels<F>(in, P::out_w, layer, PointwiseLast<F, P::out_c % 4>::function, columns, out);
}

}  // namespace netsuke

#endif  // NETSUKE_DSP

#endif  // NETSUKE_ARCH_POINTWISE_DSP_S8_HPP
