// What AVR kernels are made of: sums of int8 products in 24 bits, and the high word of a 32-bit product.
//
// FMULS multiplies two int8 and doubles the product; the carry is its sign. So a 24-bit sum of doubled products takes
// 6 cycles per product (9 with the load of the weight from program memory); plain C++ takes 18. Doubled, a product is
// at most 2^15, so that kAvrQuads quads of them fit a sum whatever the values are, and no bound has to be known.
#ifndef NETSUKE_ARCH_AVR_HPP
#define NETSUKE_ARCH_AVR_HPP

#include "../core.hpp"

#if defined(__AVR_HAVE_MUL__) && !defined(__clang__)
#define NETSUKE_AVR 1
#else
#define NETSUKE_AVR 0
#endif

#if NETSUKE_AVR
namespace netsuke {
namespace avr {

__extension__ typedef __int24 sum_t;  // of doubled products

constexpr int kQuads = 63;  // 252 * 2^15 < 2^23

[[gnu::always_inline]] static inline int8_t next(const int8_t*& p) {
  int8_t value;
  __asm__ volatile("ld %0, %a1+" : "=a"(value), "+x"(p));
  return value;
}

// a += 2 * (x * w[0] + y * w[2]), b += 2 * (x * w[1] + y * w[3]); w moves on: as the weights of two lanes lie.
// zero: a register that holds 0.
[[gnu::always_inline]] static inline void add_pairs(sum_t& a, sum_t& b, int8_t x, int8_t y, const int8_t*& w,
                                                    uint8_t zero) {
  int8_t weight;
  __asm__ volatile(
      "lpm %3, %a2+\n\tfmuls %4, %3\n\tsbc %C0, %6\n\tadd %A0, r0\n\tadc %B0, r1\n\tadc %C0, %6\n\t"
      "lpm %3, %a2+\n\tfmuls %4, %3\n\tsbc %C1, %6\n\tadd %A1, r0\n\tadc %B1, r1\n\tadc %C1, %6\n\t"
      "lpm %3, %a2+\n\tfmuls %5, %3\n\tsbc %C0, %6\n\tadd %A0, r0\n\tadc %B0, r1\n\tadc %C0, %6\n\t"
      "lpm %3, %a2+\n\tfmuls %5, %3\n\tsbc %C1, %6\n\tadd %A1, r0\n\tadc %B1, r1\n\tadc %C1, %6\n\t"
      "clr __zero_reg__"
      : "+r"(a), "+r"(b), "+z"(w), "=&a"(weight)
      : "a"(x), "a"(y), "r"(zero)
      : "r0");
}

// (a * b + below * 2^24) >> 32, exact. Columns of byte products from the lowest on: what is summed up to column k
// fits three bytes from there, so no carry goes further. Bytes 1 and 2 of the product pass away before 6 and 7 are
// needed and have their registers, C and D of `high`. The top byte of `a` is most often only a sign.
[[gnu::noinline]] static int32_t multiply_high(int32_t a, int32_t b, uint8_t below) {
  int32_t high = 0;
  uint8_t byte_3 = below;
  const uint8_t zero = 0;
  __asm__(
      "mul %A2, %A3\n\tmov %C0, r1\n\t"
      "mul %A2, %B3\n\tadd %C0, r0\n\tadc %D0, r1\n\tadc %1, %4\n\t"
      "mul %B2, %A3\n\tadd %C0, r0\n\tadc %D0, r1\n\tadc %1, %4\n\tclr %C0\n\t"
      "mul %A2, %C3\n\tadd %D0, r0\n\tadc %1, r1\n\tadc %A0, %4\n\t"
      "mul %B2, %B3\n\tadd %D0, r0\n\tadc %1, r1\n\tadc %A0, %4\n\t"
      "mul %C2, %A3\n\tadd %D0, r0\n\tadc %1, r1\n\tadc %A0, %4\n\tclr %D0\n\t"
      "mul %A2, %D3\n\tadd %1, r0\n\tadc %A0, r1\n\tadc %B0, %4\n\t"
      "mul %B2, %C3\n\tadd %1, r0\n\tadc %A0, r1\n\tadc %B0, %4\n\t"
      "mul %C2, %B3\n\tadd %1, r0\n\tadc %A0, r1\n\tadc %B0, %4\n\t"
      "mul %B2, %D3\n\tadd %A0, r0\n\tadc %B0, r1\n\tadc %C0, %4\n\t"
      "mul %C2, %C3\n\tadd %A0, r0\n\tadc %B0, r1\n\tadc %C0, %4\n\t"
      "mul %C2, %D3\n\tadd %B0, r0\n\tadc %C0, r1\n\t"
      "mov r0, %D2\n\ttst r0\n\tbreq 2f\n\tinc r0\n\tbreq 1f\n\t"
      // More than a sign.
      "mul %D2, %A3\n\tadd %1, r0\n\tadc %A0, r1\n\tadc %B0, %4\n\tadc %C0, %4\n\tadc %D0, %4\n\t"
      "mul %D2, %B3\n\tadd %A0, r0\n\tadc %B0, r1\n\tadc %C0, %4\n\tadc %D0, %4\n\t"
      "mul %D2, %C3\n\tadd %B0, r0\n\tadc %C0, r1\n\tadc %D0, %4\n\t"
      "mul %D2, %D3\n\tadd %C0, r0\n\tadc %D0, r1\n\t"
      "sbrs %D2, 7\n\trjmp 2f\n\t"
      "sub %A0, %A3\n\tsbc %B0, %B3\n\tsbc %C0, %C3\n\tsbc %D0, %D3\n\trjmp 2f\n"
      // It stands for -2^24.
      "1:\n\tsub %1, %A3\n\tsbc %A0, %B3\n\tsbc %B0, %C3\n\tsbc %C0, %D3\n\tsbc %D0, %4\n"
      "2:\n\tclr __zero_reg__"
      : "+&r"(high), "+&r"(byte_3)
      : "r"(a), "r"(b), "r"(zero)
      : "r0");
  return b < 0 ? high - a : high;
}

}  // namespace avr
}  // namespace netsuke
#endif  // NETSUKE_AVR

#endif  // NETSUKE_ARCH_AVR_HPP
