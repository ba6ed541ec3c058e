// table_s16<P>(in, table, out): any function of one int16 value, for P::count elements: a table of every 2^bits-th
// value and straight lines between them.
//
//   d = in - in_zero,  i = (d >> bits) - first,  f = d & (2^bits - 1)
//   out = (t[i] * (2^bits - f) + t[i+1] * f + 2^(bits+node_bits-1)) >> (bits + node_bits)
//
// The compiler computes the table and has tried all inputs. Segments i of the list `exact`, those with a kink in them,
// have all their values behind the nodes: 2^bits for each, in the list's order, times 2^node_bits.
//
// P: out_t (int8_t or int16_t), count, in_zero, bits, node_bits, first, nodes (their number), exact (Ints).
// in == out is allowed when out_t is int16_t.
#ifndef NETSUKE_TABLE_S16_HPP
#define NETSUKE_TABLE_S16_HPP

#include "core.hpp"

namespace netsuke {

// The segment i at distance f from its beginning; kBlock: which block of values is the next exact segment's.
template <class P, class Exact, int kBlock>
struct SegmentS16;

template <class P, int kBlock, int32_t kSegment, int32_t... kRest>
struct SegmentS16<P, Ints<kSegment, kRest...>, kBlock> {
  static inline int32_t run(const int16_t* table, index_t i, int16_t f) {
    constexpr index_t kValues = static_cast<index_t>(P::nodes) + (static_cast<index_t>(kBlock) << P::bits);
    if (i == static_cast<index_t>(kSegment)) return rom(table + (kValues + f)) >> P::node_bits;
    return SegmentS16<P, Ints<kRest...>, kBlock + 1>::run(table, i, f);
  }
};

template <class P, int kBlock>
struct SegmentS16<P, Ints<>, kBlock> {
  static inline int32_t run(const int16_t* table, index_t i, int16_t f) {
    constexpr int kShift = P::bits + P::node_bits;
    const int32_t left = static_cast<int32_t>(rom(table + i)) * static_cast<int16_t>((1 << P::bits) - f);
    const int32_t right = static_cast<int32_t>(rom(table + (i + 1))) * f;
    return (left + right + (static_cast<int32_t>(1) << (kShift - 1))) >> kShift;
  }
};

template <class P>
inline int32_t table_value_s16(const int16_t* table, int16_t in) {
  const int32_t d = static_cast<int32_t>(in) - static_cast<int32_t>(P::in_zero);
  const index_t i = static_cast<index_t>((d >> P::bits) - static_cast<int32_t>(P::first));
  return SegmentS16<P, typename P::exact, 0>::run(table, i, static_cast<int16_t>(d & ((1 << P::bits) - 1)));
}

template <class P>
inline void table_s16(const int16_t* in, const int16_t* table, typename P::out_t* out) {
  for (index_t i = 0; i < static_cast<index_t>(P::count); ++i)
    out[i] = static_cast<typename P::out_t>(table_value_s16<P>(table, in[i]));
}

}  // namespace netsuke

#endif  // NETSUKE_TABLE_S16_HPP
