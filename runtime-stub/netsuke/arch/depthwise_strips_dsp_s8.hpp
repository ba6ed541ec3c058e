// depthwise_s8.hpp for Armv7E-M over whole maps: 3x3 kernels, strides 1 or 2, no dilation.
//
// Four channels at a time, and up to 16 output columns (8 with stride 2), a map is walked through from top to bottom in
// strips of two output rows (one with stride 2). Two input rows at a time become one plane of int16 pairs for each
// channel, a pair being two values of one column; a strip reads four rows: the newer pair of rows, and the older one
// that the strip above has left. So every input is transposed once. The two pairs of a column lie side by side and take
// turns in being the newer one; borders are the zero point, written once. One LDRD and four multiplies then are a
// column of the kernel for two outputs:
//
//   pairs (x0 x1) (x2 x3), weights w01 = (w0 w1), w12 = (w1 w2)
//   upper output: x0 w0 + x1 w1 (dual), x2 w2 (low * high)     lower: x1 w0 (high * low), x2 w1 + x3 w2 (dual)
//
// Stack: 4 channels * 18 columns * 2 words = 576 bytes. Row by row, see depthwise_dsp_s8.hpp.
#ifndef NETSUKE_ARCH_DEPTHWISE_STRIPS_DSP_S8_HPP
#define NETSUKE_ARCH_DEPTHWISE_STRIPS_DSP_S8_HPP

#include "depthwise_dsp_s8.hpp"

namespace netsuke {

template <class P, class In = typename P::in_t>
struct UsesDspStrips {
  static constexpr bool value = false;
};

#if NETSUKE_DSP

template <class P>
struct UsesDspStrips<P, int8_t> {
  static constexpr bool value = (P::layout == kLayoutRows || P::layout == kLayoutPairs) && P::in_c >= 4 &&
                                (P::stride_h == 1 || P::stride_h == 2) && (P::stride_w == 1 || P::stride_w == 2) &&
                                P::dilation_h == 1 && P::dilation_w == 1;
};

// The largest divisor of n from `most` down to 6, or 0.
constexpr int good_divisor(int n, int most) {
  return most < 6 ? 0 : (n % most == 0 ? most : good_divisor(n, most - 1));
}

// The numbers of a map cut into chunks of columns, and strips.
template <class P>
struct DepthwiseStrips {
  // Output rows of a strip: its input rows are 2 more than the strip before had.
  static constexpr int rows = P::stride_h == 1 ? 2 : 1;
  static constexpr index_t strips = ceil_div(P::out_h, rows);
  // Output columns of a chunk; the last chunk may begin inside the one before.
  static constexpr int most = P::stride_w == 1 ? 16 : 8;
  static constexpr int chunks = static_cast<int>(ceil_div(P::out_w, most));
  static constexpr int divisor = good_divisor(static_cast<int>(P::out_w), most);
  static constexpr int width = divisor > 0 ? divisor : static_cast<int>(ceil_div(P::out_w, chunks));
  // Input columns under them, and words of a plane.
  static constexpr int columns = (width - 1) * P::stride_w + 3;
  static constexpr int plane = 2 * columns;
  // Outputs that are written out before the loop turns.
#if defined(__OPTIMIZE_SIZE__)
  static constexpr int turn = 1;
#else
  static constexpr int turn = width <= 6 ? width : (width % 4 == 0 ? 4 : (width % 3 == 0 ? 3 : (width % 2 == 0 ? 2 : 1)));
#endif
};

// The filter of a channel by columns, from where it lies by rows.
struct DepthwiseColumns {
  DepthwiseFilterRow left, middle, right;

