// Softmax over one axis of int16 values; no floating point on the target.
//
//   in, out [outer][axis][inner], normalised over the middle; the axis has at least one element
//   d = max - in[i];  e[i] = (table[d >> 8] * table[256 + (d & 255)] + 2^(61-bits)) >> (62 - bits)
//   table[k] = round(exp(-in_scale * 256 * k) * 2^31), table[256 + k] = round(exp(-in_scale * k) * 2^31), k < 256
//   bits = min(30, 46 - ceil(log2 axis)), so that the sum of all e is at most 2^46
//   out from e and their sum as in softmax_s8.hpp
//
// P: out_t (int8_t or int16_t), outer, axis, inner, bits, numerator (below 2^31), fraction_bits (f, at most 16),
// out_zero, out_min, out_max. table: 512 entries. in == out is allowed when out_t is int16_t.
#ifndef NETSUKE_SOFTMAX_S16_HPP
#define NETSUKE_SOFTMAX_S16_HPP

#include "core.hpp"
#include "softmax_s8.hpp"

namespace netsuke {

template <class P>
struct SoftmaxS16 {
  typedef int16_t in_t;
  typedef int32_t distance_t;
  typedef uint64_t sum_t;
  static inline uint32_t term(const uint32_t* table, int32_t distance) {
    const uint64_t product = static_cast<uint64_t>(rom(table + static_cast<index_t>(distance >> 8))) *
                             rom(table + static_cast<index_t>(256 + (distance & 255)));
    return static_cast<uint32_t>((product + (static_cast<uint64_t>(1) << (61 - P::bits))) >> (62 - P::bits));
  }
};

template <class P>
inline void softmax_s16(const int16_t* in, const uint32_t* table, typename P::out_t* out) {
  softmax_lines<P, SoftmaxS16<P> >(in, table, out);
}

}  // namespace netsuke

#endif  // NETSUKE_SOFTMAX_S16_HPP
