// table_s16<P>(in, lines, bends, out): any function of one int16 value, for P::count elements: pieces of parabolas.
//
//   d = in - in_zero;  i = (d >> bits) - first, the segment;  f = (d & (2^bits - 1)) - 2^(bits-1), from its middle
//   out = (lines[2i] + ((lines[2i+1] + bends[i] * f) >> 8) * f) >> 16
//
// The compiler has tried all inputs: the sum fits 32 bits (its parts may wrap around), and no result needs limits.
// Segments of the list `exact`, those with a kink in them, have all their results behind the bends: 2^bits each, in the
// list's order.
//
// P: out_t (int8_t or int16_t), count, in_zero, bits (at most 10), first, segments (their number), exact (Ints).
// in == out is allowed when out_t is int16_t.
#ifndef NETSUKE_TABLE_S16_HPP
#define NETSUKE_TABLE_S16_HPP

#include "core.hpp"

namespace netsuke {

// The value at distance f in segment i; kBlock: which block of results is the next exact segment's.
template <class P, class Exact, int kBlock>
struct SegmentS16;

template <class P, int kBlock, int32_t kSegment, int32_t... kRest>
struct SegmentS16<P, Ints<kSegment, kRest...>, kBlock> {
  static inline int32_t run(const int32_t* lines, const int16_t* bends, index_t i, int16_t f) {
    constexpr index_t kHalf = static_cast<index_t>(1) << (P::bits - 1);
    constexpr index_t kMiddle = static_cast<index_t>(P::segments) + (2 * kBlock + 1) * kHalf;
    if (i == static_cast<index_t>(kSegment)) return rom(bends + (kMiddle + f));
    return SegmentS16<P, Ints<kRest...>, kBlock + 1>::run(lines, bends, i, f);
  }
};

template <class P, int kBlock>
struct SegmentS16<P, Ints<>, kBlock> {
  static inline int32_t run(const int32_t* lines, const int16_t* bends, index_t i, int16_t f) {
    const int32_t slope = (rom(lines + (2 * i + 1)) + static_cast<int32_t>(rom(bends + i)) * f) >> 8;
    const uint32_t line = static_cast<uint32_t>(slope) * static_cast<uint32_t>(static_cast<int32_t>(f));
    return static_cast<int32_t>(static_cast<uint32_t>(rom(lines + 2 * i)) + line) >> 16;
  }
};

template <class P>
inline int32_t table_value_s16(const int32_t* lines, const int16_t* bends, int16_t in) {
  constexpr int32_t kSize = static_cast<int32_t>(1) << P::bits;
  const int32_t d = static_cast<int32_t>(in) - static_cast<int32_t>(P::in_zero);
  const index_t i = static_cast<index_t>((d >> P::bits) - static_cast<int32_t>(P::first));
  return SegmentS16<P, typename P::exact, 0>::run(lines, bends, i, static_cast<int16_t>((d & (kSize - 1)) - kSize / 2));
}

template <class P>
inline void table_s16(const int16_t* in, const int32_t* lines, const int16_t* bends, typename P::out_t* out) {
  for (index_t i = 0; i < static_cast<index_t>(P::count); ++i)
    out[i] = static_cast<typename P::out_t>(table_value_s16<P>(lines, bends, in[i]));
}

}  // namespace netsuke

#endif  // NETSUKE_TABLE_S16_HPP
