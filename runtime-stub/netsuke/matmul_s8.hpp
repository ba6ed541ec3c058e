// Batched integer matrix product of two operands that are computed at run time.
//
//   a: matrices [m][k]   b: matrices [k][n]   out [batch_0]..[batch_3][m][n], dense
//   acc = sum over l of (a[i][l] - a_zero) * (b[l][j] - b_zero)
//   out = clamp(out_zero + floor((acc * multiplier + 2^(shift-1)) / 2^shift), out_min, out_max)
//
// P: A, B (int8_t or int16_t), out_t (int8_t, int16_t; int32_t: acc; float: act(acc * scale), P::scale a float);
// batch_0 .. batch_3, a_stride_*, b_stride_* and m, n, k as in matmul_f32.hpp; a_rom, b_rom; a_zero, b_zero,
// multiplier, shift, out_zero, out_min, out_max. out must overlap neither a nor b. The sum of a matrix times a
// constant matrix is dense_s8's work.
#ifndef NETSUKE_MATMUL_S8_HPP
#define NETSUKE_MATMUL_S8_HPP

#include "core.hpp"
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
inline void matmul_one_s8(const typename P::A* a, const typename P::B* b, typename P::out_t* out) {
  typedef typename P::out_t T;
  for (index_t i = 0; i < P::m; ++i) {
    for (index_t j = 0; j < P::n; ++j)
      *out++ = Finish<P, T>::run(matmul_sum<P>(a, b + j), MatmulScale<P, T>::value());
    a += P::k;
  }
}

template <class P>
inline void matmul_s8(const typename P::A* a, const typename P::B* b, typename P::out_t* out) {
  constexpr index_t kA0 = P::a_stride_0, kA1 = P::a_stride_1, kA2 = P::a_stride_2, kA3 = P::a_stride_3;
  constexpr index_t kB0 = P::b_stride_0, kB1 = P::b_stride_1, kB2 = P::b_stride_2, kB3 = P::b_stride_3;
  for (index_t i = 0; i < P::batch_0; ++i) {
    for (index_t j = 0; j < P::batch_1; ++j) {
      for (index_t k = 0; k < P::batch_2; ++k) {
        for (index_t l = 0; l < P::batch_3; ++l) {
          matmul_one_s8<P>(a + i * kA0 + j * kA1 + k * kA2 + l * kA3, b + i * kB0 + j * kB1 + k * kB2 + l * kB3,
                           out);
          out += static_cast<index_t>(P::m) * P::n;
        }
      }
    }
  }
}

}  // namespace netsuke

#endif  // NETSUKE_MATMUL_S8_HPP
