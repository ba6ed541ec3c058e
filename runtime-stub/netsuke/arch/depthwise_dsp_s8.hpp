// depthwise_s8.hpp for Armv7E-M: 3x3 kernels, stride 1 or 2 along the row, no dilation.
//
// Four channels at a time, and up to 16 output pixels (8 with stride 2), the inputs are transposed into one
// plane of int16 pairs for each channel and row; borders become the zero point there. Two neighbouring
// outputs of a channel then take one LDRD and four multiplies from each row:
//
//   pairs (x0 x1) (x2 x3), weights w01 = (w0 w1), w12 = (w1 w2)
//   output 0: x0 w0 + x1 w1 (dual), x2 w2 (low * high)     output 1: x1 w0 (high * low), x2 w1 + x3 w2 (dual)
//
// Stack: 4 channels * 3 rows * 9 words = 432 bytes.
#ifndef NETSUKE_ARCH_DEPTHWISE_DSP_S8_HPP
#define NETSUKE_ARCH_DEPTHWISE_DSP_S8_HPP

#include "../requantise.hpp"
#include "../weight_layout_s8.hpp"
#include "../window.hpp"
#include "dsp.hpp"

namespace netsuke {

template <class P, class In = typename P::in_t>
struct UsesDspDepthwise {
  static constexpr bool value = false;
};

#if NETSUKE_DSP

// The numbers of a row cut into chunks.
template <class P>
struct DepthwiseChunks {
  static constexpr int stride = P::stride_w;
  static constexpr int most = stride == 1 ? 16 : 8;
  static constexpr int count = static_cast<int>(ceil_div(P::out_w, most));
  static constexpr int last = static_cast<int>(P::out_w - (count - 1) * most);  // outputs of the last chunk
  // Words of a plane's row under n outputs, and how many of their columns are to the right of the input for a
  // chunk that begins at output x.
  static constexpr int words(int n) { return stride == 1 ? (n + 1) / 2 + 1 : n + 1; }
  static constexpr int beyond(int x, int n) {
    return static_cast<int>(maximum_of(0, x * stride - P::pad_left + 2 * words(n) - P::in_w));
  }
  // All chunks but the first and the last lie inside.
  static constexpr bool middle_inside = count == 1 || (P::pad_left <= most * stride && beyond((count - 2) * most, most) == 0);
};

template <class P>
struct UsesDspDepthwise<P, int8_t> {
  static constexpr bool value =
      (P::layout == kLayoutRows || P::layout == kLayoutPairs) && (P::stride_w == 1 || P::stride_w == 2) &&
      P::dilation_w == 1 && P::in_c >= 4 && DepthwiseChunks<P>::middle_inside;
};

// Four channels of two neighbouring columns, a word each, to one pair per plane.
template <int Plane>
[[gnu::always_inline]] inline void store_pairs(uint32_t a, uint32_t b, uint32_t* to) {
  const uint32_t low = dsp::low_halves(a, b), high = dsp::high_halves(a, b);
  to[0] = dsp::even_bytes(low);
  to[Plane] = dsp::odd_bytes(low);
  to[2 * Plane] = dsp::even_bytes(high);
  to[3 * Plane] = dsp::odd_bytes(high);
}

// One row of four planes: Words pairs, of whose columns the first Left and the last Right are outside.
template <class P, int Plane, int Words, int Left, int Right>
struct DepthwisePlanes {
  static constexpr int head = (Left + 1) / 2 < Words ? (Left + 1) / 2 : Words;
  static constexpr int tail = static_cast<int>(maximum_of(head, Words - (Right + 1) / 2));
  static constexpr uint32_t zeros = static_cast<uint32_t>(P::in_zero & 0xff) * 0x01010101u;

  template <int Column>
  [[gnu::always_inline]] static inline uint32_t column(const int8_t* row) {
    constexpr bool kInside = Column >= Left && Column < 2 * Words - Right;
    return kInside ? dsp::load_bytes(row + Column * static_cast<index_t>(P::in_c)) : zeros;
  }
  template <int From, int To>
  struct Edge {
    [[gnu::always_inline]] static inline void run(const int8_t* row, uint32_t* to) {
      store_pairs<Plane>(column<2 * From>(row), column<2 * From + 1>(row), to + From);
      Edge<From + 1, To>::run(row, to);
    }
  };
  template <int To>
  struct Edge<To, To> {
    static inline void run(const int8_t*, uint32_t*) {}
  };

  // row: where column 0 of the chunk is or would be.
  static inline void run(const int8_t* row, uint32_t* to) {
    Edge<0, head>::run(row, to);
    const int8_t* from = row + 2 * head * static_cast<index_t>(P::in_c);
    for (int i = head; i < tail; ++i) {
      store_pairs<Plane>(dsp::load_bytes(from), dsp::load_bytes(from + P::in_c), to + i);
      from += 2 * static_cast<index_t>(P::in_c);
    }
    Edge<tail, Words>::run(row, to);
  }
};

// A row of a channel's filter, and the filter, in registers.
struct DepthwiseFilterRow {
  uint32_t w01, w12;

  [[gnu::always_inline]] inline void load(const uint32_t*& weights, const int8_t*) {
    const uint32_t w = dsp::load_one(weights), even = dsp::even_bytes(w), odd = dsp::odd_bytes(w);
    w01 = dsp::low_halves(even, odd);
    w12 = dsp::low_and_high(odd, even);
  }
  [[gnu::always_inline]] inline void load(const uint32_t*& weights, const int16_t*) {
    dsp::load_two(w01, w12, weights);
  }
};

struct DepthwiseFilter {
  DepthwiseFilterRow top, middle, bottom;

