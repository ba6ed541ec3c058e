// Two products by one multiplication: the primitives of dual_tile_s8.hpp, for RV32IM, Armv7-M, and any other core by
// plain C++.
//
// As in scalar.hpp, each is an assembly statement where the compiler's order would cost registers: GCC takes the
// constants out of the sums on Armv7-M and spills (2.7 instead of 1.5 instructions per multiply-accumulate).
#ifndef NETSUKE_ARCH_DUAL_HPP
#define NETSUKE_ARCH_DUAL_HPP

#include "scalar.hpp"

#if defined(__thumb2__) && !defined(__ARM_BIG_ENDIAN)
#define NETSUKE_DUAL_THUMB2 1
#else
#define NETSUKE_DUAL_THUMB2 0
#endif

namespace netsuke {

// Two 16-bit halves as one word, the first below. p is a multiple of 4.
[[gnu::always_inline]] static inline uint32_t load_word(const int16_t* p) {
#if NETSUKE_DUAL_THUMB2 || NETSUKE_SCALAR_ASM
  uint32_t a;
#if NETSUKE_SCALAR_ASM
  __asm__ volatile("lw %0, %1" : "=r"(a) : "m"(*p));
#else
  __asm__ volatile("ldr %0, %1" : "=r"(a) : "m"(*p));
#endif
  return a;
#elif !defined(__AVR__) && defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  uint32_t a;
  __builtin_memcpy(&a, __builtin_assume_aligned(p, 4), 4);
  return a;
#else
  return static_cast<uint16_t>(rom(p)) | static_cast<uint32_t>(static_cast<uint16_t>(rom(p + 1))) << 16;
#endif
}
// The words at p and p + 2.
[[gnu::always_inline]] static inline void load_two_words(uint32_t& a, uint32_t& b, const int16_t* p) {
#if NETSUKE_DUAL_THUMB2
  __asm__ volatile("ldrd %0, %1, %2" : "=&r"(a), "=&r"(b) : "m"(*static_cast<const uint64_t*>(static_cast<const void*>(p))));
#else
  a = load_word(p);
  b = load_word(p + 2);
#endif
}

// A factor for both halves of a word.
[[gnu::always_inline]] static inline uint32_t load_factor(const int8_t* p) {
#if NETSUKE_DUAL_THUMB2
  uint32_t value;
  __asm__ volatile("ldrsb %0, %1" : "=r"(value) : "m"(*p));
  return value;
#else
  return static_cast<uint32_t>(static_cast<int32_t>(load_value(p)));
#endif
}

// start + x * w
[[gnu::always_inline]] static inline uint32_t multiply_add_to(uint32_t start, uint32_t x, uint32_t w) {
#if NETSUKE_DUAL_THUMB2
  uint32_t sum;
  __asm__ volatile("mla %0, %1, %2, %3" : "=r"(sum) : "r"(x), "r"(w), "r"(start));
  return sum;
#elif NETSUKE_SCALAR_ASM
  uint32_t sum;
  __asm__ volatile("mul %0, %1, %2\n\tadd %0, %0, %3" : "=&r"(sum) : "r"(x), "r"(w), "r"(start));
  return sum;
#else
  return start + x * w;
#endif
}

// both += group, upper += group >> 16
[[gnu::always_inline]] static inline void collect_group(uint32_t& both, uint32_t& upper, uint32_t group) {
#if NETSUKE_DUAL_THUMB2
  __asm__ volatile("add %0, %0, %2\n\tadd %1, %1, %2, asr #16" : "+r"(both), "+&r"(upper) : "r"(group));
#elif NETSUKE_SCALAR_ASM
  uint32_t high;
  __asm__ volatile("srai %2, %3, 16\n\tadd %0, %0, %3\n\tadd %1, %1, %2" : "+&r"(both), "+r"(upper), "=&r"(high) : "r"(group));
#else
  both += group;
  upper += static_cast<uint32_t>(static_cast<int32_t>(group) >> 16);
#endif
}

}  // namespace netsuke

#endif  // NETSUKE_ARCH_DUAL_HPP
