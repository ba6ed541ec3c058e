// Which inputs reach an output of a transposed convolution.
#ifndef NETSUKE_WINDOW_TRANSPOSE_HPP
#define NETSUKE_WINDOW_TRANSPOSE_HPP

#include "core.hpp"
#include "window.hpp"

namespace netsuke {

// Does tap k of output o meet an input? distance: o + pad - k * dilation, the input's place times the stride.
constexpr bool tap_meets(index_t distance, index_t stride, index_t size) {
  return distance >= 0 && distance % stride == 0 && distance / stride < size;
}

template <class P>
constexpr index_t transpose_distance(index_t x, index_t kx) {
  return x + static_cast<index_t>(P::pad_left) - kx * static_cast<index_t>(P::dilation_w);
}

// Points rows[k] at the input row that reaches output row y through tap k, null if none does.
template <class P, class T>
inline void transpose_rows(const T* image, index_t y, const T** rows) {
  constexpr index_t kStride = P::stride_h, kPad = P::pad_top, kDilation = P::dilation_h;
  constexpr index_t kRow = P::in_w * P::in_c;
  for (index_t k = 0; k < P::kernel_h; ++k) {
    const index_t distance = y + kPad - k * kDilation;
    rows[k] = tap_meets(distance, kStride, P::in_h) ? image + distance / kStride * kRow : nullptr;
  }
}

}  // namespace netsuke

#endif  // NETSUKE_WINDOW_TRANSPOSE_HPP
