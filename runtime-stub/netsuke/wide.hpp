// From 64-bit sums to stored values: what kernels for int16 share. docs/numerics.md has the formulas.
//
//   sum_s16         out_zero + (((a - a_zero) * a_multiplier + (b - b_zero) * b_multiplier + 2^(shift-1)) >> shift)
//   requantise_s16  out_zero + ((acc * multiplier + 2^(shift-1)) >> shift) of a sum that needs more than 32 bits
//
// both clamped to out_min and out_max.
#ifndef NETSUKE_WIDE_HPP
#define NETSUKE_WIDE_HPP

#include "core.hpp"
#include "requantise.hpp"

// Cores on which a 64-bit product is a function call.
#if defined(__AVR__) || (defined(__thumb__) && !defined(__thumb2__))
#define NETSUKE_SLOW_64 1
#else
#define NETSUKE_SLOW_64 0
#endif

namespace netsuke {

// What is left of a * m once the lowest 16 bits have moved away: m is taken apart into two times 16 bits.
template <int32_t kMultiplier>
struct Halves {
  static constexpr int32_t high = kMultiplier >> 16;
  static constexpr uint16_t low = static_cast<uint16_t>(kMultiplier & 0xffff);
};

// P: a_multiplier, b_multiplier (at most 2^29), a_zero, b_zero, out_zero, shift (1 to 46), out_min, out_max.
template <class P>
struct SumS16 {
  static constexpr int32_t kA = P::a_multiplier, kB = P::b_multiplier, kZero = P::out_zero;
  static constexpr int kShift = P::shift;
  static constexpr int64_t kOffset = (static_cast<int64_t>(1) << (kShift - 1)) -
                                     static_cast<int64_t>(kA) * static_cast<int32_t>(P::a_zero) -
                                     static_cast<int64_t>(kB) * static_cast<int32_t>(P::b_zero);
  // The sum of products stays below 2^46, so from this shift on the result fits 32 bits with any zero point.
  static constexpr bool kShort = kShift >= 18;

  static inline int64_t scaled(int16_t a, int16_t b) {
    return (static_cast<int64_t>(a) * kA + static_cast<int64_t>(b) * kB + kOffset) >> kShift;
  }

  // The same in 32 bits, all 16 lower bits of the sum but for their carry left out. The upper ones fit, since the whole
  // sum is below 2^47; parts of it may wrap around.
  static inline int32_t scaled_by_halves(int16_t a, int16_t b) {
    const int32_t low_a = static_cast<int32_t>(a) * Halves<kA>::low, low_b = static_cast<int32_t>(b) * Halves<kB>::low;
    const int32_t carry = static_cast<int32_t>((static_cast<uint32_t>(low_a) & 0xffffu) +
                                               (static_cast<uint32_t>(low_b) & 0xffffu) +
                                               static_cast<uint32_t>(kOffset & 0xffff)) >> 16;
    const uint32_t high = static_cast<uint32_t>(static_cast<int32_t>(a) * Halves<kA>::high) +
                          static_cast<uint32_t>(static_cast<int32_t>(b) * Halves<kB>::high) +
                          static_cast<uint32_t>(kOffset >> 16);
    const uint32_t sum = high + static_cast<uint32_t>((low_a >> 16) + (low_b >> 16) + carry);
    return static_cast<int32_t>(sum) >> (kShort ? kShift - 16 : 0);
  }

  static inline int32_t run(int16_t a, int16_t b) {
    if (!kShort) return static_cast<int32_t>(clamp_to<int64_t>(scaled(a, b) + kZero, P::out_min, P::out_max));
#if NETSUKE_SLOW_64
    return clamp_output<P>(scaled_by_halves(a, b) + kZero);
#else
    return clamp_output<P>(static_cast<int32_t>(scaled(a, b)) + kZero);
#endif
  }
};

// |acc * multiplier| <= 2^62, 1 <= shift <= 62. P: shift, out_zero, out_min, out_max.
template <class P>
inline int32_t requantise_s16(int64_t acc, int32_t multiplier) {
  const int64_t y = (acc * multiplier + (static_cast<int64_t>(1) << (P::shift - 1))) >> P::shift;
  return static_cast<int32_t>(clamp_to<int64_t>(y + P::out_zero, P::out_min, P::out_max));
}

}  // namespace netsuke

#endif  // NETSUKE_WIDE_HPP
