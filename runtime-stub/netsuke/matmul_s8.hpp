// Batched integer matrix product of two operands that are computed at run time.
//
//   a: matrices [m][k]   b: matrices [k][n]   out [batch_0]..[batch_3][m][n], dense
//   acc = sum over l of (a[i][l] - a_zero) * (b[l][j] - b_zero)
//   out = clamp(out_zero + floor((acc * multiplier + 2^(shift-1)) / 2^shift), out_min, out_max)
//
// P: A, B (int8_t or int16_t), out_t (int8_t, int16_t; int32_t: acc; float: act(acc * scale), P::scale a float);
// batch_0 .. batch_3, a_stride_*, b_stride_* and m, n: matrices.hpp; k; a_rom, b_rom; a_zero, b_zero,
// multiplier, shift, out_zero, out_min, out_max. out must overlap neither a nor b. The sum of a matrix times a
// constant matrix is dense_s8's work.
#ifndef NETSUKE_MATMUL_S8_HPP
#define NETSUKE_MATMUL_S8_HPP

#include "core.hpp"
#include "matrices.hpp"
#include "requantise.hpp"

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
template <class P>
inline int32_t matmul_sum(const typename P::A* a, const typename P::B* b) {
  int32_t sum = 0;
  for (index_t l = 0; l < P::k; ++l) {
    const int32_t x = read<P::a_rom>(a + l) - static_cast<int32_t>(P::a_zero);
    const int32_t y = read<P::b_rom>(b + l * P::n) - static_cast<int32_t>(P::b_zero);
    sum += x * y;
  }
  return sum;
}

template <class P>
struct MatmulS8 {
  typedef typename P::out_t out_t;
  inline void operator()(const typename P::A* a, const typename P::B* b, out_t* out) const {
    for (index_t i = 0; i < P::m; ++i) {
      for (index_t j = 0; j < P::n; ++j)
        *out++ = Finish<P, out_t>::run(matmul_sum<P>(a, b + j), MatmulScale<P, out_t>::value());
      a += P::k;
    }
  }
};

template <class P>
inline void matmul_s8(const typename P::A* a, const typename P::B* b, typename P::out_t* out) {
  for_matrices<P>(a, b, out, MatmulS8<P>());
}

}  // namespace netsuke

#endif  // NETSUKE_MATMUL_S8_HPP
