// LayerNormalization, float32: every line is brought to mean 0 and variance 1, then scaled and shifted.
//
//   in, out [outer][axis], where axis is the product of the normalised (last) dimensions
//   scale [axis] and, if P::has_bias, bias [axis]: constants
//   out = (x - mean) / sqrt(variance + epsilon) * scale + bias
//
// P: outer, axis, epsilon, has_bias. in == out is allowed. Two passes, so nothing cancels: the sum for the
// mean, then the sum of squared differences from it, both ascending; the variance divides by axis.
#ifndef NETSUKE_LAYER_NORM_F32_HPP
#define NETSUKE_LAYER_NORM_F32_HPP

#include "core.hpp"
#include "math_f32.hpp"

namespace netsuke {

template <class P>
inline float line_mean(const float* x) {
  float sum = 0.0f;
  for (index_t i = 0; i < P::axis; ++i) sum += x[i];
  return sum / static_cast<float>(P::axis);
}

template <class P>
inline float line_variance(const float* x, float mean) {
  float sum = 0.0f;
  for (index_t i = 0; i < P::axis; ++i) {
    const float d = x[i] - mean;
    sum += d * d;
  }
  return sum / static_cast<float>(P::axis);
}

template <class P>
inline void layer_norm_f32(const float* in, const float* scale, const float* bias, float* out) {
  for (index_t line = 0; line < P::outer; ++line) {
    const float mean = line_mean<P>(in);
    const float factor = 1.0f / sqrt_f32(line_variance<P>(in, mean) + P::epsilon);
    for (index_t i = 0; i < P::axis; ++i) {
      const float y = (in[i] - mean) * factor * rom(scale + i);
      out[i] = P::has_bias ? y + rom(bias + i) : y;
    }
    in += P::axis;
    out += P::axis;
  }
}

}  // namespace netsuke

#endif  // NETSUKE_LAYER_NORM_F32_HPP
