// Armv6-M (Cortex-M0, M0+), which multiplies 32 by 32 bits to 32.
#ifndef NETSUKE_ARCH_V6M_HPP
#define NETSUKE_ARCH_V6M_HPP

#include "../core.hpp"

#if defined(__ARM_ARCH_6M__) && !defined(__ARM_BIG_ENDIAN)
#define NETSUKE_V6M 1
#else
#define NETSUKE_V6M 0
#endif

#if NETSUKE_V6M

namespace netsuke {
namespace v6m {

// floor(x / 2^16) + bit 15 of x, which the shift leaves in the carry. (GCC assembles Armv6-M statements in an older
// syntax unless told.)
[[gnu::always_inline]] static inline int32_t rounded_high_half(int32_t x) {
  int32_t r = 0;
  __asm__(".syntax unified\n\tasrs %1, %1, #16\n\tadcs %0, %1" : "+l"(r), "+l"(x) : : "cc");
  return r;
}

// floor((acc * m + 2^31) / 2^32) by halves: acc = 2^16 a + b, m = 2^16 c + d with b and d in 0 .. 65535. None of the
// sums leaves 32 bits; a library's 64-bit multiplication takes twice as long.
static inline int32_t multiply_high(int32_t acc, int32_t m) {
  const int32_t a = acc >> 16, c = m >> 16, b = static_cast<uint16_t>(acc), d = static_cast<uint16_t>(m);
  const uint32_t low = static_cast<uint32_t>(b) * static_cast<uint32_t>(d);
  const int32_t middle = a * d + static_cast<int32_t>(low >> 16);
  const int32_t rest = b * c + static_cast<uint16_t>(middle);
  return a * c + (middle >> 16) + rounded_high_half(rest);
}

// What dual_tile_s8.hpp adds to the sums of one pixel by two pairs of channels: the corrections at w, then whole > 0
// groups of four steps. sums: `both` and `upper` of the first pair, then of the second, and a word for use here (there
// are only four registers for addresses where one of the lower eight holds the frame). 32768 is not added to a group,
// its effect on `upper` comes from the carry. Returns w behind the groups.
//
// One block, because a group's sums and all others have to live in the upper registers, which GCC uses for spilled
// values only: 2.5 instead of 4.5 instructions per multiply-accumulate.
static inline const int16_t* dual_groups(uint32_t* sums, const int8_t* x, const int16_t* w, index_t corrections,
                                         index_t whole) {
  sums[4] = static_cast<uint32_t>(reinterpret_cast<uintptr_t>(x + 4 * whole));
#define NETSUKE_V6M_PRODUCTS "ldmia %[w]!, {r2, r3}\n\tmuls r2, r4, r2\n\tmuls r3, r4, r3\n\t"
#define NETSUKE_V6M_STEP(k) "ldrb r4, [%[x], #" #k "]\n\tsxtb r4, r4\n\t" NETSUKE_V6M_PRODUCTS
#define NETSUKE_V6M_COLLECT                                                            \
  "movs r4, #0\n\t"                                                                    \
  "add r10, r2\n\tasrs r2, r2, #16\n\tadcs r2, r4\n\tadd r11, r2\n\t"                  \
  "add r12, r3\n\tasrs r3, r3, #16\n\tadcs r3, r4\n\tadd lr, r3\n\t"
  __asm__ volatile(
      ".syntax unified\n\t"
      "ldr r2, [%[sums]]\n\tmov r10, r2\n\tldr r2, [%[sums], #4]\n\tmov r11, r2\n\t"
      "ldr r2, [%[sums], #8]\n\tmov r12, r2\n\tldr r2, [%[sums], #12]\n\tmov lr, r2\n\t"
      "cmp %[n], #0\n\tbeq 2f\n"
      "1:\tldrh r4, [%[w]]\n\tldrsb r4, [%[x], r4]\n\tadds %[w], #4\n\t" NETSUKE_V6M_PRODUCTS NETSUKE_V6M_COLLECT
      "subs %[n], #1\n\tbne 1b\n"
      "2:\tldr %[n], [%[sums], #16]\n"
      "3:\t" NETSUKE_V6M_STEP(0) "mov r8, r2\n\tmov r9, r3\n\t"
      NETSUKE_V6M_STEP(1) "add r8, r2\n\tadd r9, r3\n\t"
      NETSUKE_V6M_STEP(2) "add r8, r2\n\tadd r9, r3\n\t"
      NETSUKE_V6M_STEP(3) "add r2, r8\n\tadd r3, r9\n\t" NETSUKE_V6M_COLLECT
      "adds %[x], #4\n\tcmp %[x], %[n]\n\tbne 3b\n\t"
      "mov r2, r10\n\tstr r2, [%[sums]]\n\tmov r2, r11\n\tstr r2, [%[sums], #4]\n\t"
      "mov r2, r12\n\tstr r2, [%[sums], #8]\n\tmov r2, lr\n\tstr r2, [%[sums], #12]"
      : [x] "+l"(x), [w] "+l"(w), [n] "+l"(corrections)
      : [sums] "l"(sums)
      : "r2", "r3", "r4", "r8", "r9", "r10", "r11", "r12", "lr", "cc", "memory");
#undef NETSUKE_V6M_COLLECT
#undef NETSUKE_V6M_STEP
#undef NETSUKE_V6M_PRODUCTS
  return w;
}

}  // namespace v6m
}  // namespace netsuke

#endif  // NETSUKE_V6M

#endif  // NETSUKE_ARCH_V6M_HPP
