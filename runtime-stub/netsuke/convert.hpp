// convert<To>(x): the meaning of ONNX Cast between any two element types.
//
// Integers keep their low bits; a float loses its fraction, a float that does not fit becomes the nearest
// number that does (where C leaves it undefined) and NaN becomes 0; to bool, all but 0 is true.
#ifndef NETSUKE_CONVERT_HPP
#define NETSUKE_CONVERT_HPP

#include <stdint.h>

#include "core.hpp"

namespace netsuke {

// The limits of T as floats of type F: `below` is the largest F that is too small by at least 1, or T's
// minimum where that is no different; `above` the power of two just past T's maximum. All are exact.
template <class T, class F>
struct FloatRange {
  static inline F above() {
    return (static_cast<T>(0) > static_cast<T>(-1) ? static_cast<F>(1) : static_cast<F>(2)) *
           static_cast<F>(static_cast<uint64_t>(1) << (8 * sizeof(T) - 1));
  }
  static inline bool is_signed() { return static_cast<T>(0) > static_cast<T>(-1); }
  static inline T lowest() {
    return is_signed() ? static_cast<T>(static_cast<uint64_t>(1) << (8 * sizeof(T) - 1)) : static_cast<T>(0);
  }
  static inline T highest() { return static_cast<T>(~lowest()); }
};

template <class To, class From>
struct Convert {
  static inline To run(From x) { return static_cast<To>(x); }
};

template <class To, class F>
inline To float_to_integer(F x) {
  typedef FloatRange<To, F> Range;
  if (x != x) return 0;
  if (x >= Range::above()) return Range::highest();
  if (x <= (Range::is_signed() ? -Range::above() : static_cast<F>(0))) return Range::lowest();
  return static_cast<To>(x);
}

template <class To>
struct Convert<To, float> {
  static inline To run(float x) { return float_to_integer<To, float>(x); }
};
template <class To>
struct Convert<To, double> {
  static inline To run(double x) { return float_to_integer<To, double>(x); }
};
template <>
struct Convert<float, float> {
  static inline float run(float x) { return x; }
};
template <>
struct Convert<double, float> {
  static inline double run(float x) { return static_cast<double>(x); }
};
template <>
struct Convert<float, double> {
  static inline float run(double x) { return static_cast<float>(x); }
};
template <>
struct Convert<double, double> {
  static inline double run(double x) { return x; }
};
template <class From>
struct Convert<bool, From> {
  static inline bool run(From x) { return x != 0; }
};
template <>
struct Convert<bool, float> {
  static inline bool run(float x) { return !(x >= 0.0f && x <= 0.0f); }  // NaN is true
};
template <>
struct Convert<bool, double> {
  static inline bool run(double x) { return !(x >= 0.0 && x <= 0.0); }
};

template <class To, class From>
inline To convert(From x) {
  return Convert<To, From>::run(x);
}

}  // namespace netsuke

#endif  // NETSUKE_CONVERT_HPP
