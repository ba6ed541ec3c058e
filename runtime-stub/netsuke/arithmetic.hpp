// Functions of two numbers, for every element type: the P::op of binary.hpp.
//
// Integers wrap around (they are computed as unsigned numbers), division truncates towards zero, and what C
// leaves undefined is defined here: x / 0 and x mod 0 are 0, a shift by the width or more is 0. Floats follow
// IEEE 754; minimum and maximum pass NaN on.
#ifndef NETSUKE_ARITHMETIC_HPP
#define NETSUKE_ARITHMETIC_HPP

#include <math.h>
#include <stdint.h>

#include "core.hpp"

namespace netsuke {

// The unsigned type in which integers of kBytes are computed: never promoted to a signed int.
template <size_t kBytes>
struct Wrapping {
  typedef uint32_t type;
};
template <>
struct Wrapping<8> {
  typedef uint64_t type;
};

template <class T>
inline typename Wrapping<sizeof(T)>::type wrapping(T x) {
  return static_cast<typename Wrapping<sizeof(T)>::type>(x);
}

template <class T>
inline T add(T a, T b) {
  return static_cast<T>(wrapping(a) + wrapping(b));
}
inline float add(float a, float b) { return a + b; }
inline double add(double a, double b) { return a + b; }

template <class T>
inline T sub(T a, T b) {
  return static_cast<T>(wrapping(a) - wrapping(b));
}
inline float sub(float a, float b) { return a - b; }
inline double sub(double a, double b) { return a - b; }

template <class T>
inline T mul(T a, T b) {
  return static_cast<T>(wrapping(a) * wrapping(b));
}
inline float mul(float a, float b) { return a * b; }
inline double mul(double a, double b) { return a * b; }

// A divisor of -1 is a negation, which also keeps the most negative number from trapping.
template <class T>
inline bool is_minus_one(T x) {
  return static_cast<T>(0) > static_cast<T>(-1) && x == static_cast<T>(-1);
}

template <class T>
inline T div(T a, T b) {
  if (b == 0) return 0;
  return is_minus_one(b) ? sub<T>(0, a) : static_cast<T>(a / b);
}
inline float div(float a, float b) { return a / b; }
inline double div(double a, double b) { return a / b; }

// The remainder with the sign of a, as in C.
template <class T>
inline T fmod(T a, T b) {
  if (b == 0 || is_minus_one(b)) return 0;
  return static_cast<T>(a % b);
}
inline float fmod(float a, float b) { return static_cast<float>(::fmodf(a, b)); }
inline double fmod(double a, double b) { return ::fmod(a, b); }

// The remainder with the sign of b, as in Python.
template <class T>
inline T mod(T a, T b) {
  const T r = netsuke::fmod(a, b);
  return r != 0 && (r < 0) != (b < 0) ? add<T>(r, b) : r;
}
template <>
inline bool mod(bool, bool) {
  return false;
}

template <class T>
inline T smaller(T a, T b) {
  return b < a ? b : a;
}
inline float smaller(float a, float b) { return b < a || b != b ? b : a; }
inline double smaller(double a, double b) { return b < a || b != b ? b : a; }

template <class T>
inline T larger(T a, T b) {
  return a < b ? b : a;
}
inline float larger(float a, float b) { return a < b || b != b ? b : a; }
inline double larger(double a, double b) { return a < b || b != b ? b : a; }

// base ^ exponent for integers by squaring. With a negative exponent only 1 and -1 leave more than 0.
template <class T, class E>
inline T power_int(T base, E exponent) {
  if (exponent < 0) {
    if (!is_minus_one(base)) return static_cast<T>(base == 1 ? 1 : 0);
    return static_cast<T>(exponent % 2 == 0 ? 1 : -1);
  }
  T result = 1;
  while (exponent != 0) {
    if (exponent % 2 != 0) result = mul<T>(result, base);
    base = mul<T>(base, base);
    exponent = static_cast<E>(exponent / 2);
  }
  return result;
}

inline float power(float base, float exponent) { return static_cast<float>(::powf(base, exponent)); }
inline double power_f64(double base, double exponent) { return ::pow(base, exponent); }

// x^2 and x^3: Pow with a constant exponent, which is passed but not needed.
template <class T>
inline T square(T x, T) {
  return mul(x, x);
}
template <class T>
inline T cube(T x, T) {
  return mul(mul(x, x), x);
}

template <class T>
inline T prelu(T x, T slope) {
  return x < 0 ? mul(slope, x) : x;
}

template <class T>
inline bool equal(T a, T b) {
  return a == b;
}
inline bool equal(float a, float b) { return a <= b && a >= b; }  // -Wfloat-equal stays silent
inline bool equal(double a, double b) { return a <= b && a >= b; }
template <class T>
inline bool less(T a, T b) {
  return a < b;
}
template <class T>
inline bool less_equal(T a, T b) {
  return a <= b;
}

inline bool logical_and(bool a, bool b) { return a && b; }
inline bool logical_or(bool a, bool b) { return a || b; }
inline bool logical_xor(bool a, bool b) { return a != b; }

template <class T>
inline T bit_and(T a, T b) {
  return static_cast<T>(a & b);
}
template <class T>
inline T bit_or(T a, T b) {
  return static_cast<T>(a | b);
}
template <class T>
inline T bit_xor(T a, T b) {
  return static_cast<T>(a ^ b);
}

// For unsigned T.
template <class T>
inline T shift_left(T a, T b) {
  return b < 8 * sizeof(T) ? static_cast<T>(wrapping(a) << b) : static_cast<T>(0);
}
template <class T>
inline T shift_right(T a, T b) {
  return b < 8 * sizeof(T) ? static_cast<T>(a >> b) : static_cast<T>(0);
}

}  // namespace netsuke

#endif  // NETSUKE_ARITHMETIC_HPP
