// Which taps of a window lie inside the input, along one axis (height or width).
//
// Output o looks at inputs o * stride - pad + k * dilation for k < kernel; those below 0 or not below `size`
// are padding. All functions are constexpr: with constant arguments they cost nothing.
#ifndef NETSUKE_WINDOW_HPP
#define NETSUKE_WINDOW_HPP

#include "core.hpp"

namespace netsuke {

constexpr index_t ceil_div(index_t a, index_t b) {
  return (a + b - 1) / b;
}

constexpr index_t maximum_of(index_t a, index_t b) {
  return a < b ? b : a;
}

constexpr index_t clamp_index(index_t x, index_t low, index_t high) {
  return x < low ? low : (x > high ? high : x);
}

// Taps inside: [first_tap, end_tap), for a window whose tap 0 is at input `start`. The range may be empty.
constexpr index_t first_tap(index_t start, index_t kernel, index_t dilation) {
  return start >= 0 ? 0 : clamp_index(ceil_div(-start, dilation), 0, kernel);
}

constexpr index_t end_tap(index_t start, index_t size, index_t kernel, index_t dilation) {
  return start >= size ? 0 : clamp_index(ceil_div(size - start, dilation), 0, kernel);
}

// Outputs whose windows lie wholly inside: [inner_begin, inner_end), the range may be empty.
constexpr index_t inner_begin(index_t out, index_t stride, index_t pad) {
  return pad <= 0 ? 0 : clamp_index(ceil_div(pad, stride), 0, out);
}

// slack: the largest o * stride whose last tap is still inside.
constexpr index_t inner_end_of(index_t out, index_t stride, index_t slack, index_t begin) {
  return slack < 0 ? begin : clamp_index(slack / stride + 1, begin, out);
}

constexpr index_t inner_end(index_t size, index_t out, index_t kernel, index_t stride, index_t pad,
                            index_t dilation) {
  return inner_end_of(out, stride, size - 1 - (kernel - 1) * dilation + pad, inner_begin(out, stride, pad));
}

// Input column of the first tap of output column x.
template <class P>
constexpr index_t window_start(index_t x) {
  return x * static_cast<index_t>(P::stride_w) - static_cast<index_t>(P::pad_left);
}

// Elements from the start of an input row to tap k of a window that starts at column `start`.
template <class P>
constexpr index_t tap_offset(index_t start, index_t k) {
  return (start + k * static_cast<index_t>(P::dilation_w)) * static_cast<index_t>(P::in_c);
}

// Points rows[k] at the input rows under output row y of one image, null where the row is padding.
template <class P, class T>
inline void window_rows(const T* image, index_t y, const T** rows) {
  constexpr index_t kStride = P::stride_h, kPad = P::pad_top, kDilation = P::dilation_h;
  constexpr index_t kRow = P::in_w * P::in_c;
  for (index_t k = 0; k < P::kernel_h; ++k) {
    const index_t row = y * kStride - kPad + k * kDilation;
    rows[k] = row < 0 || row >= P::in_h ? nullptr : image + row * kRow;
  }
}

}  // namespace netsuke

#endif  // NETSUKE_WINDOW_HPP
