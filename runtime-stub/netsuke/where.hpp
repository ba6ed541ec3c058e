// where<P>(condition, a, b, out): out[i] = condition[i'] ? a[i''] : b[i'''], NumPy broadcasting as in
// binary.hpp. `out` may be the same memory as an operand of its size that is not repeated.
//
// P: T, c_rom, a_rom, b_rom (the operand lies in program memory), dims, c_strides, a_strides, b_strides.
#ifndef NETSUKE_WHERE_HPP
#define NETSUKE_WHERE_HPP

#include "binary.hpp"
#include "core.hpp"

namespace netsuke {

template <class P, class Dims, class CStrides, class AStrides, class BStrides>
struct WhereLoop;

template <class P, int32_t kCount, int32_t... kDims, int32_t kC, int32_t... kCs, int32_t kA, int32_t... kAs,
          int32_t kB, int32_t... kBs>
struct WhereLoop<P, Ints<kCount, kDims...>, Ints<kC, kCs...>, Ints<kA, kAs...>, Ints<kB, kBs...> > {
  static inline void run(const bool* c, const typename P::T* a, const typename P::T* b, typename P::T* out) {
    for (index_t i = 0; i < static_cast<index_t>(kCount); i++) {
      WhereLoop<P, Ints<kDims...>, Ints<kCs...>, Ints<kAs...>, Ints<kBs...> >::run(c, a, b, out);
      c += static_cast<index_t>(kC);
      a += static_cast<index_t>(kA);
      b += static_cast<index_t>(kB);
      out += static_cast<index_t>(Product<kDims...>::value);
    }
  }
};

template <class P, int32_t kCount, int32_t kC, int32_t kA, int32_t kB>
struct WhereLoop<P, Ints<kCount>, Ints<kC>, Ints<kA>, Ints<kB> > {
  static inline void run(const bool* c, const typename P::T* a, const typename P::T* b, typename P::T* out) {
    for (index_t i = 0; i < static_cast<index_t>(kCount); i++)
      out[i] = read<P::c_rom>(c + i * static_cast<index_t>(kC)) ? read<P::a_rom>(a + i * static_cast<index_t>(kA))
                                                                : read<P::b_rom>(b + i * static_cast<index_t>(kB));
  }
};

template <class P>
inline void where(const bool* c, const typename P::T* a, const typename P::T* b, typename P::T* out) {
  WhereLoop<P, typename P::dims, typename P::c_strides, typename P::a_strides, typename P::b_strides>::run(c, a, b,
                                                                                                           out);
}

}  // namespace netsuke

#endif  // NETSUKE_WHERE_HPP
