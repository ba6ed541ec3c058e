// Functions of one number for float and double: the P::op of map.hpp. math_f32.hpp says what the C library of
// each target lacks.
#ifndef NETSUKE_MATH_HPP
#define NETSUKE_MATH_HPP

#include <math.h>

#include "arithmetic.hpp"
#include "core.hpp"
#include "math_f32.hpp"

namespace netsuke {

template <class T>
inline T absolute(T x) {
  return x < 0 ? sub<T>(0, x) : x;
}
inline float absolute(float x) { return abs_f32(x); }
inline double absolute(double x) { return ::fabs(x); }

template <class T>
inline T negative(T x) {
  return sub<T>(0, x);
}
inline float negative(float x) { return -x; }
inline double negative(double x) { return -x; }

// -1, 0 or 1; NaN stays.
template <class T>
inline T sign(T x) {
  return x > 0 ? static_cast<T>(1) : (x < 0 ? static_cast<T>(-1) : x);
}

template <class T>
inline T reciprocal(T x) {
  return 1 / x;
}

static inline float floor_of(float x) { return static_cast<float>(::floorf(x)); }
static inline double floor_of(double x) { return ::floor(x); }
static inline float ceil_of(float x) { return static_cast<float>(::ceilf(x)); }
static inline double ceil_of(double x) { return ::ceil(x); }

// To the nearest integer, halves to the even one. x - floor(x) is exact where it matters.
template <class T>
inline T round_half_even(T x) {
  const T low = floor_of(x), fraction = x - low, half = static_cast<T>(0.5);
  const bool low_is_odd = floor_of(low * half) < low * half;
  return fraction > half || (fraction >= half && low_is_odd) ? low + 1 : low;
}

static inline float exp_of(float x) { return exp_f32(x); }
static inline double exp_of(double x) { return ::exp(x); }
static inline float log_of(float x) { return log_f32(x); }
static inline double log_of(double x) { return ::log(x); }
static inline float sqrt_of(float x) { return sqrt_f32(x); }
static inline double sqrt_of(double x) { return ::sqrt(x); }
static inline float sin_of(float x) { return static_cast<float>(::sinf(x)); }
static inline double sin_of(double x) { return ::sin(x); }
static inline float cos_of(float x) { return static_cast<float>(::cosf(x)); }
static inline double cos_of(double x) { return ::cos(x); }
static inline float tan_of(float x) { return static_cast<float>(::tanf(x)); }
static inline double tan_of(double x) { return ::tan(x); }
static inline float asin_of(float x) { return static_cast<float>(::asinf(x)); }
static inline double asin_of(double x) { return ::asin(x); }
static inline float acos_of(float x) { return static_cast<float>(::acosf(x)); }
static inline double acos_of(double x) { return ::acos(x); }
static inline float atan_of(float x) { return static_cast<float>(::atanf(x)); }
static inline double atan_of(double x) { return ::atan(x); }
static inline float sinh_of(float x) { return static_cast<float>(::sinhf(x)); }
static inline double sinh_of(double x) { return ::sinh(x); }
static inline float cosh_of(float x) { return static_cast<float>(::coshf(x)); }
static inline double cosh_of(double x) { return ::cosh(x); }

#if defined(__AVR__)
// avr-libc has no inverse hyperbolic functions (and its double is a float). log1p keeps small results exact;
// past 1e9 the squares would overflow and the plain logarithm of 2x is as good.
static inline float asinh_of(float x) {
  const float a = abs_f32(x);
  const float y = a > 1e9f ? log_f32(a) + 0.69314718f : log1p_f32(a + a * a / (1.0f + sqrt_f32(a * a + 1.0f)));
  return x < 0.0f ? -y : y;
}
static inline float acosh_of(float x) {
  const float t = x - 1.0f;
  return x > 1e9f ? log_f32(x) + 0.69314718f : log1p_f32(t + sqrt_f32(2.0f * t + t * t));
}
static inline float atanh_of(float x) {
  const float a = abs_f32(x), y = 0.5f * log1p_f32(2.0f * a / (1.0f - a));
  return x < 0.0f ? -y : y;
}
#else
static inline float asinh_of(float x) { return ::asinhf(x); }
static inline double asinh_of(double x) { return ::asinh(x); }
static inline float acosh_of(float x) { return ::acoshf(x); }
static inline double acosh_of(double x) { return ::acosh(x); }
static inline float atanh_of(float x) { return ::atanhf(x); }
static inline double atanh_of(double x) { return ::atanh(x); }
#endif

template <class T>
inline bool is_nan(T x) {
  return x != x;
}

// x - x is NaN for infinities and NaN alone.
template <class T>
inline bool is_infinite(T x) {
  return x == x && x - x != x - x;
}
template <class T>
inline bool is_positive_infinite(T x) {
  return x > 0 && is_infinite(x);
}
template <class T>
inline bool is_negative_infinite(T x) {
  return x < 0 && is_infinite(x);
}
template <class T>
inline bool never(T) {
  return false;
}

static inline bool logical_not(bool x) { return !x; }

template <class T>
inline T bit_not(T x) {
  return static_cast<T>(~x);
}

}  // namespace netsuke

#endif  // NETSUKE_MATH_HPP
