// Depthwise 2-D convolution, float32, NHWC: every channel has its own filter (group == in_c == out_c).
//
//   in [batch][in_h][in_w][in_c]   out [batch][out_h][out_w][in_c]   bias [in_c], only read if P::has_bias
//   weights [in_c][kernel_h][kernel_w]
//
// P: as for conv2d_f32. Summation order: bias, then ky, kx ascending, padding skipped. in and out must not
// overlap (a row of the input is needed by kernel_h rows of the output).
// A tile is some neighbouring outputs of one channel: every input under them is loaded once per kernel row
// and added to all the sums that it belongs to.
#ifndef NETSUKE_DEPTHWISE_F32_HPP
#define NETSUKE_DEPTHWISE_F32_HPP

#include "core.hpp"
#include "register_tile.hpp"
#include "row_tiles.hpp"
#include "window.hpp"

namespace netsuke {

// Taps [Tap, End) of one kernel row for a tile at output pixel X (any inner one if X < 0). Neighbouring taps
// read mostly the same inputs; all loads here have constant offsets, so the compiler keeps each in a
// register.
template <class P, index_t X, index_t Tap, index_t End>
struct DepthwiseTaps {
  template <int PX>
  [[gnu::always_inline]] static inline void run(Tile<PX, 1>& tile, const float* x, const float* w) {
    constexpr int kFrom = X < 0 ? 0 : from_pixel<P>(X, PX, Tap), kTo = X < 0 ? PX : to_pixel<P>(X, PX, Tap);
    constexpr index_t kStride = static_cast<index_t>(P::stride_w) * P::in_c;
    Lanes<1> weight;
    weight.template load<FromRom>(w);
    tile.template step<kStride, kFrom, kTo>(x, weight);
    DepthwiseTaps<P, X, Tap + 1, End>::run(tile, x + static_cast<index_t>(P::dilation_w) * P::in_c, w + 1);
  }
};

template <class P, index_t X, index_t End>
struct DepthwiseTaps<P, X, End, End> {
  template <int PX>
  static inline void run(Tile<PX, 1>&, const float*, const float*) {}
};

// Rows [Row, End) of the filter, written out one after the other; from: floats to tap 0 in an input row.
template <class P, index_t X, index_t Row, index_t End>
struct DepthwiseFilterRows {
  template <int PX>
  [[gnu::always_inline]] static inline void run(Tile<PX, 1>& tile, const float* const* rows, index_t from,
                                                const float* w) {
    if (rows[Row] != nullptr) DepthwiseTaps<P, X, 0, P::kernel_w>::run(tile, rows[Row] + from, w);
    DepthwiseFilterRows<P, X, Row + 1, End>::run(tile, rows, from, w + P::kernel_w);
  }
};

template <class P, index_t X, index_t End>
struct DepthwiseFilterRows<P, X, End, End> {
  template <int PX>
  static inline void run(Tile<PX, 1>&, const float* const*, index_t, const float*) {}
};

// How many rows of the filter are written out: all of those of small filters, else one, in a loop.
template <class P>
struct DepthwiseShape {
  static constexpr index_t written_out = kUnroll >= 8 && P::kernel_h * P::kernel_w <= 15 ? P::kernel_h : 1;
};

// One channel of one output row; what for_row_tiles calls. w points at the channel's filter.
template <class P>
struct DepthwiseRow {
  const float* const* rows;
  index_t channel;
  const float* w;
  float bias;
  float* out;

  template <int PX, index_t X>
  [[gnu::always_inline]] inline void tile(index_t x) const {
    Lanes<1> start;
    start.first = bias;
    Tile<PX, 1> sums;
    sums.start(start);
    constexpr index_t kRows = DepthwiseShape<P>::written_out;
    const float* weights = w;
    const index_t from = tap_offset<P>(window_start<P>(x), 0) + channel;
    for (index_t ky = 0; ky < P::kernel_h; ky += kRows) {
      DepthwiseFilterRows<P, X, 0, kRows>::run(sums, rows + ky, from, weights);
      weights += kRows * P::kernel_w;
    }
    sums.template store<P, P::in_c>(out + x * P::in_c);
  }

  template <int PX>
  inline void inner(index_t x) const {
    tile<PX, -1>(x);
  }

  template <int PX, index_t X>
  inline void edge() const {
    tile<PX, X>(X);
  }

  inline void border(index_t x) const {
    const index_t start = window_start<P>(x);
    const index_t first = first_tap(start, P::kernel_w, P::dilation_w);
    const index_t end = end_tap(start, P::in_w, P::kernel_w, P::dilation_w);
    float sum = bias;
    for (index_t ky = 0; ky < P::kernel_h; ++ky) {
      if (rows[ky] == nullptr) continue;
      for (index_t kx = first; kx < end; ++kx) {
        sum += rows[ky][tap_offset<P>(start, kx) + channel] * rom(w + ky * P::kernel_w + kx);
      }
    }
    out[x * P::in_c] = P::act(sum);
  }
};

constexpr int depthwise_pixels(index_t count) {
  return kSoftFloat ? 1 : static_cast<int>(best_tile(count, 6, count < 8 ? count : 8));
}

// One output row. rows: kernel_h pointers to the input rows under it, null where there is padding.
template <class P>
inline void depthwise_f32_row(const float* const* rows, const float* weights, const float* bias,
                              float* out_row) {
  for (index_t channel = 0; channel < P::in_c; ++channel) {
    const float b = P::has_bias ? rom(bias + channel) : 0.0f;
    const DepthwiseRow<P> row = {rows, channel, weights, b, out_row + channel};
    for_row_tiles<P, depthwise_pixels(P::out_w)>(row);
    weights += P::kernel_h * P::kernel_w;
  }
}

template <class P>
inline void depthwise_f32(const float* in, const float* weights, const float* bias, float* out) {
  for (index_t image = 0; image < P::batch; ++image) {
    for (index_t y = 0; y < P::out_h; ++y) {
      const float* rows[P::kernel_h];
      window_rows<P>(in, y, rows);
      depthwise_f32_row<P>(rows, weights, bias, out);
      out += static_cast<index_t>(P::out_w) * P::in_c;
    }
    in += static_cast<index_t>(P::in_h) * P::in_w * P::in_c;
  }
}

}  // namespace netsuke

#endif  // NETSUKE_DEPTHWISE_F32_HPP
