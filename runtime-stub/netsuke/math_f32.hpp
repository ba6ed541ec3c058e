// The C library's float functions under names that mean the same everywhere.
//
// avr-libc declares them as functions of double (which is 32 bits there) and lacks expm1, log1p and erf;
// those are built here from what it has. Elsewhere every function is the C library's.
#ifndef NETSUKE_MATH_F32_HPP
#define NETSUKE_MATH_F32_HPP

#include <math.h>

namespace netsuke {

static inline float abs_f32(float x) {
  return static_cast<float>(fabsf(x));
}
static inline float exp_f32(float x) {
  return static_cast<float>(expf(x));
}
static inline float log_f32(float x) {
  return static_cast<float>(logf(x));
}
static inline float sqrt_f32(float x) {
  return static_cast<float>(sqrtf(x));
}
static inline float tanh_f32(float x) {
  return static_cast<float>(tanhf(x));
}

#if defined(__AVR__)
// Kahan's corrections: the rounding error of exp (of 1 + x) is undone by dividing by what log makes of it.
static inline float expm1_f32(float x) {
  const float e = exp_f32(x), d = e - 1.0f;
  if (e == 1.0f) return x;
  return d == -1.0f || d == e ? d : d * x / log_f32(e);
}

static inline float log1p_f32(float x) {
  const float u = 1.0f + x;
  if (u == 1.0f) return x;
  return u == x ? log_f32(u) : log_f32(u) * x / (u - 1.0f);
}

// Maclaurin series below 0.5, Abramowitz and Stegun 7.1.26 above: absolute error below 3e-7.
static inline float erf_f32(float x) {
  const float a = abs_f32(x), s = x * x;
  if (a < 0.5f)
    return x * (1.1283792f - s * (0.3761264f - s * (0.1128379f - s * (0.0268661f - s * 0.0052240f))));
  if (a > 9.0f) return x < 0.0f ? -1.0f : 1.0f;
  const float t = 1.0f / (1.0f + 0.3275911f * a);
  const float p =
      t * (0.25482959f + t * (-0.28449673f + t * (1.4214137f + t * (-1.4531520f + t * 1.0614054f))));
  const float y = 1.0f - p * exp_f32(-s);
  return x < 0.0f ? -y : y;
}
#else
static inline float expm1_f32(float x) {
  return expm1f(x);
}
static inline float log1p_f32(float x) {
  return log1pf(x);
}
static inline float erf_f32(float x) {
  return erff(x);
}
#endif

}  // namespace netsuke

#endif  // NETSUKE_MATH_F32_HPP
