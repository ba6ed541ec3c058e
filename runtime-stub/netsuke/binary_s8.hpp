// Element-wise operations of two integer operands, NumPy broadcasting.
//
//   add_s8  clamp((a * a_multiplier + b * b_multiplier + offset) >> shift, out_min, out_max), all in 32 bits;
//           offset = (out_zero << shift) + 2^(shift-1) - a_zero * a_multiplier - b_zero * b_multiplier.
//           A difference has a negative b_multiplier.
//   mul_s8  clamp(out_zero + floor((a - a_zero) * (b - b_zero) * multiplier / 2^shift, rounded), ...)
//   min_s8, max_s8  of operands on the output's grid, clamped
//
// P: A, B, T (int8_t or int16_t), a_rom, b_rom, dims, a_strides, b_strides as in binary.hpp, and the above;
// mul also out_zero. `out` may be the same memory as an operand of its size that is not repeated.
#ifndef NETSUKE_BINARY_S8_HPP
#define NETSUKE_BINARY_S8_HPP

#include "arch/elementwise_mve.hpp"
#include "binary.hpp"
#include "requantise.hpp"

namespace netsuke {

// binary.hpp's loops around one of the operations below.
template <class P, class Op>
struct BinaryS8 {
  typedef typename P::A A;
  typedef typename P::B B;
  typedef typename P::T T;
  typedef typename P::dims dims;
  typedef typename P::a_strides a_strides;
  typedef typename P::b_strides b_strides;
  static constexpr bool a_rom = P::a_rom, b_rom = P::b_rom;
  static inline int32_t op(A a, B b) { return Op::run(a, b); }
  static inline T act(int32_t x) { return static_cast<T>(x); }
};

template <class P>
struct AddS8 {
  static inline int32_t run(int32_t a, int32_t b) {
    return requantise_small<P>(a * static_cast<int32_t>(P::a_multiplier) +
                               b * static_cast<int32_t>(P::b_multiplier) + static_cast<int32_t>(P::offset));
  }
};

template <class P>
struct MulS8 {
  static inline int32_t run(int32_t a, int32_t b) {
    return requantise<P>((a - static_cast<int32_t>(P::a_zero)) * (b - static_cast<int32_t>(P::b_zero)),
                         static_cast<int32_t>(P::multiplier));
  }
};

template <class P>
struct MinS8 {
  static inline int32_t run(int32_t a, int32_t b) {
    return clamp_to<int32_t>(b < a ? b : a, static_cast<int32_t>(P::out_min), static_cast<int32_t>(P::out_max));
  }
};

template <class P>
struct MaxS8 {
  static inline int32_t run(int32_t a, int32_t b) {
    return clamp_to<int32_t>(a < b ? b : a, static_cast<int32_t>(P::out_min), static_cast<int32_t>(P::out_max));
  }
};

// Elements that lie one after the other have a form of their own where there are vectors.
template <class P, class A, class B, class T, class Dims, class AStrides, class BStrides>
struct AddLoopS8 {
  static inline void run(const A* a, const B* b, T* out) { binary<BinaryS8<P, AddS8<P> > >(a, b, out); }
};
#if NETSUKE_MVE
template <class P, int32_t kCount>
struct AddLoopS8<P, int8_t, int8_t, int8_t, Ints<kCount>, Ints<1>, Ints<1> > {
  static inline void run(const int8_t* a, const int8_t* b, int8_t* out) {
    for (index_t i = mve::add<P>(a, b, out, kCount); i < kCount; ++i)
      out[i] = static_cast<int8_t>(AddS8<P>::run(a[i], b[i]));
  }
};
#endif

template <class P>
inline void add_s8(const typename P::A* a, const typename P::B* b, typename P::T* out) {
  AddLoopS8<P, typename P::A, typename P::B, typename P::T, typename P::dims, typename P::a_strides,
            typename P::b_strides>::run(a, b, out);
}
template <class P>
inline void mul_s8(const typename P::A* a, const typename P::B* b, typename P::T* out) {
  binary<BinaryS8<P, MulS8<P> > >(a, b, out);
}
template <class P>
inline void min_s8(const typename P::A* a, const typename P::B* b, typename P::T* out) {
  binary<BinaryS8<P, MinS8<P> > >(a, b, out);
}
template <class P>
inline void max_s8(const typename P::A* a, const typename P::B* b, typename P::T* out) {
  binary<BinaryS8<P, MaxS8<P> > >(a, b, out);
}

}  // namespace netsuke

#endif  // NETSUKE_BINARY_S8_HPP