  template <class T>
  [[gnu::always_inline]] inline void load(const T* weights) {
    const uint32_t* w = static_cast<const uint32_t*>(static_cast<const void*>(weights));
    top.load(w, weights);
    middle.load(w, weights);
    bottom.load(w, weights);
  }
};

// Outputs [I, N) of one channel. plane: its three rows, Words apart.
template <class P, int Words, int I, int N>
struct DepthwiseOutputs {
  typedef typename P::out_t T;
  typedef typename ScaleType<P>::type scale_t;
  typedef Finish<P, T> Last;
  static constexpr int step = P::stride_w == 1 ? 2 : 1;

  template <int Row>
  [[gnu::always_inline]] static inline void row(const uint32_t* plane, const DepthwiseFilterRow& f, int32_t& a,
                                                int32_t& b) {
    uint32_t x01, x23;
    dsp::load_two_at<4 * (Row * Words + I / step)>(x01, x23, plane);
    a = dsp::dual_add(x01, f.w01, a);
    a = dsp::add_lh(x23, f.w12, a);
    if (step == 1 || I + 1 >= N) return;
    b = dsp::add_hl(x01, f.w01, b);
    b = dsp::dual_add(x23, f.w12, b);
  }
  [[gnu::always_inline]] static inline void run(const uint32_t* plane, const DepthwiseFilter& f, int32_t bias,
                                                scale_t scale, T* out) {
    int32_t a = bias, b = bias;
    row<0>(plane, f.top, a, b);
    row<1>(plane, f.middle, a, b);
    row<2>(plane, f.bottom, a, b);
    out[I * static_cast<index_t>(P::in_c)] = Last::run(a, scale);
    if (step == 2 && I + 1 < N) out[(I + 1) * static_cast<index_t>(P::in_c)] = Last::run(b, scale);
    DepthwiseOutputs<P, Words, (I + step < N ? I + step : N), N>::run(plane, f, bias, scale, out);
  }
};
template <class P, int Words, int N>
struct DepthwiseOutputs<P, Words, N, N> {
  static inline void run(const uint32_t*, const DepthwiseFilter&, int32_t, typename ScaleType<P>::type,
                         typename P::out_t*) {}
};

// N outputs of one channel. A function of its own: its filter, sums and pointers need all 14 registers, and the
// caller's would be pushed out one by one.
template <class P, int Words, int N>
[[gnu::noinline]] void depthwise_channel(const uint32_t* plane, const typename P::weight_t* weights, int32_t bias,
                                         typename P::out_t* out, typename ScaleType<P>::type scale) {
  DepthwiseFilter filter;
  filter.load(weights);
  DepthwiseOutputs<P, Words, 0, N>::run(plane, filter, bias, scale, out);
}

template <class P>
struct DepthwiseDsp {
  typedef DepthwiseChunks<P> C;
  typedef typename P::weight_t weight_t;
  typedef typename P::out_t out_t;
  typedef typename ScaleType<P>::type scale_t;

  // N outputs from x on of four channels from `first` on, of which those from `live` on are wanted.
  template <int N, int Left, int Right>
  [[gnu::always_inline]] static inline void chunk(const int8_t* const* rows, index_t x, index_t first, index_t live, const weight_t* weights,
                           const int32_t* bias, const scale_t* scales, out_t* out) {
    constexpr int kWords = C::words(N), kPlane = 3 * kWords;
    uint32_t planes[4 * kPlane];
    const index_t from = window_start<P>(x) * P::in_c + first;
    for (int ky = 0; ky < 3; ++ky) {
      uint32_t* const to = planes + ky * kWords;
      if (rows[ky] == nullptr) {
        DepthwisePlanes<P, kPlane, kWords, 2 * kWords, 0>::run(nullptr, to);
      } else {
        DepthwisePlanes<P, kPlane, kWords, Left, Right>::run(rows[ky] + from, to);
      }
    }
    out += x * static_cast<index_t>(P::in_c);
    for (index_t c = live; c < 4; ++c) {
      const index_t channel = first + c;
      depthwise_channel<P, kWords, N>(planes + c * kPlane, weights + 12 * channel, bias[channel], out + channel,
                                      Scale<P, out_t>::of(scales, channel));
    }
  }

  // Not inlined: see Conv2dS8::group_row.
  [[gnu::noinline]] static void run(const int8_t* const* rows, const weight_t* weights, const int32_t* bias,
                                    const scale_t* scales, out_t* out) {
    constexpr int kMost = C::most, kLast = C::last, kFrom = (C::count - 1) * kMost;
    constexpr int kBeyond = C::beyond(kFrom, kLast);
    for (index_t c = 0; c < P::in_c; c += 4) {
      const index_t first = minimum<index_t>(c, P::in_c - 4);
      if (C::count > 1) chunk<kMost, P::pad_left, 0>(rows, 0, first, c - first, weights, bias, scales, out);
      for (index_t x = kMost; x < kFrom; x += kMost)
        chunk<kMost, 0, 0>(rows, x, first, c - first, weights, bias, scales, out);
      chunk<kLast, (C::count > 1 ? 0 : P::pad_left), kBeyond>(rows, kFrom, first, c - first, weights, bias, scales, out);
    }
  }
};

#endif  // NETSUKE_DSP

}  // namespace netsuke

#endif  // NETSUKE_ARCH_DEPTHWISE_DSP_S8_HPP
