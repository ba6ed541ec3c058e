#include "m4_cost.h"

#include <stddef.h>

// Where a row's register number stands in the instruction word, if not at a plain bit offset.
enum { kNone = -1, kPc = -2, kSp = -3, kSplit = -4 };

// How many words a row transfers beyond what `cycles` says.
enum Words { kFixed, kList8, kList9, kList16, kVfp };

struct Row {
  uint32_t mask, value;
  enum M4Kind kind;
  int cycles;
  int dest, base;  // bit offset of the register's field, or one of the names above
  enum Words words;
};

// The first row that matches wins. Encodings: Armv7-M Architecture Reference Manual, chapter A5.
static const struct Row kNarrow[] = {
    {0xf800, 0x2800, kM4Alu, 1, kNone, kNone, kFixed},      // CMP immediate
    {0xe000, 0x0000, kM4Alu, 1, 0, kNone, kFixed},          // shifts, ADD and SUB of registers
    {0xe000, 0x2000, kM4Alu, 1, 8, kNone, kFixed},          // MOV, ADD, SUB immediate
    {0xffc0, 0x4200, kM4Alu, 1, kNone, kNone, kFixed},      // TST
    {0xff80, 0x4280, kM4Alu, 1, kNone, kNone, kFixed},      // CMP, CMN
    {0xfc00, 0x4000, kM4Alu, 1, 0, kNone, kFixed},          // logic, MUL
    {0xff00, 0x4500, kM4Alu, 1, kNone, kNone, kFixed},      // CMP of high registers
    {0xff00, 0x4700, kM4Other, 1, kNone, kNone, kFixed},    // BX, BLX
    {0xfc00, 0x4400, kM4Alu, 1, kSplit, kNone, kFixed},     // ADD, MOV of high registers
    {0xf800, 0x4800, kM4Load, 2, 8, kPc, kFixed},           // LDR literal
    {0xf800, 0x5000, kM4Store, 2, kNone, 3, kFixed},        // STR, STRH with a register offset
    {0xfe00, 0x5400, kM4Store, 2, kNone, 3, kFixed},        // STRB with a register offset
    {0xf000, 0x5000, kM4Load, 2, 0, 3, kFixed},             // loads with a register offset
    {0xf800, 0x6000, kM4Store, 1, kNone, 3, kFixed},        // STR
    {0xf800, 0x7000, kM4Store, 1, kNone, 3, kFixed},        // STRB
    {0xf800, 0x8000, kM4Store, 1, kNone, 3, kFixed},        // STRH
    {0xf800, 0x6800, kM4Load, 2, 0, 3, kFixed},             // LDR
    {0xf800, 0x7800, kM4Load, 2, 0, 3, kFixed},             // LDRB
    {0xf800, 0x8800, kM4Load, 2, 0, 3, kFixed},             // LDRH
    {0xf800, 0x9000, kM4Store, 1, kNone, kSp, kFixed},      // STR to the stack
    {0xf800, 0x9800, kM4Load, 2, 8, kSp, kFixed},           // LDR from the stack
    {0xf000, 0xa000, kM4Alu, 1, 8, kNone, kFixed},          // ADR, ADD to SP
    {0xff00, 0xb000, kM4Alu, 1, kSp, kNone, kFixed},        // SP adjustment
    {0xf500, 0xb100, kM4Other, 1, kNone, kNone, kFixed},    // CBZ, CBNZ
    {0xff00, 0xb200, kM4Alu, 1, 0, kNone, kFixed},          // extends
    {0xff00, 0xba00, kM4Alu, 1, 0, kNone, kFixed},          // byte reversals
    {0xf600, 0xb400, kM4Multiple, 1, kNone, kSp, kList9},   // PUSH, POP
    {0xf000, 0xc000, kM4Multiple, 1, kNone, kNone, kList8}, // STM, LDM
    {0xf000, 0xd000, kM4Other, 1, kNone, kNone, kFixed},    // B with a condition
    {0xf800, 0xe000, kM4Other, 1, kNone, kNone, kFixed},    // B
    {0, 0, kM4Alu, 1, kNone, kNone, kFixed},                // hints, IT, CPS
};

