// The batches of a matrix product: calls one(a, b, out) for each pair of matrices.
//
// P: batch_0 .. batch_3, the sizes of the output's batch dimensions (1 where there are fewer than four); a_stride_0 ..
// a_stride_3 and b_stride_0 .. b_stride_3, in elements, 0 where the operand is broadcast; m, n. out is dense.
#ifndef NETSUKE_MATRICES_HPP
#define NETSUKE_MATRICES_HPP

#include "core.hpp"

namespace netsuke {

template <class P, class A, class B, class Out, class One>
inline void for_matrices(const A* a, const B* b, Out* out, const One& one) {
  constexpr index_t kA0 = P::a_stride_0, kA1 = P::a_stride_1, kA2 = P::a_stride_2, kA3 = P::a_stride_3;
  constexpr index_t kB0 = P::b_stride_0, kB1 = P::b_stride_1, kB2 = P::b_stride_2, kB3 = P::b_stride_3;
  for (index_t i = 0; i < P::batch_0; ++i) {
    for (index_t j = 0; j < P::batch_1; ++j) {
      for (index_t k = 0; k < P::batch_2; ++k) {
        for (index_t l = 0; l < P::batch_3; ++l) {
          one(a + i * kA0 + j * kA1 + k * kA2 + l * kA3, b + i * kB0 + j * kB1 + k * kB2 + l * kB3, out);
          out += static_cast<index_t>(P::m) * P::n;
        }
      }
    }
  }
}

}  // namespace netsuke

#endif  // NETSUKE_MATRICES_HPP
