// Softmax over one axis on integers; no floating point on the target.
//
//   in, out [outer][axis][inner], normalised over the middle; the axis has at least one element
//   e[i] = table[max - in[i]], table[d] = round(exp(-in_scale * d) * 2^b), b = min(23, 31 - ceil(log2 axis)),
//   so that the sum of all e fits 32 bits
//   out = clamp(out_zero + floor((2 * e * numerator + sum * 2^f) / (sum * 2^(f+1))), out_min, out_max)
//   numerator = round(2^f / out_scale); f = 0 if 1 / out_scale is an integer, else 16
//
// P: out_t (int8_t or int16_t), outer, axis, inner, numerator, fraction_bits (f), out_zero, out_min, out_max.
// table: 256 entries. in == out is allowed when out_t is int8_t.
#ifndef NETSUKE_SOFTMAX_S8_HPP
#define NETSUKE_SOFTMAX_S8_HPP

#include "core.hpp"
#include "requantise.hpp"

namespace netsuke {

// e of an element that lies below the maximum.
template <class P>
struct SoftmaxS8 {
  typedef int8_t in_t;
  typedef int distance_t;
  typedef uint32_t sum_t;  // of all e
  static inline uint32_t term(const uint32_t* table, int distance) { return rom(table + distance); }
};

template <class P>
inline int32_t softmax_value_s8(uint32_t e, uint64_t sum) {
  const uint64_t numerator = static_cast<uint64_t>(e) * (2 * static_cast<uint32_t>(P::numerator));
  const uint64_t y = (numerator + (sum << P::fraction_bits)) / (sum << (P::fraction_bits + 1));
  return clamp_to<int32_t>(static_cast<int32_t>(y) + static_cast<int32_t>(P::out_zero),
                           static_cast<int32_t>(P::out_min), static_cast<int32_t>(P::out_max));
}

template <class P, class Terms>
inline void softmax_line(const typename Terms::in_t* in, const uint32_t* table, typename P::out_t* out) {
  typename Terms::in_t largest = in[0];
  for (index_t a = 1; a < P::axis; ++a) largest = maximum(largest, in[a * P::inner]);
  const typename Terms::distance_t max = largest;
  typename Terms::sum_t sum = 0;
  for (index_t a = 0; a < P::axis; ++a) sum += Terms::term(table, max - in[a * P::inner]);
  for (index_t a = 0; a < P::axis; ++a) {
    const uint32_t e = Terms::term(table, max - in[a * P::inner]);
    out[a * P::inner] = static_cast<typename P::out_t>(softmax_value_s8<P>(e, sum));
  }
}

template <class P, class Terms>
inline void softmax_lines(const typename Terms::in_t* in, const uint32_t* table, typename P::out_t* out) {
  constexpr index_t kSlice = static_cast<index_t>(P::axis) * P::inner;
  for (index_t o = 0; o < P::outer; ++o) {
    for (index_t i = 0; i < P::inner; ++i)
      softmax_line<P, Terms>(in + o * kSlice + i, table, out + o * kSlice + i);
  }
}

template <class P>
inline void softmax_s8(const int8_t* in, const uint32_t* table, typename P::out_t* out) {
  softmax_lines<P, SoftmaxS8<P> >(in, table, out);
}

}  // namespace netsuke

#endif  // NETSUKE_SOFTMAX_S8_HPP
