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

// Of buffers for windows: a library's memcpy then moves words where the inputs are aligned, too.
#if defined(__AVR__)
constexpr size_t kWindowAlign = 1;
#else
constexpr size_t kWindowAlign = 4;
#endif

template <class T>
inline void fill_elements(T* to, index_t count, T value) {
  for (index_t i = 0; i < count; ++i) to[i] = value;
}

// Count elements.
template <index_t Count, class T>
[[gnu::always_inline]] inline void copy_elements(T* to, const T* from) {
  memcpy(to, from, static_cast<size_t>(Count) * sizeof(T));
}
#if defined(__riscv) || defined(__ARM_ARCH_6M__)
// Small C libraries copy byte by byte, 6 instructions for each. Here words where both sides allow them.
template <index_t kAt>
[[gnu::always_inline]] inline void copy_word(int8_t* to, const int8_t* from) {
  uint32_t word;
  __builtin_memcpy(&word, __builtin_assume_aligned(from + kAt, 4), 4);
  __builtin_memcpy(__builtin_assume_aligned(to + kAt, 4), &word, 4);
}
[[gnu::noinline, gnu::unused]] static void copy_bytes(int8_t* to, const int8_t* from, index_t count) {
  if (((reinterpret_cast<uintptr_t>(to) | reinterpret_cast<uintptr_t>(from)) & 3) == 0) {
    for (; count >= 16; count -= 16) {
      copy_word<0>(to, from);
      copy_word<4>(to, from);
      copy_word<8>(to, from);
      copy_word<12>(to, from);
      from += 16;
      to += 16;
    }
  }
  for (; count >= 4; count -= 4) {
    const int8_t a = from[0], b = from[1], c = from[2], d = from[3];
    to[0] = a, to[1] = b, to[2] = c, to[3] = d;
    from += 4;
    to += 4;
  }
  if (count > 0) to[0] = from[0];
  if (count > 1) to[1] = from[1];
  if (count > 2) to[2] = from[2];
}
template <index_t Count>
[[gnu::always_inline]] inline void copy_elements(int8_t* to, const int8_t* from) {
  if (Count < 16) {
    memcpy(to, from, static_cast<size_t>(Count));
  } else {
    copy_bytes(to, from, Count);
  }
}
#endif
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
