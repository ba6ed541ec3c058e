// Element-wise operations of two integer operands of which one, or the result, has 16 bits; NumPy broadcasting.
//
//   add_s16  clamp(out_zero + (((a - a_zero) * a_multiplier + (b - b_zero) * b_multiplier + 2^(shift-1)) >> shift), ...)
//            in 64 bits (wide.hpp); a difference has a negative b_multiplier
//   mul_s16  clamp(out_zero + floor((a - a_zero) * (b - b_zero) * multiplier / 2^shift, rounded), ...) of operands
//            whose products may not fit 32 bits (mul_s8 does those that fit)
//
// P: A, B, T (int8_t or int16_t), a_rom, b_rom, dims, a_strides, b_strides as in binary.hpp, and the above;
// out_zero, out_min, out_max. `out` may be the same memory as an operand of its size and type that is not repeated.
#ifndef NETSUKE_BINARY_S16_HPP
#define NETSUKE_BINARY_S16_HPP

#include "binary_s8.hpp"
#include "wide.hpp"

namespace netsuke {

template <class P>
struct MulS16 {
  static inline int32_t run(int32_t a, int32_t b) {
    const int32_t x = a - static_cast<int32_t>(P::a_zero), y = b - static_cast<int32_t>(P::b_zero);
    return requantise_s16<P>(static_cast<int64_t>(x) * y, static_cast<int32_t>(P::multiplier));
  }
};

template <class P>
inline void add_s16(const typename P::A* a, const typename P::B* b, typename P::T* out) {
  binary<BinaryS8<P, SumS16<P> > >(a, b, out);
}
template <class P>
inline void mul_s16(const typename P::A* a, const typename P::B* b, typename P::T* out) {
  binary<BinaryS8<P, MulS16<P> > >(a, b, out);
}

}  // namespace netsuke

#endif  // NETSUKE_BINARY_S16_HPP
