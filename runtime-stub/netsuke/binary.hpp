// binary<P>(a, b, out): out[i] = P::act(P::op(a[i'], b[i''])), NumPy broadcasting.
//
// P::dims are the output's dimensions, those that need not be told apart already merged; P::a_strides and
// P::b_strides are the operands' strides in elements, 0 where an operand is repeated. The loops over them are
// unfolded at compile time, so equal shapes are one flat loop and a channel vector is two loops. `out` may be
// the same memory as an operand of its size that is not repeated.
//
// P: A, B, T (element types), a_rom, b_rom (the operand lies in program memory), dims, a_strides, b_strides,
// op, act.
#ifndef NETSUKE_BINARY_HPP
#define NETSUKE_BINARY_HPP

#include "arithmetic.hpp"
#include "core.hpp"

namespace netsuke {

template <int32_t... kValues>
struct Product {
  static constexpr int32_t value = 1;
};
template <int32_t kFirst, int32_t... kRest>
struct Product<kFirst, kRest...> {
  static constexpr int32_t value = kFirst * Product<kRest...>::value;
};

template <class P, class Dims, class AStrides, class BStrides>
struct BinaryLoop;

// Outer loops.
template <class P, int32_t kCount, int32_t... kDims, int32_t kA, int32_t... kAs, int32_t kB, int32_t... kBs>
struct BinaryLoop<P, Ints<kCount, kDims...>, Ints<kA, kAs...>, Ints<kB, kBs...> > {
  static inline void run(const typename P::A* a, const typename P::B* b, typename P::T* out) {
    for (index_t i = 0; i < static_cast<index_t>(kCount); i++) {
      BinaryLoop<P, Ints<kDims...>, Ints<kAs...>, Ints<kBs...> >::run(a, b, out);
      a += static_cast<index_t>(kA);
      b += static_cast<index_t>(kB);
      out += static_cast<index_t>(Product<kDims...>::value);
    }
  }
};

// The innermost loop. A repeated operand is read once: the compiler could not know that writing `out` leaves
// it as it is.
template <class P, int32_t kCount, int32_t kA, int32_t kB>
struct BinaryLoop<P, Ints<kCount>, Ints<kA>, Ints<kB> > {
  static inline void run(const typename P::A* a, const typename P::B* b, typename P::T* out) {
    const typename P::A a0 = read<P::a_rom>(a);
    const typename P::B b0 = read<P::b_rom>(b);
    for (index_t i = 0; i < static_cast<index_t>(kCount); i++) {
      const typename P::A x = kA == 0 ? a0 : read<P::a_rom>(a + i * static_cast<index_t>(kA));
      const typename P::B y = kB == 0 ? b0 : read<P::b_rom>(b + i * static_cast<index_t>(kB));
      out[i] = P::act(P::op(x, y));
    }
  }
};

template <class P>
inline void binary(const typename P::A* a, const typename P::B* b, typename P::T* out) {
  BinaryLoop<P, typename P::dims, typename P::a_strides, typename P::b_strides>::run(a, b, out);
}

}  // namespace netsuke

#endif  // NETSUKE_BINARY_HPP
