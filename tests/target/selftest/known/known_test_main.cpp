// Regions of hand-counted instructions; `selftest` knows what the counters have to say about each.
#include <stdint.h>
#include <stdio.h>

#include "known.h"

#ifndef NETSUKE_TEST_BEGIN
#define NETSUKE_TEST_BEGIN()
#define NETSUKE_TEST_END()
#define NETSUKE_TEST_LAP()
#endif

// 1 + 2 * 100 instructions. M4: 1 + 100 subtractions + 100 branches + 99 taken * 2 = 399 cycles.
// AVR: 1 + 100 decrements + 99 taken branches of 2 cycles + 1 not taken = 300 cycles.
static inline __attribute__((always_inline)) void loop() {
#if defined(__arm__)
  __asm__ volatile(
      ".syntax unified\n"
      "movs r0, #100\n"
      "1: subs r0, #1\n"
      "bne 1b\n" ::
          : "r0", "cc");
#elif defined(__riscv)
  __asm__ volatile(
      "li t0, 100\n"
      "1: addi t0, t0, -1\n"
      "bnez t0, 1b\n" ::
          : "t0");
#elif defined(__AVR__)
  __asm__ volatile(
      "ldi r16, 100\n"
      "1: dec r16\n"
      "brne 1b\n" ::
          : "r16");
#endif
}

// One instruction, one cycle.
static inline __attribute__((always_inline)) void step() { __asm__ volatile("nop"); }

#if defined(__ARM_FEATURE_DSP)
// 10 instructions. M4 cycles: LDR 2, LDR 1 (pipelined), LDRD 3, STR 1, LDR of an odd address
// 2 + 2, SMLAD 1, ADD 1, LDR whose address was just made 2 + 1, IT 1, the skipped ADDNE 1: 18.
static inline __attribute__((always_inline)) void mixed(uint32_t* memory) {
  __asm__ volatile(
      ".syntax unified\n"
      "ldr r1, [%0]\n"
      "ldr r2, [%0, #4]\n"
      "ldrd r2, r3, [%0, #8]\n"
      "str r1, [%0, #16]\n"
      "ldr r2, [%0, #1]\n"
      "smlad r2, r1, r1, r2\n"
      "add r3, %0, #4\n"
      "ldr r3, [r3, #4]\n"
      "it ne\n"
      "addne r3, r3, #1\n" ::"r"(memory)
      : "r1", "r2", "r3", "memory");
}
#endif

#if defined(__ARM_FP)
// 5 instructions. M4 cycles: VLDM of two 1 + 2, VFMA 3, VADD 1, VDIV 14, VSTR 2: 23.
static inline __attribute__((always_inline)) void floating(uint32_t* memory) {
  __asm__ volatile(
      "vldm %0, {s0-s1}\n"
      "vfma.f32 s2, s0, s1\n"
      "vadd.f32 s2, s0, s1\n"
      "vdiv.f32 s2, s0, s1\n"
      "vstr s2, [%0]\n" ::"r"(memory)
      : "s0", "s1", "s2", "memory");
}
#endif

int main(void) {
  NETSUKE_TEST_BEGIN();
  NETSUKE_TEST_END();

  NETSUKE_TEST_BEGIN();
  loop();
  NETSUKE_TEST_END();

  // Laps: 201, 1 and 202 instructions.
  NETSUKE_TEST_BEGIN();
  loop();
  NETSUKE_TEST_LAP();
  step();
  NETSUKE_TEST_LAP();
  step();
  loop();
  NETSUKE_TEST_END();

#if defined(__ARM_FEATURE_DSP) || defined(__ARM_FP)
  alignas(8) static uint32_t words[8];
  uint32_t* memory = words;
  __asm__ volatile("" : "+r"(memory));  // the address is in its register before the regions start
#endif
#if defined(__ARM_FEATURE_DSP)
  NETSUKE_TEST_BEGIN();
  mixed(memory);
  NETSUKE_TEST_END();
#endif
#if defined(__ARM_FP)
  NETSUKE_TEST_BEGIN();
  floating(memory);
  NETSUKE_TEST_END();
#endif
  printf("netsuke-test: PASS\n");
  return 0;
}
