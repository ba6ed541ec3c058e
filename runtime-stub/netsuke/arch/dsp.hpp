// Armv7E-M DSP instructions (Cortex-M4, M7, M33, and M55 without Helium), one function each.
//
// These are assembly and not ACLE intrinsics because the compiler then keeps the order that is written:
// GCC 12 otherwise gathers loads ahead of the sums and spills (1.03 instead of 0.84 instructions per
// multiply-accumulate in a 64 -> 64 pointwise convolution). Every block is one instruction with operands of
// the compiler's choice, so it compiles wherever it is inlined.
//
// A "pair" is a word of two int16, the first in the low half.
#ifndef NETSUKE_ARCH_DSP_HPP
#define NETSUKE_ARCH_DSP_HPP

#include "../core.hpp"

#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__) && !defined(__ARM_BIG_ENDIAN)
#define NETSUKE_DSP 1
#else
#define NETSUKE_DSP 0
#endif

#if NETSUKE_DSP

namespace netsuke {
namespace dsp {

// Two words from p, which moves on.
[[gnu::always_inline]] static inline void load_two(uint32_t& a, uint32_t& b, const uint32_t*& p) {
  __asm__ volatile("ldrd %0, %1, [%2], #8" : "=&r"(a), "=&r"(b), "+&r"(p) : : "memory");
}
[[gnu::always_inline]] static inline void load_two(int32_t& a, int32_t& b, const int32_t*& p) {
  __asm__ volatile("ldrd %0, %1, [%2], #8" : "=&r"(a), "=&r"(b), "+&r"(p) : : "memory");
}
[[gnu::always_inline]] static inline uint32_t load_one(const uint32_t*& p) {
  uint32_t a;
  __asm__ volatile("ldr %0, [%1], #4" : "=&r"(a), "+&r"(p) : : "memory");
  return a;
}
// Two words, kOffset bytes from p.
template <int kOffset>
[[gnu::always_inline]] static inline void load_two_at(uint32_t& a, uint32_t& b, const uint32_t* p) {
  __asm__ volatile("ldrd %0, %1, [%2, %3]" : "=&r"(a), "=&r"(b) : "r"(p), "i"(kOffset) : "memory");
}
// The same to memory; p is a multiple of 4.
template <int kOffset>
[[gnu::always_inline]] static inline void store_two_at(uint32_t* p, uint32_t a, uint32_t b) {
  __asm__ volatile("strd %0, %1, [%2, %3]" : : "r"(a), "r"(b), "r"(p), "i"(kOffset) : "memory");
}
// A pointer that waits in memory while the registers have better to do.
[[gnu::always_inline]] static inline const uint32_t* fetch(const uint32_t* const& from) {
  const uint32_t* p;
  __asm__ volatile("ldr %0, %1" : "=r"(p) : "m"(from));
  return p;
}
// Words at any address: these cores load them unaligned.
[[gnu::always_inline]] static inline uint32_t load_bytes(const int8_t* p) {
  uint32_t a;
  __builtin_memcpy(&a, p, 4);
  return a;
}
[[gnu::always_inline]] static inline void store_bytes(int8_t* p, uint32_t a) { __builtin_memcpy(p, &a, 4); }

// sum + a.low * b.low + a.high * b.high, modulo 2^32.
[[gnu::always_inline]] static inline int32_t dual_add(uint32_t a, uint32_t b, int32_t sum) {
  int32_t r;
  __asm__ volatile("smlad %0, %1, %2, %3" : "=r"(r) : "r"(a), "r"(b), "r"(sum));
  return r;
}
// The same into the register of the sum: what long sums want, whose registers must not wander.
[[gnu::always_inline]] static inline void dual_add_to(int32_t& sum, uint32_t a, uint32_t b) {
  __asm__ volatile("smlad %0, %1, %2, %0" : "+r"(sum) : "r"(a), "r"(b));
}
// Four words by one LDM, which wants registers of ascending numbers, so here they are named: the high ones, because
// the compiler likes to have the low ones. By two LDRD it would be an instruction and a cycle more.
// Each word is multiplied into the sum of its own:
[[gnu::always_inline]] static inline void dual_add_four(int32_t& a, int32_t& b, int32_t& c, int32_t& d, uint32_t x,
                                                        const uint32_t*& w) {
  __asm__ volatile(
      "ldmia %[w]!, {r8, r9, r10, r11}\n\t"
      "smlad %[a], %[x], r8, %[a]\n\t"
      "smlad %[b], %[x], r9, %[b]\n\t"
      "smlad %[c], %[x], r10, %[c]\n\t"
      "smlad %[d], %[x], r11, %[d]"
      : [a] "+r"(a), [b] "+r"(b), [c] "+r"(c), [d] "+r"(d), [w] "+r"(w)
      : [x] "r"(x)
      : "r8", "r9", "r10", "r11", "memory");
}
// Each word is two pairs, as keep_even_bytes has it: two words for x, two for y.
[[gnu::always_inline]] static inline void dual_add_folded(int32_t& a, int32_t& b, int32_t& c, int32_t& d, uint32_t x,
                                                          uint32_t y, const uint32_t*& w) {
  __asm__ volatile(
      "ldmia %[w]!, {r8, r9, r10, r11}\n\t"
      "smlad %[b], %[x], r8, %[b]\n\t"
      "sxtb16 r8, r8\n\t"
      "smlad %[d], %[x], r9, %[d]\n\t"
      "sxtb16 r9, r9\n\t"
      "smlad %[b], %[y], r10, %[b]\n\t"
      "sxtb16 r10, r10\n\t"
      "smlad %[d], %[y], r11, %[d]\n\t"
      "sxtb16 r11, r11\n\t"
      "smlad %[a], %[x], r8, %[a]\n\t"
      "smlad %[c], %[x], r9, %[c]\n\t"
      "smlad %[a], %[y], r10, %[a]\n\t"
      "smlad %[c], %[y], r11, %[c]"
      : [a] "+r"(a), [b] "+r"(b), [c] "+r"(c), [d] "+r"(d), [w] "+r"(w)
      : [x] "r"(x), [y] "r"(y)
      : "r8", "r9", "r10", "r11", "memory");
}
// Single products of halves: add_LH is a.low * b.high.
[[gnu::always_inline]] static inline int32_t add_ll(uint32_t a, uint32_t b, int32_t sum) {
  int32_t r;
  __asm__ volatile("smlabb %0, %1, %2, %3" : "=r"(r) : "r"(a), "r"(b), "r"(sum));
  return r;
}
[[gnu::always_inline]] static inline int32_t add_lh(uint32_t a, uint32_t b, int32_t sum) {
  int32_t r;
  __asm__ volatile("smlabt %0, %1, %2, %3" : "=r"(r) : "r"(a), "r"(b), "r"(sum));
  return r;
}
[[gnu::always_inline]] static inline int32_t add_hl(uint32_t a, uint32_t b, int32_t sum) {
  int32_t r;
  __asm__ volatile("smlatb %0, %1, %2, %3" : "=r"(r) : "r"(a), "r"(b), "r"(sum));
  return r;
}

// Bytes 0 and 2, or 1 and 3, as a pair.
[[gnu::always_inline]] static inline uint32_t even_bytes(uint32_t a) {
  uint32_t r;
  __asm__("sxtb16 %0, %1" : "=r"(r) : "r"(a));
  return r;
}
[[gnu::always_inline]] static inline uint32_t odd_bytes(uint32_t a) {
  uint32_t r;
  __asm__("sxtb16 %0, %1, ror #8" : "=r"(r) : "r"(a));
  return r;
}
// The even bytes in the register of the word, where there is no other left.
[[gnu::always_inline]] static inline void keep_even_bytes(uint32_t& a) { __asm__ volatile("sxtb16 %0, %0" : "+r"(a)); }
// The low halves of a and b, or the high ones.
[[gnu::always_inline]] static inline uint32_t low_halves(uint32_t a, uint32_t b) {
  uint32_t r;
  __asm__("pkhbt %0, %1, %2, lsl #16" : "=r"(r) : "r"(a), "r"(b));
  return r;
}
[[gnu::always_inline]] static inline uint32_t high_halves(uint32_t a, uint32_t b) {
  uint32_t r;
  __asm__("pkhtb %0, %1, %2, asr #16" : "=r"(r) : "r"(b), "r"(a));
  return r;
}

// The low half of a and the high one of b.
[[gnu::always_inline]] static inline uint32_t low_and_high(uint32_t a, uint32_t b) {
  uint32_t r;
  __asm__("pkhbt %0, %1, %2" : "=r"(r) : "r"(a), "r"(b));
  return r;
}

// zero + floor((acc * m + 2^31) / 2^32)
[[gnu::always_inline]] static inline int32_t multiply_high(int32_t acc, int32_t m, int32_t zero) {
  int32_t r;
  __asm__ volatile("smmlar %0, %1, %2, %3" : "=r"(r) : "r"(acc), "r"(m), "r"(zero));
  return r;
}

// The same with zero = 0.
[[gnu::always_inline]] static inline int32_t multiply_high(int32_t acc, int32_t m) {
  int32_t r;
  __asm__ volatile("smmulr %0, %1, %2" : "=r"(r) : "r"(acc), "r"(m));
  return r;
}

// Four values to unsigned bytes, each clamped to 0 .. 255 (they fit 16 bits).
[[gnu::always_inline]] static inline uint32_t pack_bytes(int32_t a, int32_t b, int32_t c, int32_t d) {
  uint32_t even = low_halves(static_cast<uint32_t>(a), static_cast<uint32_t>(c));
  uint32_t odd = low_halves(static_cast<uint32_t>(b), static_cast<uint32_t>(d));
  __asm__("usat16 %0, #8, %0" : "+r"(even));
  __asm__("usat16 %0, #8, %0" : "+r"(odd));
  return even | odd << 8;
}
// max(byte, low) and min(byte, high) of four unsigned bytes.
template <uint32_t kLow>
[[gnu::always_inline]] static inline uint32_t bytes_at_least(uint32_t x) {
  uint32_t r;
  __asm__("uqsub8 %0, %1, %2" : "=r"(r) : "r"(x), "r"(kLow * 0x01010101u));
  return r + kLow * 0x01010101u;
}
template <uint32_t kHigh>
[[gnu::always_inline]] static inline uint32_t bytes_at_most(uint32_t x) {
  uint32_t r;
  __asm__("uqadd8 %0, %1, %2" : "=r"(r) : "r"(x), "r"((255 - kHigh) * 0x01010101u));
  return r - (255 - kHigh) * 0x01010101u;
}

}  // namespace dsp
}  // namespace netsuke

#endif  // NETSUKE_DSP

#endif  // NETSUKE_ARCH_DSP_HPP
