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
// a_stride_*, b_stride_* as in matmul_f32.hpp. At most 33025 products make a sum. out must overlap no input.
#ifndef NETSUKE_INTEGER_PRODUCTS_HPP
#define NETSUKE_INTEGER_PRODUCTS_HPP

#include "core.hpp"
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
inline void matmul_one_integer(const typename P::A* a, const typename P::B* b, const typename P::A* a_zeros,
                               const typename P::B* b_zeros, int32_t* out) {
  for (index_t i = 0; i < P::m; ++i) {
    const int32_t a_zero = left_zero<P>(a_zeros, i);
    for (index_t j = 0; j < P::n; ++j) {
      const int32_t b_zero = right_zero<P>(b_zeros, j);
      const typename P::B* p = b + j * static_cast<index_t>(P::b_n_step);
      int32_t sum = 0;
      for (index_t l = 0; l < P::k; ++l) {
        sum += (read<P::a_rom>(a + l) - a_zero) * (read<P::b_rom>(p) - b_zero);
        p += P::b_k_step;
      }
      *out++ = sum;
    }
    a += P::k;
  }
}

template <class P>
inline void matmul_integer(const typename P::A* a, const typename P::B* b, const typename P::A* a_zeros,
                           const typename P::B* b_zeros, int32_t* out) {
  constexpr index_t kA0 = P::a_stride_0, kA1 = P::a_stride_1, kA2 = P::a_stride_2, kA3 = P::a_stride_3;
  constexpr index_t kB0 = P::b_stride_0, kB1 = P::b_stride_1, kB2 = P::b_stride_2, kB3 = P::b_stride_3;
  for (index_t h = 0; h < P::batch_0; ++h) {
    for (index_t i = 0; i < P::batch_1; ++i) {
      for (index_t j = 0; j < P::batch_2; ++j) {
        for (index_t l = 0; l < P::batch_3; ++l) {
          matmul_one_integer<P>(a + h * kA0 + i * kA1 + j * kA2 + l * kA3, b + h * kB0 + i * kB1 + j * kB2 + l * kB3,
                                a_zeros, b_zeros, out);
          out += static_cast<index_t>(P::m) * P::n;
        }
      }
    }
  }
}

}  // namespace netsuke

#endif  // NETSUKE_INTEGER_PRODUCTS_HPP
