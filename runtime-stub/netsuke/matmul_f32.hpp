// Batched matrix product, float32; either operand may be a constant (P::a_rom, P::b_rom).
//
//   a: matrices [m][k]   b: matrices [k][n]   out [batch_0]..[batch_3][m][n], dense
//   out[..][i][j] = act(sum over l of a[..][i][l] * b[..][l][j])
//
// P: batch_0 .. batch_3, a_stride_*, b_stride_*, m and n: matrices.hpp; k; act. Summation order: 0, then l ascending.
// out must overlap neither a nor b. Matrix times constant matrix is dense_f32's work. A vector operand is a matrix with
// m == 1 or n == 1.
#ifndef NETSUKE_MATMUL_F32_HPP
#define NETSUKE_MATMUL_F32_HPP

#include "core.hpp"
#include "matrices.hpp"
#include "register_tile.hpp"

namespace netsuke {

// PX rows of a by W columns of b.
template <class P, int PX, int W>
inline void matmul_tile(const float* a, const float* b, float* out) {
  Lanes<W> zero;
  zero.zero();
  Tile<PX, W> tile;
  tile.start(zero);
  accumulate<FromRam, P::k, P::n, P::k, 0, PX, kUnroll>(tile, a, b);
  tile.template store<P, P::n>(out);
}

// All rows of a by W columns of b.
template <class P, int W>
inline void matmul_columns(const float* a, const float* b, float* out) {
  constexpr int kRows = tile_pixels(P::m, W);
  constexpr int kRest = static_cast<int>(P::m % kRows);
  for (index_t i = 0; i < P::m / kRows; ++i) {
    matmul_tile<P, kRows, W>(a, b, out);
    a += static_cast<index_t>(kRows) * P::k;
    out += static_cast<index_t>(kRows) * P::n;
  }
  if (kRest > 0) matmul_tile<P, (kRest > 0 ? kRest : 1), W>(a, b, out);
}

// A few rows leave registers for more columns.
constexpr int matmul_lanes(int32_t m) {
  return kSoftFloat ? 1 : (m == 1 ? 16 : (m <= 3 ? 6 : 4));
}

#if defined(__AVR__)
// Either operand may be a constant in program memory (P::a_rom, P::b_rom).
template <class P>
inline void matmul_one(const float* a, const float* b, float* out) {
  for (index_t i = 0; i < P::m; ++i) {
    for (index_t j = 0; j < P::n; ++j) {
      float sum = 0.0f;
      for (index_t l = 0; l < P::k; ++l)
        sum += read<P::a_rom>(a + i * P::k + l) * read<P::b_rom>(b + l * P::n + j);
      *out++ = P::act(sum);
    }
  }
}
#else
template <class P>
inline void matmul_one(const float* a, const float* b, float* out) {
  constexpr int kLanes = matmul_lanes(P::m);
  constexpr int kRest = static_cast<int>(P::n % kLanes);
  for (index_t i = 0; i < P::n / kLanes; ++i) {
    matmul_columns<P, kLanes>(a, b, out);
    b += kLanes;
    out += kLanes;
  }
  if (kRest > 0) matmul_columns<P, (kRest > 0 ? kRest : 1)>(a, b, out);
}

#endif  // __AVR__

template <class P>
struct MatmulF32 {
  inline void operator()(const float* a, const float* b, float* out) const { matmul_one<P>(a, b, out); }
};

template <class P>
inline void matmul_f32(const float* a, const float* b, float* out) {
  for_matrices<P>(a, b, out, MatmulF32<P>());
}

}  // namespace netsuke

#endif  // NETSUKE_MATMUL_F32_HPP
