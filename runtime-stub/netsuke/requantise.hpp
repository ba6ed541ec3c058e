// From 32-bit sums to stored values: the one place where an integer kernel rounds. docs/numerics.md says why.
//
//   requantise           floor((acc * m + 2^(s-1)) / 2^s), exact halves upwards
//   requantise_half_even the same, exact halves to the even neighbour: what ONNX means by an average
//   requantise_small     (sum) >> s in 32 bits, for sums whose rounding constant is added already
//
// Right shifts of negative numbers are arithmetic, as on every compiler that this runtime meets (and as C++20
// says).
#ifndef NETSUKE_REQUANTISE_HPP
#define NETSUKE_REQUANTISE_HPP

#include "arch/avr.hpp"
#include "arch/dsp.hpp"
#include "arch/v6m.hpp"
#include "core.hpp"

namespace netsuke {

template <class T>
inline T clamp_to(T x, T low, T high) {
  return x < low ? low : (x > high ? high : x);
}

// 1 <= kShift <= 62 and |m| < 2^31, so nothing overflows 64 bits.
template <int kShift>
inline int64_t scaled(int32_t acc, int32_t m) {
  return (static_cast<int64_t>(acc) * m + (static_cast<int64_t>(1) << (kShift - 1))) >> kShift;
}

// zero + floor((acc * m + 2^31) / 2^32). The carry of the 2^31 is the top bit of the low word.
static inline int32_t multiply_high(int32_t acc, int32_t m, int32_t zero) {
#if NETSUKE_DSP
  return dsp::multiply_high(acc, m, zero);
#elif NETSUKE_AVR
  return avr::multiply_high(acc, m, 0x80) + zero;  // avr-gcc multiplies and shifts 64 bits in function calls
#elif NETSUKE_V6M
  return v6m::multiply_high(acc, m) + zero;
#else
  const int64_t p = static_cast<int64_t>(acc) * m;
  return static_cast<int32_t>(p >> 32) + static_cast<int32_t>(static_cast<uint32_t>(p) >> 31) + zero;
#endif
}

#if defined(__ARM_FEATURE_SAT)
template <int kBits>
static inline int32_t saturate(int32_t a) {
  int32_t r;
  __asm__("ssat %0, %1, %2" : "=r"(r) : "I"(kBits), "r"(a));
  return r;
}
#endif

#if defined(__riscv)
// The limits stay in registers: GCC loads them again before each comparison.
static inline int32_t clamp_in_registers(int32_t y, int32_t low, int32_t high) {
  __asm__("bge %0, %1, 1f\n\tmv %0, %1\n1:\tble %0, %2, 2f\n\tmv %0, %2\n2:" : "+r"(y) : "r"(low), "r"(high));
  return y;
}
#endif

// min(max(y, out_min), out_max): one instruction where the limits are those of a type.
template <class P>
inline int32_t clamp_output(int32_t y) {
#if defined(__ARM_FEATURE_SAT)
  if (P::out_min == -128 && P::out_max == 127) return saturate<8>(y);
  if (P::out_min == -32768 && P::out_max == 32767) return saturate<16>(y);
#endif
#if defined(__riscv)
  return clamp_in_registers(y, static_cast<int32_t>(P::out_min), static_cast<int32_t>(P::out_max));
#else
  return clamp_to<int32_t>(y, static_cast<int32_t>(P::out_min), static_cast<int32_t>(P::out_max));
#endif
}

// The same with kShift > 32. What is below the high word of the product cannot reach the result.
template <int kShift>
inline int32_t scaled_high(int32_t acc, int32_t m) {
#if NETSUKE_AVR
  return (avr::multiply_high(acc, m, 0) + (static_cast<int32_t>(1) << (kShift - 33))) >> (kShift - 32);
#else
  return static_cast<int32_t>(scaled<kShift>(acc, m));
#endif
}

// P: shift, out_zero, out_min, out_max. With shift >= 32 the scaled value plus any 16-bit zero point fits 32
// bits; compilers then use the high word of the product (SMMLAR on Armv7E-M).
template <class P, bool kHigh>
struct Requantise {
  static inline int32_t run(int32_t acc, int32_t m) {
    if (P::shift == 32) return clamp_output<P>(multiply_high(acc, m, static_cast<int32_t>(P::out_zero)));
    return clamp_output<P>(scaled_high<(P::shift > 32 ? P::shift : 33)>(acc, m) + static_cast<int32_t>(P::out_zero));
  }
};

template <class P>
struct Requantise<P, false> {
  static inline int32_t run(int32_t acc, int32_t m) {
    return static_cast<int32_t>(clamp_to<int64_t>(scaled<P::shift>(acc, m) + P::out_zero, P::out_min, P::out_max));
  }
};

template <class P>
inline int32_t requantise(int32_t acc, int32_t m) {
  return Requantise<P, (P::shift >= 32)>::run(acc, m);
}

template <class P>
inline int32_t requantise_half_even(int32_t acc, int32_t m) {
  constexpr int64_t kHalf = static_cast<int64_t>(1) << (P::shift - 1);
  const int64_t product = static_cast<int64_t>(acc) * m;
  int64_t y = (product + kHalf) >> P::shift;
  if ((product & (2 * kHalf - 1)) == kHalf) y -= y & 1;
  return static_cast<int32_t>(clamp_to<int64_t>(y + P::out_zero, P::out_min, P::out_max));
}

template <class P>
inline int32_t requantise_small(int32_t sum) {
  return clamp_output<P>(sum >> P::shift);
}

// What becomes of a finished sum, by the type that is stored. The kernels' `multipliers` argument is an array
// of scale_t with out_c entries, or one if P::per_channel is false; int32_t outputs are the sums themselves
// and read none (any pointer will do).
template <class P, class T>
struct Finish {
  typedef int32_t scale_t;
  static inline T run(int32_t acc, int32_t m) { return static_cast<T>(requantise<P>(acc, m)); }
};

template <class P>
struct Finish<P, int32_t> {
  typedef int32_t scale_t;
  static inline int32_t run(int32_t acc, int32_t) { return acc; }
};

template <class P>
struct Finish<P, float> {
  typedef float scale_t;
  static inline float run(int32_t acc, float scale) { return P::act(static_cast<float>(acc) * scale); }
};

template <class P, class T>
struct Scale {
  static inline typename Finish<P, T>::scale_t of(const typename Finish<P, T>::scale_t* p, index_t channel) {
    return rom(p + (P::per_channel ? channel : 0));
  }
};
template <class P>
struct Scale<P, int32_t> {
  static inline int32_t of(const int32_t*, index_t) { return 0; }
};

template <class P>
struct ScaleType {
  typedef typename Finish<P, typename P::out_t>::scale_t type;
};

}  // namespace netsuke

#endif  // NETSUKE_REQUANTISE_HPP
