// regroup<P>(in, out, scratch): P::outer maps of P::rows rows become P::rows rows of P::outer parts:
//   out[r][o][i] = in[o][r][i] for r below P::rows, o below P::outer, i below P::inner
//
// P: type T, outer, rows, inner. out may be in: then every row is moved once, along the cycles of the permutation.
// scratch: inner * sizeof(T) bytes for one row, and a bit for each of outer * rows.
#ifndef NETSUKE_REGROUP_HPP
#define NETSUKE_REGROUP_HPP

#include <string.h>

#include "core.hpp"

namespace netsuke {

template <class P>
struct Regroup {
  // On AVR index_t has 16 bits, and so has the arena's size.
  static constexpr index_t kOuter = static_cast<index_t>(P::outer), kRows = static_cast<index_t>(P::rows);
  static constexpr index_t kInner = static_cast<index_t>(P::inner), kCount = kOuter * kRows;
  static constexpr size_t kBytes = static_cast<size_t>(P::inner) * sizeof(typename P::T);
  // Where the row comes from that belongs at place i.
  static inline index_t source(index_t i) { return i % kOuter * kRows + i / kOuter; }
};

template <class P>
inline void regroup_in_place(typename P::T* data, uint8_t* scratch) {
  typedef Regroup<P> R;
  uint8_t* const moved = scratch + R::kBytes;
  memset(moved, 0, (R::kCount + 7) / 8);
  for (index_t first = 0; first < R::kCount; ++first) {
    if (moved[first / 8] >> (first % 8) & 1) continue;
    memcpy(scratch, data + first * R::kInner, R::kBytes);
    index_t to = first;
    for (index_t from = R::source(to); from != first; to = from, from = R::source(to)) {
      memcpy(data + to * R::kInner, data + from * R::kInner, R::kBytes);
      moved[to / 8] = static_cast<uint8_t>(moved[to / 8] | 1 << (to % 8));
    }
    memcpy(data + to * R::kInner, scratch, R::kBytes);
    moved[to / 8] = static_cast<uint8_t>(moved[to / 8] | 1 << (to % 8));
  }
}

template <class P>
inline void regroup(const typename P::T* in, typename P::T* out, uint8_t* scratch) {
  typedef Regroup<P> R;
  if (in == out) return regroup_in_place<P>(out, scratch);
  for (index_t i = 0; i < R::kCount; ++i) memcpy(out + i * R::kInner, in + R::source(i) * R::kInner, R::kBytes);
}

}  // namespace netsuke

#endif  // NETSUKE_REGROUP_HPP
