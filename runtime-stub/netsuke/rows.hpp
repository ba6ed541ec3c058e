// Maps as rows, and rings of rows: what generated code needs to run calls row by row.
//
// Calls that rows flow through share a clock, the sweep. In each sweep every call whose turn it is makes one
// row; a ring keeps as many rows of a map as later turns still need.
#ifndef NETSUKE_ROWS_HPP
#define NETSUKE_ROWS_HPP

#include <string.h>

#include "core.hpp"

namespace netsuke {

// The turn of a call in sweep t, -1 if it has none: turn k comes in sweep kStart + k * kEvery.
template <index_t kStart, index_t kEvery, index_t kTurns>
inline index_t turn_in(index_t t) {
  const index_t since = t - kStart;
  if (since < 0 || since >= kTurns * kEvery) return -1;
  return since % kEvery == 0 ? since / kEvery : -1;
}

// As many rows as a stream may have, and the turn of a call in a stream: there is always another one.
constexpr index_t kEndless = static_cast<index_t>(1) << (8 * sizeof(index_t) - 2);

template <index_t kStart, index_t kEvery>
inline index_t endless_turn_in(index_t t) {
  const index_t since = t - kStart;
  return since >= 0 && since % kEvery == 0 ? since / kEvery : -1;
}

// kRows rows whose starts are kPitch elements apart; row i is where row i % kRing lies.
template <class T, index_t kRows, index_t kPitch, index_t kRing = kRows>
struct Rows {
  T* start;
  inline T* row(index_t i) const { return start + (kRing < kRows ? i % kRing : i) * kPitch; }
};

// The last kRows rows of a stream, oldest first: once it is full, all move up to make room for another one.
template <class T, index_t kRows, index_t kPitch>
struct SlidingRows {
  T* start;
  inline T* row(index_t i) const { return start + (i < kRows ? i : kRows - 1) * kPitch; }
  inline void make_room(index_t i) const {
    if (i >= kRows) memmove(start, start + kPitch, static_cast<size_t>((kRows - 1) * kPitch) * sizeof(T));
  }
};

// What a windowed kernel's row form takes: pointers to rows, null where there is padding.
template <class T, index_t kKernel>
struct RowWindow {
  const T* rows[kKernel];
  inline operator const T* const*() const { return rows; }
};

// The rows first, first + kDilation, ... as far as they lie inside the map.
template <index_t kKernel, index_t kDilation, class T, index_t kRows, index_t kPitch, index_t kRing>
inline RowWindow<T, kKernel> window(const Rows<T, kRows, kPitch, kRing>& map, index_t first) {
  RowWindow<T, kKernel> w;
  for (index_t k = 0; k < kKernel; ++k) {
    const index_t i = first + k * kDilation;
    w.rows[k] = i < 0 || i >= kRows ? nullptr : map.row(i);
  }
  return w;
}

}  // namespace netsuke

#endif  // NETSUKE_ROWS_HPP
