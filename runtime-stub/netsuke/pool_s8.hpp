// Max, average and global pooling on integers, NHWC.
//
//   in [batch][in_h][in_w][in_c]   out [batch][out_h][out_w][out_c = in_c] (global: [batch][in_c])
//
//   maximum  clamp(max over the taps inside, out_min, out_max); input and output share one grid
//   average  clamp(out_zero + round_half_even((sum - count * in_zero) * m / 2^shift), out_min, out_max)
//            where sum and count are of the taps inside; m = multipliers[divisor - 1], the divisor being count
//            or, with count_include_pad, the number of positions inside the padded input
//
// P: in_t, out_t (int8_t or int16_t; maxima: also uint8_t, and out_t == in_t); batch, in_h, in_w, in_c, out_h, out_w,
// kernel_h, kernel_w, stride_h, stride_w, pad_top, pad_left, dilation_h, dilation_w, out_min, out_max; averages
// also in_zero, out_zero, shift, count_include_pad, pad_bottom, pad_right. multipliers: kernel_h * kernel_w
// entries, one for each divisor. The global average has P::multiplier instead. The shape rules are those of
// pool_f32.hpp. Sums fit 32 bits for windows of up to 2^24 int8 values. in and out must not overlap.
#ifndef NETSUKE_POOL_S8_HPP
#define NETSUKE_POOL_S8_HPP

#include "arch/elementwise_mve.hpp"
#include "core.hpp"
#include "requantise.hpp"
#include "window.hpp"