static const struct Row kWide[] = {
    {0xfe400000, 0xe8000000, kM4Multiple, 1, kNone, kNone, kList16},  // LDM, STM
    {0xfff0ffe0, 0xe8d0f000, kM4Other, 2, kNone, kNone, kFixed},      // TBB, TBH
    {0xff600000, 0xe8400000, kM4Other, 2, kNone, kNone, kFixed},      // exclusive accesses
    {0xfe400000, 0xe8400000, kM4Multiple, 3, kNone, kNone, kFixed},   // LDRD, STRD
    {0xfe000000, 0xea000000, kM4Alu, 1, 8, kNone, kFixed},            // data processing, shifted register
    {0xf8008000, 0xf0000000, kM4Alu, 1, 8, kNone, kFixed},            // data processing, immediate
    {0xf8008000, 0xf0008000, kM4Other, 1, kNone, kNone, kFixed},      // branches, BL, barriers, MSR
    {0xff900800, 0xf8000000, kM4Store, 2, kNone, 16, kFixed},         // stores with a register offset
    {0xff100000, 0xf8000000, kM4Store, 1, kNone, 16, kFixed},         // stores
    {0xfe100000, 0xf8100000, kM4Load, 2, 12, 16, kFixed},             // loads
    {0xff000000, 0xfa000000, kM4Alu, 1, 8, kNone, kFixed},            // extends, parallel adds
    {0xff800000, 0xfb000000, kM4Alu, 1, 8, kNone, kFixed},            // 32-bit multiplies, SMLAD, SMMLA
    {0xffd00000, 0xfb900000, kM4Other, 6, 8, kNone, kFixed},          // SDIV, UDIV
    {0xff800000, 0xfb800000, kM4Alu, 1, 12, kNone, kFixed},           // 64-bit multiplies
    {0xffe00e00, 0xec400a00, kM4Other, 2, kNone, kNone, kFixed},      // VMOV of two core registers
    {0xff200f00, 0xed000b00, kM4Other, 3, kNone, 16, kFixed},         // VLDR, VSTR of 64 bits
    {0xff200f00, 0xed000a00, kM4Other, 2, kNone, 16, kFixed},         // VLDR, VSTR of 32 bits
    {0xfe000e00, 0xec000a00, kM4Multiple, 1, kNone, kNone, kVfp},     // VLDM, VSTM, VPUSH, VPOP
    {0xffa00e10, 0xee000a00, kM4Other, 3, kNone, kNone, kFixed},      // VMLA, VMLS, VNMLA, VNMLS
    {0xffb00e10, 0xee800a00, kM4Other, 14, kNone, kNone, kFixed},     // VDIV
    {0xffb00e10, 0xee900a00, kM4Other, 3, kNone, kNone, kFixed},      // VFNMA, VFNMS
    {0xffb00e10, 0xeea00a00, kM4Other, 3, kNone, kNone, kFixed},      // VFMA, VFMS
    {0xffbf0ed0, 0xeeb10ac0, kM4Other, 14, kNone, kNone, kFixed},     // VSQRT
    {0, 0, kM4Other, 1, kNone, kNone, kFixed},                        // the other VFP instructions
};

static const struct Row* find_row(const struct Row* rows, uint32_t word) {
  while ((word & rows->mask) != rows->value) ++rows;
  return rows;
}

static int register_at(int place, uint32_t word, int width) {
  switch (place) {
    case kNone: return -1;
    case kPc: return 15;
    case kSp: return 13;
    case kSplit: return (int)((word & 7) | ((word >> 4) & 8));
    default: return (int)((word >> place) & ((1u << width) - 1));
  }
}

static int extra_words(enum Words words, uint32_t word) {
  switch (words) {
    case kList8: return __builtin_popcount(word & 0xff);
    case kList9: return __builtin_popcount(word & 0x1ff);
    case kList16: return __builtin_popcount(word & 0xffff);
    case kVfp: return (int)(word & 0xff);
    default: return 0;
  }
}

unsigned thumb_size(const uint8_t* bytes) {
  // 0b11101, 0b11110 and 0b11111 in the top bits of the first halfword start a wide instruction.
  return (bytes[1] >> 3) >= 0x1d ? 4 : 2;
}

struct M4Insn m4_decode(const uint8_t* bytes) {
  const int wide = thumb_size(bytes) == 4;
  const uint32_t first = bytes[0] | (uint32_t)bytes[1] << 8;
  const uint32_t word = wide ? first << 16 | bytes[2] | (uint32_t)bytes[3] << 8 : first;
  const struct Row* row = find_row(wide ? kWide : kNarrow, word);
  const int field = wide ? 4 : 3;
  const struct M4Insn insn = {row->kind, row->cycles + extra_words(row->words, word),
                              register_at(row->dest, word, field), register_at(row->base, word, field)};
  return insn;
}

int m4_cycles(struct M4Insn previous, struct M4Insn insn) {
  if (insn.kind != kM4Load && insn.kind != kM4Store) return insn.cycles;
  const int address_just_made = insn.base >= 0 && insn.base == previous.dest;
  if (previous.kind == kM4Load) return address_just_made ? insn.cycles + 1 : 1;
  return insn.cycles + (previous.kind == kM4Alu && address_just_made);
}
