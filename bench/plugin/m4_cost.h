// A static estimate of what a Thumb instruction costs on a Cortex-M4.
//
// The figures are those of the Cortex-M4 Technical Reference Manual (r0p1, tables 3-1 and 7-1 and section
// 3.3.2) with zero wait states. It is a model: nothing here was checked on hardware.
//   - single loads take 2 cycles, 1 if a load comes right before and gives neither the address;
//   - stores take 1 (2 with a register offset);
//   - LDRD, LDM, POP, VLDM and their stores take 1 + N words;
//   - an address register computed by the instruction right before costs 1 more;
//   - VFMA and VMLA take 3, VDIV and VSQRT 14, SDIV and UDIV 6 (the manual says 2 to 12);
//   - a taken branch takes kM4TakenBranch more, an unaligned access 1 or 2 more (count.c adds these).
#ifndef NETSUKE_BENCH_M4_COST_H
#define NETSUKE_BENCH_M4_COST_H

#include <stdint.h>

enum { kM4TakenBranch = 2 };

enum M4Kind { kM4Alu, kM4Load, kM4Store, kM4Multiple, kM4Other };

struct M4Insn {
  enum M4Kind kind;
  int cycles;  // on its own, before what its neighbour changes
  int dest;    // the core register it computes or loads, -1 if none
  int base;    // the core register its address comes from, -1 if none
};

// Bytes of the instruction that starts with these two: 2 or 4.
unsigned thumb_size(const uint8_t* bytes);

struct M4Insn m4_decode(const uint8_t* bytes);

// Cycles of `insn` when `previous` ran right before it.
int m4_cycles(struct M4Insn previous, struct M4Insn insn);

#endif  // NETSUKE_BENCH_M4_COST_H
