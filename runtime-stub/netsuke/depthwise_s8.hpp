// Depthwise 2-D convolution on integers, NHWC: every channel has its own filter (group == in_c == out_c).
//
//   in [batch][in_h][in_w][in_c]   out [batch][out_h][out_w][in_c]   bias [in_c]
//   weights: weight_layout_s8.hpp        multipliers [in_c], or [1] if !P::per_channel
//
// P and the meaning: as conv2d_s8.hpp (without group and out_c). in and out must not overlap.
// Channel by channel, some neighbouring output pixels at a time, straight from the rows: inputs and borders are at
// offsets that are known when this is compiled.
#ifndef NETSUKE_DEPTHWISE_S8_HPP
#define NETSUKE_DEPTHWISE_S8_HPP

#include "arch/depthwise_dsp_s8.hpp"
#include "arch/depthwise_mve_s8.hpp"
#include "arch/depthwise_strips_dsp_s8.hpp"
#include "arch/scalar.hpp"
#include "core.hpp"
#include "requantise.hpp"
#include "row_tiles.hpp"
#include "weight_layout_s8.hpp"
#include "window.hpp"

namespace netsuke {

// Inputs of one channel under a tile of outputs, by their column from the tile's first on; those outside [From, To)
// are padding. x: where the first one that is not lies.
template <class P, index_t From, index_t To>
struct TileInputs {
  const typename P::in_t* x;

  template <index_t Column>
  [[gnu::always_inline]] inline typename P::in_t at() const {
    return Column >= From && Column < To ? x[(Column - From) * static_cast<index_t>(P::in_c)]
                                         : static_cast<typename P::in_t>(P::in_zero);
  }
};

// Sums of PX neighbouring outputs of one channel.
template <class P, int PX>
struct PixelSums {
  typedef typename P::out_t out_t;
  PixelSums<P, PX - 1> before;
  int32_t last;

  [[gnu::always_inline]] inline void start(int32_t bias) {
    before.start(bias);
    last = bias;
  }
  // The tap at Column of the first output.
  template <index_t Column, class Inputs>
  [[gnu::always_inline]] inline void add(const Inputs& in, typename P::weight_t w) {
    before.template add<Column>(in, w);
    multiply_add(last, in.template at<Column + (PX - 1) * static_cast<index_t>(P::stride_w)>(), w);
  }
  template <class Scale>
  [[gnu::always_inline]] inline void store(Scale scale, out_t* out) const {
    before.store(scale, out);
    out[(PX - 1) * static_cast<index_t>(P::in_c)] = Finish<P, out_t>::run(last, scale);
  }
};
template <class P>
struct PixelSums<P, 0> {
  inline void start(int32_t) {}
  template <index_t Column, class Inputs>
  inline void add(const Inputs&, typename P::weight_t) {}
  template <class Scale>
  inline void store(Scale, typename P::out_t*) const {}
};

// Taps [Tap, End) of a kernel row, written out: their inputs overlap, and the compiler loads each once.
template <class P, int Tap, int End>
struct DepthwiseTapsS8 {
  template <class Sums, class Inputs>
  [[gnu::always_inline]] static inline void run(Sums& sums, const Inputs& in, const typename P::weight_t* w) {
    sums.template add<Tap * static_cast<index_t>(P::dilation_w)>(in, rom(w + depthwise_place(P::layout, P::kernel_w, 0, Tap)));
    DepthwiseTapsS8<P, Tap + 1, End>::run(sums, in, w);
  }
};
template <class P, int End>
struct DepthwiseTapsS8<P, End, End> {
  template <class Sums, class Inputs>
  static inline void run(Sums&, const Inputs&, const typename P::weight_t*) {}
};

template <class P>
struct DepthwiseS8 {
  typedef typename P::in_t in_t;
  typedef typename P::weight_t weight_t;
  typedef typename P::out_t out_t;
  typedef typename ScaleType<P>::type scale_t;

  // Neighbouring outputs at a time. A narrow row is one tile.
#if defined(__AVR__)
  static constexpr int tile = 1;
#else
  static constexpr int tile = P::out_w <= 6 ? static_cast<int>(P::out_w) : 4;
#endif
  typedef RowTiles<P, tile> Tiles;
  // Taps of a kernel row that are written out; the rest of a long row is a loop.
  static constexpr int written_out = P::kernel_w <= 7 ? static_cast<int>(P::kernel_w) : 1;
  // Whether tiles at the borders have code of their own: at most three for a 5-wide kernel.
  static constexpr bool edges = (Tiles::left + Tiles::tiles - Tiles::right) * P::kernel_w <= 15 && P::kernel_w <= 7;
  static constexpr index_t weight_row = P::kernel_h == 1 ? 0 : depthwise_place(P::layout, P::kernel_w, 1, 0);

  // One channel of one output row. Rows [top, bottom) of the window are inside the input.
  const in_t* const* rows;
  index_t top, bottom, channel;
  const weight_t* weights;
  int32_t bias;
  scale_t scale;
  out_t* out;

  // What padding above and below adds to every sum.
  inline void add_missing_rows() {
    const weight_t* w = weights;
    for (index_t ky = 0; ky < P::kernel_h; ++ky) {
      for (index_t kx = 0; kx < P::kernel_w && rows[ky] == nullptr; ++kx)
        multiply_add(bias, static_cast<in_t>(P::in_zero), rom(w + depthwise_place(P::layout, P::kernel_w, 0, static_cast<int32_t>(kx))));
      w += weight_row;
    }
  }

