// Max, average and global pooling, float32, NHWC.
//
//   in [batch][in_h][in_w][in_c]   out [batch][out_h][out_w][in_c] (global: [batch][in_c])
//
// P: batch, in_h, in_w, in_c, out_h, out_w, kernel_h, kernel_w, stride_h, stride_w, pad_top, pad_left,
// dilation_h, dilation_w, act; avg_pool2d also count_include_pad, pad_bottom, pad_right. ceil_mode is
// expressed by out_h and out_w. Padding never wins a maximum. An average divides by the inputs inside the
// window or, with count_include_pad, by the positions inside the padded input, whose extent is pad_top + in_h
// + pad_bottom; what ceil_mode reaches beyond that is never counted. Sums run in the order ky, kx; max
// ignores NaN unless the first input of a window is one. in and out must not overlap.
#ifndef NETSUKE_POOL_F32_HPP
#define NETSUKE_POOL_F32_HPP

#include <math.h>

#include "core.hpp"
#include "window.hpp"

namespace netsuke {

struct MaxOf {
  static inline float combine(float a, float b) { return b > a ? b : a; }
  static inline float start() { return -INFINITY; }
};

struct SumOf {
  static inline float combine(float a, float b) { return a + b; }
  static inline float start() { return 0.0f; }
};

// Combines one channel of the columns [x, x + columns * step) of the rows that are not null.
template <class P, class Op>
inline float pool_window(const float* const* rows, index_t offset, index_t columns) {
  float result = Op::start();
  for (index_t ky = 0; ky < P::kernel_h; ++ky) {
    const float* x = rows[ky];
    if (x == nullptr) continue;
    x += offset;
    for (index_t kx = 0; kx < columns; ++kx) {
      result = Op::combine(result, *x);
      x += static_cast<index_t>(P::dilation_w) * P::in_c;
    }
  }
  return result;
}

// How many taps k < kernel satisfy start + k * dilation < end.
constexpr index_t taps_before(index_t start, index_t end, index_t kernel, index_t dilation) {
  return start >= end ? 0 : clamp_index(ceil_div(end - start, dilation), 0, kernel);
}

template <class P>
inline index_t rows_present(const float* const* rows) {
  index_t count = 0;
  for (index_t ky = 0; ky < P::kernel_h; ++ky) count += rows[ky] != nullptr ? 1 : 0;
  return count;
}

// One output row; rows: kernel_h pointers to the input rows under it, null where there is padding.
template <class P>
inline void max_pool2d_f32_row(const float* const* rows, float* out_row) {
  for (index_t x = 0; x < P::out_w; ++x) {
    const index_t start = window_start<P>(x);
    const index_t first = first_tap(start, P::kernel_w, P::dilation_w);
    const index_t columns = end_tap(start, P::in_w, P::kernel_w, P::dilation_w) - first;
    const index_t offset = tap_offset<P>(start, first);
    for (index_t c = 0; c < P::in_c; ++c) {
      *out_row++ = P::act(pool_window<P, MaxOf>(rows, offset + c, columns));
    }
  }
}

// One output row. padded_rows: how many of the kernel_h rows lie inside the padded input (only used with
// count_include_pad; see avg_pool2d_padded_rows).
template <class P>
inline void avg_pool2d_f32_row(const float* const* rows, index_t padded_rows, float* out_row) {
  const index_t count_h = P::count_include_pad ? padded_rows : rows_present<P>(rows);
  for (index_t x = 0; x < P::out_w; ++x) {
    const index_t start = window_start<P>(x);
    const index_t first = first_tap(start, P::kernel_w, P::dilation_w);
    const index_t columns = end_tap(start, P::in_w, P::kernel_w, P::dilation_w) - first;
    const index_t offset = tap_offset<P>(start, first);
    const index_t count_w = P::count_include_pad
                                ? taps_before(start, P::in_w + P::pad_right, P::kernel_w, P::dilation_w)
                                : columns;
    const float scale = 1.0f / static_cast<float>(count_h * count_w);
    for (index_t c = 0; c < P::in_c; ++c) {
      *out_row++ = P::act(pool_window<P, SumOf>(rows, offset + c, columns) * scale);
    }
  }
}

template <class P>
inline index_t avg_pool2d_padded_rows(index_t y) {
  constexpr index_t kStride = P::stride_h, kPad = P::pad_top;
  return taps_before(y * kStride - kPad, P::in_h + P::pad_bottom, P::kernel_h, P::dilation_h);
}

template <class P>
inline void max_pool2d_f32(const float* in, float* out) {
  for (index_t image = 0; image < P::batch; ++image) {
    for (index_t y = 0; y < P::out_h; ++y) {
      const float* rows[P::kernel_h];
      window_rows<P>(in, y, rows);
      max_pool2d_f32_row<P>(rows, out);
      out += static_cast<index_t>(P::out_w) * P::in_c;
    }
    in += static_cast<index_t>(P::in_h) * P::in_w * P::in_c;
  }
}

template <class P>
inline void avg_pool2d_f32(const float* in, float* out) {
  for (index_t image = 0; image < P::batch; ++image) {
    for (index_t y = 0; y < P::out_h; ++y) {
      const float* rows[P::kernel_h];
      window_rows<P>(in, y, rows);
      avg_pool2d_f32_row<P>(rows, avg_pool2d_padded_rows<P>(y), out);
      out += static_cast<index_t>(P::out_w) * P::in_c;
    }
    in += static_cast<index_t>(P::in_h) * P::in_w * P::in_c;
  }
}

// Global pools are running: begin, every row of the input once, end. P: batch, in_h, in_w, in_c, act.
// sums [in_c] holds the result so far and, after the end, the result.
template <class P, class Op>
inline void global_pool_begin(float* sums) {
  for (index_t c = 0; c < P::in_c; ++c) sums[c] = Op::start();
}

template <class P, class Op>
inline void global_pool_row(const float* row, float* sums) {
  for (index_t c = 0; c < P::in_c; ++c) {
    float result = sums[c];
    const float* x = row + c;
    for (index_t i = 0; i < P::in_w; ++i) {
      result = Op::combine(result, *x);
      x += P::in_c;
    }
    sums[c] = result;
  }
}

template <class P>
inline void global_max_pool_f32_begin(float* sums) {
  global_pool_begin<P, MaxOf>(sums);
}
template <class P>
inline void global_max_pool_f32_row(const float* row, float* sums) {
  global_pool_row<P, MaxOf>(row, sums);
}
template <class P>
inline void global_max_pool_f32_end(float* sums) {
  for (index_t c = 0; c < P::in_c; ++c) sums[c] = P::act(sums[c]);
}

template <class P>
inline void global_avg_pool_f32_begin(float* sums) {
  global_pool_begin<P, SumOf>(sums);
}
template <class P>
inline void global_avg_pool_f32_row(const float* row, float* sums) {
  global_pool_row<P, SumOf>(row, sums);
}
template <class P>
inline void global_avg_pool_f32_end(float* sums) {
  constexpr float kScale = 1.0f / (static_cast<float>(P::in_h) * static_cast<float>(P::in_w));
  for (index_t c = 0; c < P::in_c; ++c) sums[c] = P::act(sums[c] * kScale);
}

template <class P>
inline void global_max_pool_f32(const float* in, float* out) {
  for (index_t image = 0; image < P::batch; ++image) {
    global_max_pool_f32_begin<P>(out);
    for (index_t y = 0; y < P::in_h; ++y) {
      global_max_pool_f32_row<P>(in, out);
      in += static_cast<index_t>(P::in_w) * P::in_c;
    }
    global_max_pool_f32_end<P>(out);
    out += P::in_c;
  }
}

template <class P>
inline void global_avg_pool_f32(const float* in, float* out) {
  for (index_t image = 0; image < P::batch; ++image) {
    global_avg_pool_f32_begin<P>(out);
    for (index_t y = 0; y < P::in_h; ++y) {
      global_avg_pool_f32_row<P>(in, out);
      in += static_cast<index_t>(P::in_w) * P::in_c;
    }
    global_avg_pool_f32_end<P>(out);
    out += P::in_c;
  }
}

}  // namespace netsuke

#endif  // NETSUKE_POOL_F32_HPP
