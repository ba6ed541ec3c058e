// ConvInteger (NHWC) and MatMulInteger: exact int32 sums of 8-bit integers less zero points that are read at run time.
//
//   conv_integer    in [batch][in_h][in_w][in_c]   weights [out_c][kernel_h][kernel_w][in_c / group]   out [batch][out_h][out_w][out_c]
//                   out = sum of (x - a_zero) * (w - b_zero[o * b_zero_step]) over the taps inside the input
//   matmul_integer  a: matrices [m][k]   b: element (l, j) of a matrix at l * b_k_step + j * b_n_step   out [batch...][m][n]
//                   out = sum over l of (a[i][l] - a_zero[i * a_zero_step]) * (b[l][j] - b_zero[j * b_zero_step])
//
// P: A, B (int8_t or uint8_t): input and weights, or left and right side; a_has_zero, b_has_zero: without, the pointer
// is not read; a_zero_rom, b_zero_rom, a_zero_step, b_zero_step (0: one zero point for all). conv_integer: the window
// as conv2d_s8.hpp has it, out_c, group. matmul_integer: a_rom, b_rom, m, k, n, b_k_step, b_n_step, batch_0 .. batch_3,
// a_stride_*, b_stride_*: matrices.hpp. At most 33025 products make a sum. out must overlap no input.
#ifndef NETSUKE_INTEGER_PRODUCTS_HPP
#define NETSUKE_INTEGER_PRODUCTS_HPP

#include "core.hpp"
#include "matrices.hpp"
#include "window.hpp"

namespace netsuke {

template <class P>
inline int32_t left_zero(const typename P::A* zero, index_t i) {
  return P::a_has_zero ? read<P::a_zero_rom>(zero + i * static_cast<index_t>(P::a_zero_step)) : 0;
}

template <class P>
inline int32_t right_zero(const typename P::B* zero, index_t i) {
  return P::b_has_zero ? read<P::b_zero_rom>(zero + i * static_cast<index_t>(P::b_zero_step)) : 0;
}

template <class P>
inline int32_t conv_integer_sum(const typename P::A* const* rows, index_t x, index_t channel, const typename P::B* w,
                                int32_t a_zero, int32_t b_zero) {
  constexpr index_t kChannels = P::in_c / P::group;
  const index_t start = window_start<P>(x);
  int32_t sum = 0;
  for (index_t ky = 0; ky < P::kernel_h; ++ky) {
    for (index_t kx = 0; kx < P::kernel_w; ++kx) {
      const index_t column = start + kx * static_cast<index_t>(P::dilation_w);
      if (rows[ky] != nullptr && column >= 0 && column < P::in_w) {
        const typename P::A* p = rows[ky] + column * P::in_c + channel;
        for (index_t i = 0; i < kChannels; ++i) sum += (p[i] - a_zero) * (rom(w + i) - b_zero);
      }
      w += kChannels;
    }
  }
  return sum;
}

template <class P>
inline void conv_integer(const typename P::A* in, const typename P::B* weights, const typename P::A* a_zeros,
                         const typename P::B* b_zeros, int32_t* out) {
  constexpr index_t kChannels = P::in_c / P::group, kOutputs = P::out_c / P::group;
  constexpr index_t kFilter = static_cast<index_t>(P::kernel_h) * P::kernel_w * kChannels;
  const int32_t a_zero = left_zero<P>(a_zeros, 0);
  for (index_t image = 0; image < P::batch; ++image) {
    for (index_t y = 0; y < P::out_h; ++y) {
      const typename P::A* rows[P::kernel_h];
      window_rows<P>(in, y, rows);
      for (index_t x = 0; x < P::out_w; ++x) {
        for (index_t o = 0; o < P::out_c; ++o)
          *out++ = conv_integer_sum<P>(rows, x, o / kOutputs * kChannels, weights + o * kFilter, a_zero,
                                       right_zero<P>(b_zeros, o));
      }
    }
    in += static_cast<index_t>(P::in_h) * P::in_w * P::in_c;
  }
}

template <class P>
struct MatmulInteger {
  const typename P::A* a_zeros;
  const typename P::B* b_zeros;

  static inline int32_t product_sum(const typename P::A* a, const typename P::B* b, int32_t a_zero, int32_t b_zero) {
    int32_t sum = 0;
    for (index_t l = 0; l < P::k; ++l) {
      sum += (read<P::a_rom>(a + l) - a_zero) * (read<P::b_rom>(b) - b_zero);
      b += P::b_k_step;
    }
    return sum;
  }
  inline void operator()(const typename P::A* a, const typename P::B* b, int32_t* out) const {
    for (index_t i = 0; i < P::m; ++i) {
      const int32_t a_zero = left_zero<P>(a_zeros, i);
      for (index_t j = 0; j < P::n; ++j)
        *out++ = product_sum(a, b + j * static_cast<index_t>(P::b_n_step), a_zero, right_zero<P>(b_zeros, j));
      a += P::k;
    }
  }
};

template <class P>
inline void matmul_integer(const typename P::A* a, const typename P::B* b, const typename P::A* a_zeros,
                           const typename P::B* b_zeros, int32_t* out) {
  const MatmulInteger<P> one = {a_zeros, b_zeros};
  for_matrices<P>(a, b, out, one);
}

}  // namespace netsuke

#endif  // NETSUKE_INTEGER_PRODUCTS_HPP