namespace netsuke {

// The columns of a window that lie inside, as elements of a row.
template <class P>
struct PoolColumns {
  index_t start, count, offset;
  explicit PoolColumns(index_t x) : start(window_start<P>(x)), count(0), offset(0) {
    const index_t first = first_tap(start, P::kernel_w, P::dilation_w);
    count = end_tap(start, P::in_w, P::kernel_w, P::dilation_w) - first;
    offset = tap_offset<P>(start, first);
  }
};

template <class T>
inline T lowest_of() {
  return static_cast<T>(static_cast<T>(-1) > static_cast<T>(0) ? 0 : sizeof(T) == 1 ? -128 : -32768);
}

template <class P, class T>
inline T max_of_window(const T* const* rows, index_t offset, index_t columns) {
  T result = lowest_of<T>();
  for (index_t ky = 0; ky < P::kernel_h; ++ky) {
    const T* x = rows[ky];
    if (x == nullptr) continue;
    x += offset;
    for (index_t kx = 0; kx < columns; ++kx) {
      result = *x > result ? *x : result;
      x += static_cast<index_t>(P::dilation_w) * P::in_c;
    }
  }
  return result;
}

template <class P>
inline int32_t sum_of_window(const typename P::in_t* const* rows, index_t offset, index_t columns) {
  int32_t sum = 0;
  for (index_t ky = 0; ky < P::kernel_h; ++ky) {
    const typename P::in_t* x = rows[ky];
    if (x == nullptr) continue;
    x += offset;
    for (index_t kx = 0; kx < columns; ++kx) {
      sum += *x;
      x += static_cast<index_t>(P::dilation_w) * P::in_c;
    }
  }
  return sum;
}

// All channels of one output.
template <class P, class T>
inline void max_pool2d_pixel(const T* const* rows, const PoolColumns<P>& columns, T* out) {
  for (index_t c = 0; c < P::in_c; ++c)
    out[c] = static_cast<T>(clamp_output<P>(max_of_window<P>(rows, columns.offset + c, columns.count)));
}
#if NETSUKE_MVE
template <class P>
inline void max_pool2d_pixel(const int8_t* const* rows, const PoolColumns<P>& columns, int8_t* out) {
  mve::max_window<P, P::kernel_h, static_cast<index_t>(P::dilation_w) * P::in_c, P::in_c>(rows, columns.offset,
                                                                                         columns.count, out);
}
#endif

// One output row; rows: kernel_h pointers to the input rows under it, null where there is padding.
template <class P>
inline void max_pool2d_s8_row(const typename P::in_t* const* rows, typename P::out_t* out_row) {
  for (index_t x = 0; x < P::out_w; ++x) {
    max_pool2d_pixel<P>(rows, PoolColumns<P>(x), out_row);
    out_row += P::in_c;
  }
}

// How many taps k < kernel satisfy start + k * dilation < end.
constexpr index_t taps_below(index_t start, index_t end, index_t kernel, index_t dilation) {
  return start >= end ? 0 : clamp_index(ceil_div(end - start, dilation), 0, kernel);
}

// How many of the kernel_h rows of output row y lie inside the padded input.
template <class P>
inline index_t avg_pool2d_s8_padded_rows(index_t y) {
  constexpr index_t kStride = P::stride_h, kPad = P::pad_top;
  return taps_below(y * kStride - kPad, P::in_h + P::pad_bottom, P::kernel_h, P::dilation_h);
}

// One output row; padded_rows is only read with count_include_pad.
template <class P>
inline void avg_pool2d_s8_row(const typename P::in_t* const* rows, index_t padded_rows,
                              const int32_t* multipliers, typename P::out_t* out_row) {
  index_t present = 0;
  for (index_t ky = 0; ky < P::kernel_h; ++ky) present += rows[ky] != nullptr ? 1 : 0;
  for (index_t x = 0; x < P::out_w; ++x) {
    const PoolColumns<P> columns(x);
    const index_t count = present * columns.count;
    const index_t padded = taps_below(columns.start, P::in_w + P::pad_right, P::kernel_w, P::dilation_w);
    const index_t divisor = P::count_include_pad ? padded_rows * padded : count;
    const int32_t m = rom(multipliers + divisor - 1);
    const int32_t zero = static_cast<int32_t>(count) * P::in_zero;
    for (index_t c = 0; c < P::in_c; ++c) {
      const int32_t sum = sum_of_window<P>(rows, columns.offset + c, columns.count);
      *out_row++ = static_cast<typename P::out_t>(requantise_half_even<P>(sum - zero, m));
    }
  }
}

template <class P>
inline void max_pool2d_s8(const typename P::in_t* in, typename P::out_t* out) {
  for (index_t image = 0; image < P::batch; ++image) {
    for (index_t y = 0; y < P::out_h; ++y) {
      const typename P::in_t* rows[P::kernel_h];
      window_rows<P>(in, y, rows);
      max_pool2d_s8_row<P>(rows, out);
      out += static_cast<index_t>(P::out_w) * P::in_c;
    }
    in += static_cast<index_t>(P::in_h) * P::in_w * P::in_c;
  }
}

template <class P>
inline void avg_pool2d_s8(const typename P::in_t* in, const int32_t* multipliers, typename P::out_t* out) {
  for (index_t image = 0; image < P::batch; ++image) {
    for (index_t y = 0; y < P::out_h; ++y) {
      const typename P::in_t* rows[P::kernel_h];
      window_rows<P>(in, y, rows);
      avg_pool2d_s8_row<P>(rows, avg_pool2d_s8_padded_rows<P>(y), multipliers, out);
      out += static_cast<index_t>(P::out_w) * P::in_c;
    }
    in += static_cast<index_t>(P::in_h) * P::in_w * P::in_c;
  }
}

// Global pools are running: begin, every row of the input once, end. P: batch, in_h, in_w, in_c and the above.
// The maximum needs no memory but its output.
template <class P>
inline void global_max_pool_s8_begin(typename P::out_t* out) {
  for (index_t c = 0; c < P::in_c; ++c) out[c] = lowest_of<typename P::out_t>();
}
template <class P>
inline void global_max_pool_s8_row(const typename P::in_t* row, typename P::out_t* out) {
  for (index_t c = 0; c < P::in_c; ++c) {
    typename P::out_t result = out[c];
    for (index_t i = 0; i < P::in_w; ++i) {
      const typename P::in_t x = row[i * P::in_c + c];
      result = x > result ? x : result;
    }
    out[c] = result;
  }
}
template <class P>
inline void global_max_pool_s8_end(typename P::out_t* out) {
  for (index_t c = 0; c < P::in_c; ++c) out[c] = static_cast<typename P::out_t>(clamp_output<P>(out[c]));
}

// Averages: sums [in_c].
template <class P>
inline void global_avg_pool_s8_begin(int32_t* sums) {
  for (index_t c = 0; c < P::in_c; ++c)
    sums[c] = -static_cast<int32_t>(P::in_zero) * P::in_h * P::in_w;
}
// The channels that vectors have not done.
template <class P, class T>
inline index_t global_avg_pool_vectors(const T*, int32_t*) {
  return 0;
}
#if NETSUKE_MVE
template <class P>
inline index_t global_avg_pool_vectors(const int8_t* row, int32_t* sums) {
  return mve::add_columns<P::in_w, P::in_c>(row, sums);
}
#endif
template <class P>
inline void global_avg_pool_s8_row(const typename P::in_t* row, int32_t* sums) {
  for (index_t c = global_avg_pool_vectors<P>(row, sums); c < P::in_c; ++c) {
    int32_t sum = sums[c];
    for (index_t i = 0; i < P::in_w; ++i) sum += row[i * P::in_c + c];
    sums[c] = sum;
  }
}
template <class P>
inline void global_avg_pool_s8_end(const int32_t* sums, typename P::out_t* out) {
  for (index_t c = 0; c < P::in_c; ++c)
    out[c] = static_cast<typename P::out_t>(requantise_half_even<P>(sums[c], P::multiplier));
}

template <class P>
inline void global_avg_pool_s8(const typename P::in_t* in, int32_t* sums, typename P::out_t* out) {
  for (index_t image = 0; image < P::batch; ++image) {
    global_avg_pool_s8_begin<P>(sums);
    for (index_t y = 0; y < P::in_h; ++y) {
      global_avg_pool_s8_row<P>(in, sums);
      in += static_cast<index_t>(P::in_w) * P::in_c;
    }
    global_avg_pool_s8_end<P>(sums, out);
    out += P::in_c;
  }
}

template <class P>
inline void global_max_pool_s8(const typename P::in_t* in, typename P::out_t* out) {
  for (index_t image = 0; image < P::batch; ++image) {
    global_max_pool_s8_begin<P>(out);
    for (index_t y = 0; y < P::in_h; ++y) {
      global_max_pool_s8_row<P>(in, out);
      in += static_cast<index_t>(P::in_w) * P::in_c;
    }
    global_max_pool_s8_end<P>(out);
    out += P::in_c;
  }
}

// The mean over the middle of [outer][axis][inner]; global average pooling of whole maps with outer = batch,
// axis = in_h * in_w, inner = in_c. P: in_t, out_t, outer, axis, inner, in_zero, out_zero, multiplier (of
// 1 / axis), shift, out_min, out_max.
template <class P>
inline void mean_s8(const typename P::in_t* in, typename P::out_t* out) {
  for (index_t o = 0; o < P::outer; ++o) {
    for (index_t i = 0; i < P::inner; ++i) {
      int32_t sum = -static_cast<int32_t>(P::in_zero) * P::axis;
      for (index_t a = 0; a < P::axis; ++a) sum += in[a * P::inner + i];
      *out++ = static_cast<typename P::out_t>(requantise_half_even<P>(sum, P::multiplier));
    }
    in += static_cast<index_t>(P::axis) * P::inner;
  }
}

}  // namespace netsuke

#endif  // NETSUKE_POOL_S8_HPP
