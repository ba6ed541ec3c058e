/* The cycle counter of the data watchpoint and trace unit: Cortex-M3, M4, M7, M33, M55. A Cortex-M0+ has none: use
   SysTick there. Registers: Arm v7-M Architecture Reference Manual, C1.6.5 (DEMCR) and C1.8 (DWT). */
#include "clock.h"

static volatile uint32_t* const demcr = (volatile uint32_t*)0xE000EDFCu;
static volatile uint32_t* const dwt_ctrl = (volatile uint32_t*)0xE0001000u;
static volatile uint32_t* const dwt_cyccnt = (volatile uint32_t*)0xE0001004u;

static const uint32_t trace_enable = 1u << 24;  /* DEMCR.TRCENA */
static const uint32_t count_enable = 1u;        /* DWT_CTRL.CYCCNTENA */

const char clock_unit[] = "cycles";

bool clock_start(void) {
  *demcr |= trace_enable;
  *dwt_cyccnt = 0;
  *dwt_ctrl |= count_enable;
  /* An emulator without the unit lets the counter stand still. */
  const uint32_t before = *dwt_cyccnt;
  for (volatile int i = 0; i < 100; ++i) {
  }
  return *dwt_cyccnt != before;
}

uint32_t clock_now(void) { return *dwt_cyccnt; }
