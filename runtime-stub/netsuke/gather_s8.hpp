// Copies the window of one output pixel, its borders filled with the input's zero point, so that the sums
// after it need not know about borders: a padding tap counts as 0 because the bias already has
// -in_zero * sum(w) in it.
//
// P: in_t, in_zero and the window's numbers, see conv2d_s8.hpp.
#ifndef NETSUKE_GATHER_S8_HPP
#define NETSUKE_GATHER_S8_HPP

#include <string.h>

#include "arch/mve.hpp"
#include "core.hpp"
#include "window.hpp"

namespace netsuke {

template <class T>
inline void fill_elements(T* to, index_t count, T value) {
  for (index_t i = 0; i < count; ++i) to[i] = value;
}

// Count elements.
template <index_t Count, class T>
[[gnu::always_inline]] inline void copy_elements(T* to, const T* from) {
  memcpy(to, from, static_cast<size_t>(Count) * sizeof(T));
}
#if NETSUKE_MVE
template <index_t Count>
[[gnu::always_inline]] inline void copy_elements(int8_t* to, const int8_t* from) {
  mve::copy<Count>(to, from);
}
#endif

// P without borders to the left and right: for rows that PaddedRows has copied.
template <class P>
struct WithoutBorders : P {
  static constexpr int32_t pad_left = 0;
  static constexpr int32_t in_w = (P::out_w - 1) * P::stride_w + (P::kernel_w - 1) * P::dilation_w + 1;
};

// Copies of the rows under an output row, with their borders. Pays where most windows touch a border.
template <class P>
struct PaddedRows {
  typedef typename P::in_t in_t;
  static constexpr int32_t span = WithoutBorders<P>::in_w;
  static constexpr bool pays = P::out_w <= 8 && (P::pad_left > 0 || P::in_w < span - P::pad_left) &&
                               P::kernel_h * span * P::in_c <= 256;
  // Columns that are copied; others are borders.
  static constexpr index_t copied = P::in_w < span - P::pad_left ? P::in_w : span - P::pad_left;
  in_t data[pays ? P::kernel_h * span * P::in_c : 1];
  const in_t* rows[P::kernel_h];

  explicit PaddedRows(const in_t* const* from) {
    constexpr index_t kC = P::in_c, kLeft = P::pad_left * kC, kRow = span * kC;
    in_t* to = data;
    for (index_t ky = 0; ky < P::kernel_h; ++ky) {
      rows[ky] = from[ky] == nullptr ? nullptr : to;
      if (from[ky] == nullptr) continue;
      fill_elements(to, kLeft, static_cast<in_t>(P::in_zero));
      copy_elements<copied * kC>(to + kLeft, from[ky]);
      fill_elements(to + kLeft + copied * kC, kRow - kLeft - copied * kC, static_cast<in_t>(P::in_zero));
      to += kRow;
    }
  }
};

// Windows of Channels channels from `channel` on; rows: kernel_h input rows, null where there is padding.
template <class P, int32_t Channels>
struct GatherS8 {
  typedef typename P::in_t in_t;
  static constexpr index_t row_steps = static_cast<index_t>(P::kernel_w) * Channels;
  static constexpr index_t steps = static_cast<index_t>(P::kernel_h) * row_steps;
  // The taps of a kernel row are neighbours in memory.
  static constexpr bool one_run = P::kernel_w == 1 || (P::dilation_w == 1 && P::group == 1);
  static constexpr index_t begin = inner_begin(P::out_w, P::stride_w, P::pad_left);
  static constexpr index_t end =
      inner_end(P::in_w, P::out_w, P::kernel_w, P::stride_w, P::pad_left, P::dilation_w);

  static inline void inner_row(const in_t* from, in_t* to) {
    if (one_run) {
      copy_elements<row_steps>(to, from);
      return;
    }
    for (index_t k = 0; k < P::kernel_w; ++k) {
      copy_elements<Channels>(to, from);
      to += Channels;
      from += static_cast<index_t>(P::dilation_w) * P::in_c;
    }
  }

  static inline void border_row(const in_t* row, index_t start, in_t* to) {
    const index_t first = first_tap(start, P::kernel_w, P::dilation_w);
    const index_t last = end_tap(start, P::in_w, P::kernel_w, P::dilation_w);
    for (index_t k = 0; k < P::kernel_w; ++k) {
      if (k >= first && k < last) {
        copy_elements<Channels>(to, row + tap_offset<P>(start, k));
      } else {
        fill_elements(to, Channels, static_cast<in_t>(P::in_zero));
      }
      to += Channels;
    }
  }

  static inline void run(const in_t* const* rows, index_t x, index_t channel, in_t* to) {
    const index_t start = window_start<P>(x);
    const bool inner = x >= begin && x < end;
    for (index_t ky = 0; ky < P::kernel_h; ++ky) {
      if (rows[ky] == nullptr) {
        fill_elements(to, row_steps, static_cast<in_t>(P::in_zero));
      } else if (inner) {
        inner_row(rows[ky] + start * static_cast<index_t>(P::in_c) + channel, to);
      } else {
        border_row(rows[ky] + channel, start, to);
      }
      to += row_steps;
    }
  }
};

}  // namespace netsuke

#endif  // NETSUKE_GATHER_S8_HPP
