// One multiplication and one addition for each element, by channel, float32.
//
//   in, out [outer][channels][inner]; scale, shift [channels]: constants
//   out = act(in * scale + shift)
//
// P: outer, channels, inner, act. in == out is allowed.
#ifndef NETSUKE_SCALE_SHIFT_F32_HPP
#define NETSUKE_SCALE_SHIFT_F32_HPP

#include "core.hpp"

namespace netsuke {

template <class P>
inline void scale_shift_f32(const float* in, const float* scale, const float* shift, float* out) {
  for (index_t o = 0; o < P::outer; ++o) {
    for (index_t c = 0; c < P::channels; ++c) {
      const float a = rom(scale + c), b = rom(shift + c);
      for (index_t i = 0; i < P::inner; ++i) *out++ = P::act(*in++ * a + b);
    }
  }
}

}  // namespace netsuke

#endif  // NETSUKE_SCALE_SHIFT_F32_HPP
