// Vector table, reset and fault handlers for every Cortex-M board.
#include <stdint.h>

#include "semihost.h"

extern uint32_t __stack_top[];

__attribute__((noreturn)) void start_program(void);
__attribute__((noreturn)) void reset_handler(void);
void fault_handler(void);
__attribute__((noreturn, used)) void report_fault(const uint32_t* frame);

// Armv7-M Architecture Reference Manual, B3.2.
#define REG_ICSR (*(volatile uint32_t*)0xE000ED04u)
#define REG_CCR (*(volatile uint32_t*)0xE000ED14u)
#define REG_CPACR (*(volatile uint32_t*)0xE000ED88u)

enum { kCcrUnalignTrap = 1u << 3, kCpacrFullFpu = 0xFu << 20, kIcsrVectActive = 0x1FF };

void reset_handler(void) {
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
  REG_CPACR |= kCpacrFullFpu;
#endif
#if !defined(__ARM_FEATURE_UNALIGNED)
  // Armv6-M code runs on an emulated Cortex-M3: make it fault on unaligned accesses as its own core does.
  REG_CCR |= kCcrUnalignTrap;
#endif
  __asm__ volatile("dsb\n isb" ::: "memory");
  start_program();
}

// `frame` holds r0-r3, r12, lr, pc, xpsr as the core stacked them.
void report_fault(const uint32_t* frame) {
  semihost_fault(REG_ICSR & kIcsrVectActive, frame[6]);
}

__attribute__((naked)) void fault_handler(void) {
  __asm__ volatile(
      ".syntax unified\n"
      "mrs r0, msp\n"
      "bl report_fault\n");
}

union Vector {
  uint32_t* stack;
  void (*handler)(void);
};

#define FAULT {.handler = fault_handler}
__attribute__((section(".vectors"), used)) const union Vector kVectors[16] = {
    {.stack = __stack_top}, {.handler = reset_handler},
    FAULT, FAULT, FAULT, FAULT, FAULT, FAULT, FAULT, FAULT, FAULT, FAULT, FAULT, FAULT, FAULT, FAULT,
};
