// Softmax and log-softmax over one axis, float32.
//
//   in, out [outer][axis][inner], normalised over the middle; the axis has at least one element.
//   softmax     exp(x - max) / sum of exp(x - max)
//   log_softmax (x - max) - log(sum of exp(x - max))
//
// P: outer, axis, inner. in == out is allowed. Subtracting the maximum keeps every exponent at most 0, so
// nothing overflows; the sum runs along the axis in ascending order. A NaN makes its whole line NaN.
#ifndef NETSUKE_SOFTMAX_F32_HPP
#define NETSUKE_SOFTMAX_F32_HPP

#include "core.hpp"
#include "math_f32.hpp"

namespace netsuke {

template <class P>
inline float softmax_line_max(const float* x) {
  float result = x[0];
  for (index_t i = 1; i < P::axis; ++i) {
    x += P::inner;
    result = *x > result ? *x : result;
  }
  return result;
}

template <class P>
inline void softmax_line(const float* in, float* out) {
  const float max = softmax_line_max<P>(in);
  float sum = 0.0f;
  for (index_t i = 0; i < P::axis; ++i) {
    const float e = exp_f32(in[i * P::inner] - max);
    out[i * P::inner] = e;
    sum += e;
  }
  const float scale = 1.0f / sum;
  for (index_t i = 0; i < P::axis; ++i) out[i * P::inner] *= scale;
}

template <class P>
inline void log_softmax_line(const float* in, float* out) {
  const float max = softmax_line_max<P>(in);
  float sum = 0.0f;
  for (index_t i = 0; i < P::axis; ++i) sum += exp_f32(in[i * P::inner] - max);
  const float log_sum = log_f32(sum);
  for (index_t i = 0; i < P::axis; ++i) out[i * P::inner] = in[i * P::inner] - max - log_sum;
}

template <class P>
inline void softmax_f32(const float* in, float* out) {
  constexpr index_t kSlice = P::axis * P::inner;
  for (index_t o = 0; o < P::outer; ++o) {
    const index_t line = o * kSlice;
    for (index_t i = 0; i < P::inner; ++i) softmax_line<P>(in + line + i, out + line + i);
  }
}

template <class P>
inline void log_softmax_f32(const float* in, float* out) {
  constexpr index_t kSlice = P::axis * P::inner;
  for (index_t o = 0; o < P::outer; ++o) {
    const index_t line = o * kSlice;
    for (index_t i = 0; i < P::inner; ++i) log_softmax_line<P>(in + line + i, out + line + i);
  }
}

}  // namespace netsuke

#endif  // NETSUKE_SOFTMAX_F32_HPP