  // PX outputs from x on; start: column of their first input, From and To: see TileInputs.
  template <int PX, index_t From, index_t To>
  [[gnu::always_inline]] inline void outputs(index_t x, index_t start) const {
    const index_t offset = (start + From) * static_cast<index_t>(P::in_c) + channel;
    PixelSums<P, PX> sums;
    sums.start(bias);
    const weight_t* w = weights + top * weight_row;
    for (index_t ky = top; ky < bottom; ++ky) {
      TileInputs<P, From, To> in = {rows[ky] + offset};
      for (int kx = 0; kx < P::kernel_w; kx += written_out) {
        DepthwiseTapsS8<P, 0, written_out>::run(sums, in, w + kx);
        in.x += static_cast<index_t>(P::dilation_w) * P::in_c;
      }
      w += weight_row;
    }
    sums.store(scale, out + x * static_cast<index_t>(P::in_c));
  }
  // Called by TileRow: a tile at x whose windows are inside, one at a border, one pixel at a border.
  template <int PX>
  [[gnu::always_inline]] inline void inner(index_t x) const {
    outputs<PX, 0, (PX - 1) * P::stride_w + (P::kernel_w - 1) * P::dilation_w + 1>(x, window_start<P>(x));
  }
  template <int PX, index_t X>
  [[gnu::always_inline]] inline void edge() const {
    constexpr index_t kStart = window_start<P>(X);
    outputs<PX, maximum_of(0, -kStart), P::in_w - kStart>(X, kStart);
  }
  inline void border(index_t x) const {
    const index_t start = window_start<P>(x);
    int32_t sum = bias;
    const weight_t* w = weights + top * weight_row;
    for (index_t ky = top; ky < bottom; ++ky) {
      for (index_t kx = 0; kx < P::kernel_w; ++kx) {
        const index_t column = start + kx * static_cast<index_t>(P::dilation_w);
        const bool inside = column >= 0 && column < P::in_w;
        multiply_add(sum, inside ? rows[ky][column * static_cast<index_t>(P::in_c) + channel] : static_cast<in_t>(P::in_zero),
                     rom(w + depthwise_place(P::layout, P::kernel_w, 0, static_cast<int32_t>(kx))));
      }
      w += weight_row;
    }
    out[x * static_cast<index_t>(P::in_c)] = Finish<P, out_t>::run(sum, scale);
  }
};

template <class P, bool kDsp, bool kMve>
struct DepthwiseRowS8 {
  // A function of its own, so that what is known of a channel stays in registers.
  [[gnu::noinline]] static void run(const typename P::in_t* const* rows, const typename P::weight_t* weights,
                                    const int32_t* bias, const typename ScaleType<P>::type* multipliers,
                                    typename P::out_t* out_row) {
    typedef DepthwiseS8<P> D;
    D row = {rows, 0, P::kernel_h, 0, weights, 0, 0, out_row};
    while (row.top < row.bottom && rows[row.top] == nullptr) ++row.top;
    while (row.top < row.bottom && rows[row.bottom - 1] == nullptr) --row.bottom;
    for (; row.channel < P::in_c; ++row.channel) {
      row.bias = rom(bias + row.channel);
      row.scale = Scale<P, typename P::out_t>::of(multipliers, row.channel);
      if (row.bottom - row.top < P::kernel_h) row.add_missing_rows();
      TileRow<P, D::tile, D::edges>::run(row);
      row.weights += depthwise_filter(P::layout, P::kernel_h, P::kernel_w);
      ++row.out;
    }
  }
};

#if NETSUKE_DSP
template <class P>
struct DepthwiseRowS8<P, true, false> : DepthwiseDsp<P> {};
#endif
#if NETSUKE_MVE
template <class P>
struct DepthwiseRowS8<P, false, true> : DepthwiseMve<P> {};
#endif

// One output row. rows: kernel_h pointers to the input rows under it, null where there is padding.
template <class P>
inline void depthwise_s8_row(const typename P::in_t* const* rows, const typename P::weight_t* weights,
                             const int32_t* bias, const typename ScaleType<P>::type* multipliers,
                             typename P::out_t* out_row) {
  DepthwiseRowS8<P, UsesDspDepthwise<P>::value, UsesMveDepthwise<P>::value>::run(rows, weights, bias, multipliers, out_row);
}

// One image.
template <class P, bool kStrips>
struct DepthwiseMapS8 {
  static inline void run(const typename P::in_t* in, const typename P::weight_t* weights, const int32_t* bias,
                         const typename ScaleType<P>::type* multipliers, typename P::out_t* out) {
    for (index_t y = 0; y < P::out_h; ++y) {
      const typename P::in_t* rows[P::kernel_h];
      window_rows<P>(in, y, rows);
      depthwise_s8_row<P>(rows, weights, bias, multipliers, out);
      out += static_cast<index_t>(P::out_w) * P::in_c;
    }
  }
};
#if NETSUKE_DSP
template <class P>
struct DepthwiseMapS8<P, true> : DepthwiseMapDsp<P> {};
#endif

template <class P>
inline void depthwise_s8(const typename P::in_t* in, const typename P::weight_t* weights, const int32_t* bias,
                         const typename ScaleType<P>::type* multipliers, typename P::out_t* out) {
  for (index_t image = 0; image < P::batch; ++image) {
    DepthwiseMapS8<P, UsesDspStrips<P>::value>::run(in, weights, bias, multipliers, out);
    in += static_cast<index_t>(P::in_h) * P::in_w * P::in_c;
    out += static_cast<index_t>(P::out_h) * P::out_w * P::in_c;
  }
}

}  // namespace netsuke

#endif  // NETSUKE_DEPTHWISE_S8_HPP
