// InstanceNormalization, float32, NHWC: every channel of every image is brought to mean 0 and variance 1.
//
//   in, out [batch][pixels][in_c]; scale, bias [in_c]: constants
//   out = act((x - mean) / sqrt(variance + epsilon) * scale + bias)
//
// P: batch, pixels, in_c, epsilon, act. in == out is allowed. Two passes for the statistics, as in layer_norm_f32.
#ifndef NETSUKE_INSTANCE_NORM_F32_HPP
#define NETSUKE_INSTANCE_NORM_F32_HPP

#include "core.hpp"
#include "math_f32.hpp"

namespace netsuke {

template <class P>
inline float channel_mean(const float* x) {
  float sum = 0.0f;
  for (index_t i = 0; i < P::pixels; ++i) sum += x[i * P::in_c];
  return sum / static_cast<float>(P::pixels);
}

template <class P>
inline float channel_variance(const float* x, float mean) {
  float sum = 0.0f;
  for (index_t i = 0; i < P::pixels; ++i) {
    const float d = x[i * P::in_c] - mean;
    sum += d * d;
  }
  return sum / static_cast<float>(P::pixels);
}

template <class P>
inline void instance_norm_f32(const float* in, const float* scale, const float* bias, float* out) {
  for (index_t image = 0; image < P::batch; ++image) {
    for (index_t c = 0; c < P::in_c; ++c) {
      const float mean = channel_mean<P>(in + c);
      const float factor = rom(scale + c) / sqrt_f32(channel_variance<P>(in + c, mean) + P::epsilon);
      const float shift = rom(bias + c);
      for (index_t i = 0; i < P::pixels; ++i) {
        out[i * P::in_c + c] = P::act((in[i * P::in_c + c] - mean) * factor + shift);
      }
    }
    in += static_cast<index_t>(P::pixels) * P::in_c;
    out += static_cast<index_t>(P::pixels) * P::in_c;
  }
}

}  // namespace netsuke

#endif  // NETSUKE_INSTANCE_NORM_F32_HPP
