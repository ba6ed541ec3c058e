// Batched integer matrix product of two operands that are computed at run time.
//
//   a: matrices [m][k]   b: matrices [k][n]   out [batch_0]..[batch_3][m][n], dense
//   acc = sum over l of (a[i][l] - a_zero) * (b[l][j] - b_zero)
//   out = clamp(out_zero + floor((acc * multiplier + 2^(shift-1)) / 2^shift), out_min, out_max)
//
// P: A, B (int8_t or int16_t), out_t (int8_t, int16_t; int32_t: acc; float: act(acc * scale), P::scale a float);
// batch_0 .. batch_3, a_stride_*, b_stride_* and m, n: matrices.hpp; k; a_rom, b_rom; a_zero, b_zero,
// multiplier, shift, out_zero, out_min, out_max. out must overlap neither a nor b. The sum of a matrix times a
// constant matrix is dense_s8's work. matmul_s16 is the same for sums that need more than 32 bits, to int8_t or
// int16_t.
#ifndef NETSUKE_MATMUL_S8_HPP
#define NETSUKE_MATMUL_S8_HPP

#include "core.hpp"
#include "matrices.hpp"
#include "requantise.hpp"
#include "wide.hpp"

namespace netsuke {

template <class P, class T>
struct MatmulScale {
  static constexpr int32_t value() { return P::multiplier; }
};
template <class P>
struct MatmulScale<P, int32_t> {
  static constexpr int32_t value() { return 0; }
};
template <class P>
struct MatmulScale<P, float> {
  static constexpr float value() { return P::scale; }
};

// Zero points taken off at once: int8 becomes 9 bits, int16 17, so the factors need 16 and 32.
template <class P, class Sum>
inline Sum matmul_sum(const typename P::A* a, const typename P::B* b) {
  Sum sum = 0;
  for (index_t l = 0; l < P::k; ++l) {
    const int32_t x = read<P::a_rom>(a + l) - static_cast<int32_t>(P::a_zero);
    const int32_t y = read<P::b_rom>(b + l * P::n) - static_cast<int32_t>(P::b_zero);
    sum += static_cast<Sum>(x) * y;
  }
  return sum;
}

template <class P>
inline typename P::out_t matmul_finish(int32_t sum) {
  return Finish<P, typename P::out_t>::run(sum, MatmulScale<P, typename P::out_t>::value());
}
template <class P>
inline typename P::out_t matmul_finish(int64_t sum) {
  return static_cast<typename P::out_t>(requantise_s16<P>(sum, static_cast<int32_t>(P::multiplier)));
}

template <class P, class Sum>
struct MatmulS8 {
  inline void operator()(const typename P::A* a, const typename P::B* b, typename P::out_t* out) const {
    for (index_t i = 0; i < P::m; ++i) {
      for (index_t j = 0; j < P::n; ++j) *out++ = matmul_finish<P>(matmul_sum<P, Sum>(a, b + j));
      a += P::k;
    }
  }
};

template <class P>
inline void matmul_s8(const typename P::A* a, const typename P::B* b, typename P::out_t* out) {
  for_matrices<P>(a, b, out, MatmulS8<P, int32_t>());
}
template <class P>
inline void matmul_s16(const typename P::A* a, const typename P::B* b, typename P::out_t* out) {
  for_matrices<P>(a, b, out, MatmulS8<P, int64_t>());
}

}  // namespace netsuke

#endif  // NETSUKE_MATMUL_S8_HPP