  [[gnu::always_inline]] inline void load(const int8_t* weights) {
    const uint32_t* w = static_cast<const uint32_t*>(static_cast<const void*>(weights));
    const uint32_t a = dsp::load_one(w), b = dsp::load_one(w), c = dsp::load_one(w);
    outer(dsp::even_bytes(a), dsp::even_bytes(b), dsp::even_bytes(c));
    const uint32_t m = dsp::odd_bytes(b);
    middle = {dsp::low_halves(dsp::odd_bytes(a), m), dsp::low_halves(m, dsp::odd_bytes(c))};
  }
  [[gnu::always_inline]] inline void load(const int16_t* weights) {
    const uint32_t* w = static_cast<const uint32_t*>(static_cast<const void*>(weights));
    uint32_t a01, a12, b01, b12, c01, c12;
    dsp::load_two(a01, a12, w);
    dsp::load_two(b01, b12, w);
    dsp::load_two(c01, c12, w);
    left = {dsp::low_halves(a01, b01), dsp::low_halves(b01, c01)};
    middle = {dsp::high_halves(a01, b01), dsp::high_halves(b01, c01)};
    right = {dsp::high_halves(a12, b12), dsp::high_halves(b12, c12)};
  }

 private:
  // Pairs of the first and the third weight of each row.
  [[gnu::always_inline]] inline void outer(uint32_t a, uint32_t b, uint32_t c) {
    left = {dsp::low_halves(a, b), dsp::low_halves(b, c)};
    right = {dsp::high_halves(a, b), dsp::high_halves(b, c)};
  }
};

// Outputs [I, N) of one channel of a strip of Rows rows. Swapped: the older pairs are the second ones.
template <class P, bool Swapped, int Rows, int I, int N>
struct DepthwiseStripOutputs {
  typedef typename P::out_t T;
  typedef typename ScaleType<P>::type scale_t;

  template <int Column>
  [[gnu::always_inline]] static inline void column(const uint32_t* plane, const DepthwiseFilterRow& f, int32_t& a,
                                                   int32_t& b) {
    uint32_t older, newer;
    dsp::load_two_at<8 * (I * P::stride_w + Column)>(Swapped ? newer : older, Swapped ? older : newer, plane);
    a = dsp::dual_add(older, f.w01, a);
    a = dsp::add_lh(newer, f.w12, a);
    if (Rows == 1) return;
    b = dsp::add_hl(older, f.w01, b);
    b = dsp::dual_add(newer, f.w12, b);
  }
  [[gnu::always_inline]] static inline void run(const uint32_t* plane, const DepthwiseColumns& f, int32_t bias,
                                                scale_t scale, T* out) {
    constexpr index_t kRow = static_cast<index_t>(P::out_w) * P::in_c, kAt = I * static_cast<index_t>(P::in_c);
    int32_t a = bias, b = bias;
    column<0>(plane, f.left, a, b);
    column<1>(plane, f.middle, a, b);
    column<2>(plane, f.right, a, b);
    out[kAt] = Finish<P, T>::run(a, scale);
    if (Rows == 2) out[kAt + kRow] = Finish<P, T>::run(b, scale);
    DepthwiseStripOutputs<P, Swapped, Rows, I + 1, N>::run(plane, f, bias, scale, out);
  }
};
template <class P, bool Swapped, int Rows, int N>
struct DepthwiseStripOutputs<P, Swapped, Rows, N, N> {
  static inline void run(const uint32_t*, const DepthwiseColumns&, int32_t, typename ScaleType<P>::type,
                         typename P::out_t*) {}
};

// One channel of one chunk of a strip. A function of its own, see depthwise_channel.
template <class P, bool Swapped, int Rows>
[[gnu::noinline]] void depthwise_strip(const uint32_t* plane, const typename P::weight_t* weights, int32_t bias,
                                       typename P::out_t* out, typename ScaleType<P>::type scale) {
  typedef DepthwiseStrips<P> S;
  DepthwiseColumns filter;
  filter.load(weights);
  const uint32_t* const end = plane + 2 * S::width * P::stride_w;
  do {
    DepthwiseStripOutputs<P, Swapped, Rows, 0, S::turn>::run(plane, filter, bias, scale, out);
    plane += 2 * S::turn * P::stride_w;
    out += S::turn * static_cast<index_t>(P::in_c);
  } while (S::turn < S::width && plane != dsp::fetch(end));
}

template <class P>
struct DepthwiseMapDsp {
  typedef DepthwiseStrips<P> S;
  typedef typename P::weight_t weight_t;
  typedef typename P::out_t out_t;
  typedef typename ScaleType<P>::type scale_t;
  typedef void Strip(const uint32_t* plane, const weight_t*, int32_t bias, out_t*, scale_t);
  static constexpr index_t channels = P::in_c;

