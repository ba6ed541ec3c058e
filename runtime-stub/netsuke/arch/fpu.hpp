// Sums of products in the registers of a scalar FPU (Armv7E-M and Armv8-M with FPv4-SP or FPv5).
//
// A compiler loads every weight by an instruction of its own: two instructions per multiply-add. VLDM loads eight, if
// they lie in order and the registers are known; so the registers are assigned here: 1.17 instructions.
#ifndef NETSUKE_ARCH_FPU_HPP
#define NETSUKE_ARCH_FPU_HPP

#include "../core.hpp"

#if defined(__arm__) && defined(__ARM_FEATURE_FMA) && defined(__ARM_FP) && !defined(__ARM_FEATURE_MVE)
#define NETSUKE_FPU 1
#else
#define NETSUKE_FPU 0
#endif

#if NETSUKE_FPU
namespace netsuke {
namespace fpu {

// sums[lane] += x[k] * w[16 * k + lane] for 16 lanes and k from 0 to steps - 1, in this order; steps: 4, 8, ...
// A function for all layers. What is between .irp and .endr is written out once for each of the four inputs.
[[gnu::noinline]] static void add_products_16(const float* x, const float* w, float* sums, index_t steps) {
  __asm__ volatile(
      "vldmia %[sums], {s0-s15}\n"
      "1:\n\t"
      "vldmia %[x]!, {s24-s27}\n\t"
      ".irp x, s24, s25, s26, s27\n\t"
      "vldmia %[w]!, {s16-s23}\n\t"
      "vfma.f32 s0, \\x, s16\n\tvfma.f32 s1, \\x, s17\n\tvfma.f32 s2, \\x, s18\n\tvfma.f32 s3, \\x, s19\n\t"
      "vfma.f32 s4, \\x, s20\n\tvfma.f32 s5, \\x, s21\n\tvfma.f32 s6, \\x, s22\n\tvfma.f32 s7, \\x, s23\n\t"
      "vldmia %[w]!, {s16-s23}\n\t"
      "vfma.f32 s8, \\x, s16\n\tvfma.f32 s9, \\x, s17\n\tvfma.f32 s10, \\x, s18\n\tvfma.f32 s11, \\x, s19\n\t"
      "vfma.f32 s12, \\x, s20\n\tvfma.f32 s13, \\x, s21\n\tvfma.f32 s14, \\x, s22\n\tvfma.f32 s15, \\x, s23\n\t"
      ".endr\n\t"
      "cmp %[x], %[end]\n\t"
      "bne 1b\n\t"
      "vstmia %[sums], {s0-s15}"
      : [x] "+&r"(x), [w] "+&r"(w)
      : [sums] "r"(sums), [end] "r"(x + steps)
      : "cc", "memory", "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "s12", "s13", "s14",
        "s15", "s16", "s17", "s18", "s19", "s20", "s21", "s22", "s23", "s24", "s25", "s26", "s27");
}

}  // namespace fpu
}  // namespace netsuke
#endif  // NETSUKE_FPU

#endif  // NETSUKE_ARCH_FPU_HPP
