// requantize_s8<P>(in, out): from one grid to another, for P::count elements:
//   out = clamp((in * multiplier + offset) >> shift, out_min, out_max), in 32 bits
//   offset = (out_zero << shift) + 2^(shift-1) - in_zero * multiplier; shift 0 (no rounding constant) is
//   allowed, so that multiplier 1 and offset -128 or 128 go between uint8 and int8
//
// P: in_t, out_t (any of int8_t, uint8_t, int16_t), count, multiplier, offset, shift, out_min, out_max.
// in == out is allowed when both types have the same size.
#ifndef NETSUKE_REQUANTIZE_S8_HPP
#define NETSUKE_REQUANTIZE_S8_HPP

#include "core.hpp"
#include "requantise.hpp"

namespace netsuke {

template <class P>
inline void requantize_s8(const typename P::in_t* in, typename P::out_t* out) {
  for (index_t i = 0; i < static_cast<index_t>(P::count); ++i) {
    const int32_t scaled = in[i] * static_cast<int32_t>(P::multiplier) + static_cast<int32_t>(P::offset);
    out[i] = static_cast<typename P::out_t>(requantise_small<P>(scaled));
  }
}

}  // namespace netsuke

#endif  // NETSUKE_REQUANTIZE_S8_HPP