  // Count columns of two rows of four channels, null where there is padding, to every second word of their planes.
  static inline void transpose(const int8_t* top, const int8_t* bottom, index_t count, uint32_t* to) {
    constexpr uint32_t kZeros = static_cast<uint32_t>(P::in_zero & 0xff) * 0x01010101u;
    if (top != nullptr && bottom != nullptr) {
      for (index_t i = 0; i < count; ++i) {
        store_pairs<S::plane>(dsp::load_bytes(top), dsp::load_bytes(bottom), to);
        top += channels;
        bottom += channels;
        to += 2;
      }
      return;
    }
    for (index_t i = 0; i < count * channels; i += channels) {
      store_pairs<S::plane>(top == nullptr ? kZeros : dsp::load_bytes(top + i),
                            bottom == nullptr ? kZeros : dsp::load_bytes(bottom + i), to);
      to += 2;
    }
  }
  // Columns [from, to) of four planes.
  static inline void borders(uint32_t* planes, index_t from, index_t to) {
    for (index_t plane = 0; plane < 4 * S::plane; plane += S::plane) {
      for (index_t i = 2 * from; i < 2 * to; ++i)
        planes[plane + i] = static_cast<uint32_t>(P::in_zero & 0xffff) * 0x10001u;
    }
  }

  static inline Strip* strip(index_t index) {
    if (P::out_h % S::rows == 1 && index == S::strips - 1) return depthwise_strip<P, S::strips % 2 == 0, 1>;
    return index % 2 == 0 ? depthwise_strip<P, false, S::rows> : depthwise_strip<P, true, S::rows>;
  }

  // The chunk from output column x on of the channels from `first` on, of which those from `live` on are wanted.
  static inline void chunk(const int8_t* in, index_t x, index_t first, index_t live, const weight_t* weights,
                           const int32_t* bias, const scale_t* scales, out_t* out) {
    constexpr index_t kInRow = static_cast<index_t>(P::in_w) * P::in_c, kOutRow = static_cast<index_t>(P::out_w) * P::in_c;
    uint32_t planes[4 * S::plane];
    const index_t start = window_start<P>(x), left = clamp_index(-start, 0, S::columns);
    const index_t right = clamp_index(static_cast<index_t>(P::in_w) - start, left, S::columns);
    borders(planes, 0, left);
    borders(planes, right, S::columns);
    in += (start + left) * channels + first;
    out += x * channels + first;
    for (index_t s = -1; s < S::strips; ++s) {
      const index_t row = 2 * s + 2 - P::pad_top;
      const int8_t* const top = row >= 0 && row < P::in_h ? in + row * kInRow : nullptr;
      const int8_t* const bottom = row + 1 >= 0 && row + 1 < P::in_h ? in + (row + 1) * kInRow : nullptr;
      transpose(top, bottom, right - left, planes + 2 * left + ((s + 1) & 1));
      if (s < 0) continue;
      Strip* const run = strip(s);
      for (index_t c = live; c < 4; ++c)
        run(planes + c * S::plane, weights + 12 * (first + c), bias[first + c], out + c, Scale<P, out_t>::of(scales, first + c));
      out += S::rows * kOutRow;
    }
  }

  // Not inlined: see Conv2dS8::group_row.
  [[gnu::noinline]] static void run(const int8_t* in, const weight_t* weights, const int32_t* bias,
                                    const scale_t* scales, out_t* out) {
    for (index_t c = 0; c < channels; c += 4) {
      const index_t first = minimum<index_t>(c, channels - 4);
      for (index_t x = 0; x < P::out_w; x += S::width)
        chunk(in, minimum<index_t>(x, static_cast<index_t>(P::out_w) - S::width), first, c - first, weights, bias, scales, out);
    }
  }
};

#endif  // NETSUKE_DSP

}  // namespace netsuke

#endif  // NETSUKE_ARCH_DEPTHWISE_STRIPS_DSP_S8_HPP
