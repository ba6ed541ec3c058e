// requantize_s16<P>(in, out): from one grid to another where one of them has 16 bits, for P::count elements:
//   out = clamp(out_zero + (((in - a_zero) * a_multiplier + 2^(shift-1)) >> shift), out_min, out_max), in 64 bits
//
// P: in_t, out_t (int8_t or int16_t), count, a_multiplier, a_zero, b_multiplier, b_zero (both 0), out_zero, shift,
// out_min, out_max (wide.hpp). in == out is allowed when both types have the same size.
#ifndef NETSUKE_REQUANTIZE_S16_HPP
#define NETSUKE_REQUANTIZE_S16_HPP

#include "core.hpp"
#include "wide.hpp"

namespace netsuke {

template <class P>
inline void requantize_s16(const typename P::in_t* in, typename P::out_t* out) {
  for (index_t i = 0; i < static_cast<index_t>(P::count); ++i)
    out[i] = static_cast<typename P::out_t>(SumS16<P>::run(in[i], 0));
}

}  // namespace netsuke

#endif  // NETSUKE_REQUANTIZE_S16_HPP
