// Measures one inference on a target. Builds pass `-include probe.hpp` when they compile NAME_test_main.cpp,
// which calls the macros below around each call of NAME_run().
//
//   NETSUKE_TEST_BEGIN()  paints the free stack, then marks the start for the counter outside
//   NETSUKE_TEST_END()    marks the end, then prints `netsuke-stack: N`: the deepest use of the stack in
//                         bytes, return address included, below the caller's own frame; or
//                         `netsuke-stack: overflow` if it reached the limit
//   NETSUKE_TEST_LAP()    splits the region between the two
//
// With -DNETSUKE_PROBE_MODEL=NAME, for code that was generated with --profile, each layer is a lap of its own between laps
// of what is not a layer; NETSUKE_TEST_END() then prints which, in their order: `netsuke-layer: N`.
//
// The counter outside is bench/plugin/count.c in QEMU, simavr/run_avr.c for AVR. Interrupts are off, so that
// all that is written below the stack pointer is the inference's.
#ifndef NETSUKE_TARGET_PROBE_HPP
#define NETSUKE_TARGET_PROBE_HPP

#include <stdint.h>
#include <stdio.h>

#if defined(__AVR__)
#include <avr/io.h>
#endif

namespace netsuke_probe {

// The byte is unlikely as an activation, a length or an address on any of the targets.
constexpr uint8_t kPaint = 0xC5;

#if defined(__AVR__)
extern "C" uint8_t __heap_start[];  // avr-libc: first byte after .bss; nothing here uses the heap
inline __attribute__((always_inline)) uint8_t* stack_limit() { return __heap_start; }
inline __attribute__((always_inline)) uint8_t* stack_pointer() {
  return reinterpret_cast<uint8_t*>(SP) + 1;  // SP points at the next free byte
}
#else
extern "C" uint8_t __stack_limit[];  // sections.ld
inline __attribute__((always_inline)) uint8_t* stack_limit() { return __stack_limit; }
inline __attribute__((always_inline)) uint8_t* stack_pointer() {
  uint8_t* sp;
#if defined(__arm__)
  __asm__ volatile("mov %0, sp" : "=r"(sp));
#else
  __asm__ volatile("mv %0, sp" : "=r"(sp));
#endif
  return sp;
}
#endif

// Inlined into the caller: a frame of its own would lie in what it paints.
inline __attribute__((always_inline)) uint8_t* paint_stack() {
  uint8_t* const top = stack_pointer();
  for (volatile uint8_t* p = top; p != stack_limit();) *--p = kPaint;
  return top;
}

// Both run after the inference; what they push themselves no longer matters, the lowest change is found.
inline __attribute__((always_inline)) uint8_t* lowest_change(uint8_t* top) {
  volatile uint8_t* p = stack_limit();
  while (p != top && *p == kPaint) ++p;
  return const_cast<uint8_t*>(p);
}

inline void print_stack(uint8_t* top, uint8_t* lowest) {
  if (lowest == stack_limit()) {
    printf("netsuke-stack: overflow\n");
  } else {
    printf("netsuke-stack: %lu\n", static_cast<unsigned long>(top - lowest));
  }
}

#if defined(__AVR__)
// Bits of GPIOR0 that run_avr.c watches: 0 begin, 1 end, 2 lap. SBI takes 2 cycles and no register.
#define NETSUKE_PROBE_MARK(bit) \
  __asm__ volatile("sbi %0, %1" ::"I"(_SFR_IO_ADDR(GPIOR0)), "I"(bit) : "memory")
#elif defined(__arm__)
// Reserved hints: no operation on every core. 0xbf60 begin, 0xbf70 end, 0xbf80 lap.
#define NETSUKE_PROBE_MARK(bit) __asm__ volatile(".inst.n 0xbf60 + 16 * %c0" ::"i"(bit) : "memory")
#else
// slti x0, x0, N is a hint: no operation. 6 begin, 7 end, 8 lap.
#define NETSUKE_PROBE_MARK(bit) __asm__ volatile("slti x0, x0, 6 + %0" ::"i"(bit) : "memory")
#endif

}  // namespace netsuke_probe

// The two macros share a block, so that the painted top needs no global.
#define NETSUKE_TEST_BEGIN()                                         \
  {                                                                  \
    uint8_t* const netsuke_probe_top = netsuke_probe::paint_stack(); \
    NETSUKE_PROBE_MARK(0)
#define NETSUKE_TEST_END()                                                                           \
    NETSUKE_PROBE_MARK(1);                                                                           \
    netsuke_probe::print_stack(netsuke_probe_top, netsuke_probe::lowest_change(netsuke_probe_top));  \
    netsuke_probe::print_turns();                                                                    \
  }                                                                                                  \
  static_cast<void>(0)
#define NETSUKE_TEST_LAP() NETSUKE_PROBE_MARK(2)

#if defined(NETSUKE_PROBE_MODEL)
#define NETSUKE_PROBE_JOIN_2(a, b) a##b
#define NETSUKE_PROBE_JOIN(a, b) NETSUKE_PROBE_JOIN_2(a, b)

namespace netsuke_probe {
// Of all layers in one inference.
#if defined(__AVR__)
constexpr uint32_t kMostTurns = 64;
#else
constexpr uint32_t kMostTurns = 16384;
#endif
static uint8_t turns[kMostTurns];
static uint32_t turn_count;

inline void print_turns() {
  if (turn_count > kMostTurns) printf("netsuke-layer: too many\n");
  for (uint32_t i = 0; i < turn_count && i < kMostTurns; ++i) printf("netsuke-layer: %u\n", static_cast<unsigned>(turns[i]));
  turn_count = 0;
}
}  // namespace netsuke_probe

extern "C" bool NETSUKE_PROBE_JOIN(NETSUKE_PROBE_MODEL, _layer_begin)(int layer) {
  if (netsuke_probe::turn_count < netsuke_probe::kMostTurns)
    netsuke_probe::turns[netsuke_probe::turn_count] = static_cast<uint8_t>(layer);
  ++netsuke_probe::turn_count;
  NETSUKE_PROBE_MARK(2);
  return true;
}
extern "C" void NETSUKE_PROBE_JOIN(NETSUKE_PROBE_MODEL, _layer_end)(int) { NETSUKE_PROBE_MARK(2); }
#else
namespace netsuke_probe {
inline void print_turns() {}
}  // namespace netsuke_probe
#endif

// Own section: boards with several memories put the arena where it fits (board/*.ld).
#if !defined(__AVR__)
#define NETSUKE_ARENA_SECTION __attribute__((section(".netsuke_arena")))
#endif

#endif  // NETSUKE_TARGET_PROBE_HPP
