// Padding and cropping of any number of dimensions.
//
//   out[o0][o1]... = in[source(o0 - begin0)][source(o1 - begin1)]..., or value where one of them is outside
//
// P: type T, in_dims, out_dims, begins (netsuke::Ints, outermost first; begins may be negative), Mode (one of
// the structs below: what lies outside), value (only read by PadConstant). in and out must not overlap.
#ifndef NETSUKE_PAD_HPP
#define NETSUKE_PAD_HPP

#include <math.h>

#include "core.hpp"

namespace netsuke {

// source(i, size): the index that position i of a dimension takes; negative: the constant.
struct PadConstant {
  static inline index_t source(index_t i, index_t size) { return i < size ? i : -1; }
};
struct PadEdge {
  static inline index_t source(index_t i, index_t size) { return i < 0 ? 0 : (i < size ? i : size - 1); }
};
struct PadReflect {
  static inline index_t source(index_t i, index_t size) { return i < 0 ? -i : (i < size ? i : 2 * (size - 1) - i); }
};
struct PadWrap {
  static inline index_t source(index_t i, index_t size) {
    const index_t rest = i % size;
    return rest < 0 ? rest + size : rest;
  }
};

template <class Dims>
struct PadCount;
template <int32_t kFirst>
struct PadCount<Ints<kFirst> > {
  static constexpr index_t value = kFirst;
};
template <int32_t kFirst, int32_t kSecond, int32_t... kRest>
struct PadCount<Ints<kFirst, kSecond, kRest...> > {
  static constexpr index_t value = kFirst * PadCount<Ints<kSecond, kRest...> >::value;
};

template <class P, class In, class Out, class Begins>
struct PadLoop;

template <class P, int32_t kIn, int32_t kOut, int32_t kBegin>
struct PadLoop<P, Ints<kIn>, Ints<kOut>, Ints<kBegin> > {
  typedef typename P::T T;
  static inline T* run(const T* in, T* out) {
    for (index_t o = 0; o < kOut; ++o) {
      const index_t i = P::Mode::source(static_cast<index_t>(o - kBegin), static_cast<index_t>(kIn));
      *out++ = i < 0 ? static_cast<T>(P::value) : in[i];
    }
    return out;
  }
};

template <class P, int32_t kIn, int32_t kIn2, int32_t... kIns, int32_t kOut, int32_t kOut2, int32_t... kOuts,
          int32_t kBegin, int32_t kBegin2, int32_t... kBegins>
struct PadLoop<P, Ints<kIn, kIn2, kIns...>, Ints<kOut, kOut2, kOuts...>, Ints<kBegin, kBegin2, kBegins...> > {
  typedef typename P::T T;
  typedef Ints<kIn2, kIns...> InnerIn;
  typedef Ints<kOut2, kOuts...> InnerOut;
  static inline T* run(const T* in, T* out) {
    for (index_t o = 0; o < kOut; ++o) {
      const index_t i = P::Mode::source(static_cast<index_t>(o - kBegin), static_cast<index_t>(kIn));
      if (i >= 0) {
        out = PadLoop<P, InnerIn, InnerOut, Ints<kBegin2, kBegins...> >::run(in + i * PadCount<InnerIn>::value, out);
        continue;
      }
      for (index_t k = 0; k < PadCount<InnerOut>::value; ++k) *out++ = static_cast<T>(P::value);
    }
    return out;
  }
};

template <class P>
inline void pad(const typename P::T* in, typename P::T* out) {
  PadLoop<P, typename P::in_dims, typename P::out_dims, typename P::begins>::run(in, out);
}

// One output row, whose parameters are those of a row. rows[0]: the input row, null where there is padding.
template <class P>
inline void pad_row(const typename P::T* const* rows, typename P::T* out_row) {
  if (rows[0] != nullptr) {
    pad<P>(rows[0], out_row);
    return;
  }
  for (index_t i = 0; i < PadCount<typename P::out_dims>::value; ++i) out_row[i] = static_cast<typename P::T>(P::value);
}

}  // namespace netsuke

#endif  // NETSUKE_PAD_HPP
