// The sums of a Helium tile: VMLADAV adds the products of 16 inputs and 16 weights to a register, and eight registers
// can be added to: two pixels (a, b) by four channels, 14 instructions for 128 multiply-accumulates, or one pixel
// by two blocks (a, b) of four channels, 17.
#ifndef NETSUKE_ARCH_SUMS_MVE_HPP
#define NETSUKE_ARCH_SUMS_MVE_HPP

#include "mve.hpp"

#if NETSUKE_MVE

// Where the assembly below is used: it takes 10 to 12 registers. Clang gives up over so many even ones, and without
// optimisation there are not enough.
#if !defined(__clang__) && defined(__OPTIMIZE__)
#define NETSUKE_MVE_ASM 1
#else
#define NETSUKE_MVE_ASM 0
#endif

namespace netsuke {

// Vectors written out per turn of the loop over a long sum, 56 to 68 bytes of code each; short sums have no loop.
#if defined(__OPTIMIZE_SIZE__)
constexpr int kShortSum = 1;
constexpr int unroll_vectors(int) {
  return 1;
}
#else
constexpr int kShortSum = 10;
constexpr int unroll_vectors(int vectors) {
  return vectors < kShortSum ? vectors : (vectors % 8 < vectors % 7 ? 8 : 7);
}
#endif

struct MveSums {
  int32_t a0, a1, a2, a3, b0, b1, b2, b3;

  [[gnu::always_inline]] inline int32x4_t a() const { return mve::lanes(a0, a1, a2, a3); }
  [[gnu::always_inline]] inline int32x4_t b() const { return mve::lanes(b0, b1, b2, b3); }

#if NETSUKE_MVE_ASM
  // Pixels of one vector each, weights that stay in registers; x moves on by both.
  [[gnu::always_inline]] inline void two_vectors(const int8_t*& x, int8x16_t w0, int8x16_t w1, int8x16_t w2,
                                                 int8x16_t w3) {
    int8x16_t p, q;
    __asm__ volatile(
        "vldrb.8 %q[p], [%[x]], #16\n\t"
        "vldrb.8 %q[q], [%[x]], #16\n\t"
        "vmladav.s8 %[a0], %q[p], %q[w0]\n\t"
        "vmladav.s8 %[b0], %q[q], %q[w0]\n\t"
        "vmladav.s8 %[a1], %q[p], %q[w1]\n\t"
        "vmladav.s8 %[b1], %q[q], %q[w1]\n\t"
        "vmladav.s8 %[a2], %q[p], %q[w2]\n\t"
        "vmladav.s8 %[b2], %q[q], %q[w2]\n\t"
        "vmladav.s8 %[a3], %q[p], %q[w3]\n\t"
        "vmladav.s8 %[b3], %q[q], %q[w3]"
        : [a0] "=&Te"(a0), [a1] "=&Te"(a1), [a2] "=&Te"(a2), [a3] "=&Te"(a3), [b0] "=&Te"(b0), [b1] "=&Te"(b1),
          [b2] "=&Te"(b2), [b3] "=&Te"(b3), [x] "+&r"(x), [p] "=&w"(p), [q] "=&w"(q)
        : [w0] "w"(w0), [w1] "w"(w1), [w2] "w"(w2), [w3] "w"(w3)
        : "memory");
  }

  // The pixels are kVectors apart; x moves on by one pixel, w to the next block.
  template <int kVectors>
  [[gnu::always_inline]] inline void two_pixels(const int8_t*& x, const int8_t*& w) {
    __asm__ volatile(
        ".macro netsuke_step op\n\t"
        "vldrw.32 q1, [%[x], #%c[pitch]]\n\t"
        "vldrw.32 q0, [%[x]], #16\n\t"
        "vldrb.8 q2, [%[w]], #16\n\t"
        "\\op\\().s8 %[a0], q0, q2\n\t"
        "\\op\\().s8 %[b0], q1, q2\n\t"
        "vldrb.8 q3, [%[w]], #16\n\t"
        "\\op\\().s8 %[a1], q0, q3\n\t"
        "\\op\\().s8 %[b1], q1, q3\n\t"
        "vldrb.8 q2, [%[w]], #16\n\t"
        "\\op\\().s8 %[a2], q0, q2\n\t"
        "\\op\\().s8 %[b2], q1, q2\n\t"
        "vldrb.8 q3, [%[w]], #16\n\t"
        "\\op\\().s8 %[a3], q0, q3\n\t"
        "\\op\\().s8 %[b3], q1, q3\n\t"
        ".endm\n\t"
        "netsuke_step vmladav\n\t"
        ".rept %c[rest]\n\t"
        "netsuke_step vmladava\n\t"
        ".endr\n\t"
        ".purgem netsuke_step"
        : [a0] "=&Te"(a0), [a1] "=&Te"(a1), [a2] "=&Te"(a2), [a3] "=&Te"(a3), [b0] "=&Te"(b0), [b1] "=&Te"(b1),
          [b2] "=&Te"(b2), [b3] "=&Te"(b3), [x] "+&r"(x), [w] "+&r"(w)
        : [rest] "i"(kVectors - 1), [pitch] "i"(kVectors * 16)
        : "q0", "q1", "q2", "q3", "memory");
  }

  // The same in turns of a loop: the first vector starts the sums, then follow kRest, then kTurns * kUnroll.
  template <int kVectors>
  [[gnu::always_inline]] inline void two_long_pixels(const int8_t*& x, const int8_t*& w) {
    constexpr int kUnroll = unroll_vectors(kVectors - 1), kTurns = (kVectors - 1) / kUnroll;
    constexpr int kRest = kVectors - 1 - kTurns * kUnroll;
    const int8_t* y = x + kVectors * 16;
    int32_t turns;
    __asm__ volatile(
        ".macro netsuke_step op\n\t"
        "vldrb.8 q0, [%[x]], #16\n\t"
        "vldrb.8 q1, [%[y]], #16\n\t"
        "vldrb.8 q2, [%[w]], #16\n\t"
        "\\op\\().s8 %[a0], q0, q2\n\t"
        "\\op\\().s8 %[b0], q1, q2\n\t"
        "vldrb.8 q3, [%[w]], #16\n\t"
        "\\op\\().s8 %[a1], q0, q3\n\t"
        "\\op\\().s8 %[b1], q1, q3\n\t"
        "vldrb.8 q2, [%[w]], #16\n\t"
        "\\op\\().s8 %[a2], q0, q2\n\t"
        "\\op\\().s8 %[b2], q1, q2\n\t"
        "vldrb.8 q3, [%[w]], #16\n\t"
        "\\op\\().s8 %[a3], q0, q3\n\t"
        "\\op\\().s8 %[b3], q1, q3\n\t"
        ".endm\n\t"
        "netsuke_step vmladav\n\t"
        ".rept %c[rest]\n\t"
        "netsuke_step vmladava\n\t"
        ".endr\n\t"
        "movs %[turns], #%c[count]\n"
        "1:\n\t"
        ".rept %c[unroll]\n\t"
        "netsuke_step vmladava\n\t"
        ".endr\n\t"
        "subs %[turns], %[turns], #1\n\t"
        "bne 1b\n\t"
        ".purgem netsuke_step"
        : [a0] "=&Te"(a0), [a1] "=&Te"(a1), [a2] "=&Te"(a2), [a3] "=&Te"(a3), [b0] "=&Te"(b0), [b1] "=&Te"(b1),
          [b2] "=&Te"(b2), [b3] "=&Te"(b3), [x] "+&r"(x), [y] "+&r"(y), [w] "+&r"(w), [turns] "=&r"(turns)
        : [rest] "i"(kRest), [count] "i"(kTurns), [unroll] "i"(kUnroll)
        : "q0", "q1", "q2", "q3", "cc", "memory");
  }

  // w, v: the weights of both blocks.
  template <int kVectors>
  [[gnu::always_inline]] inline void two_blocks(const int8_t* x, const int8_t* w, const int8_t* v) {
    constexpr int kUnroll = unroll_vectors(kVectors - 1);
    constexpr int kTurns = kUnroll == 0 ? 0 : (kVectors - 1) / kUnroll;
    constexpr int kRest = kVectors - 1 - (kTurns > 1 ? kTurns * kUnroll : 0);
    int32_t turns;
    __asm__ volatile(
        ".macro netsuke_step op\n\t"
        "vldrb.8 q0, [%[x]], #16\n\t"
        "vldrb.8 q1, [%[w]], #16\n\t"
        "\\op\\().s8 %[a0], q0, q1\n\t"
        "vldrb.8 q2, [%[w]], #16\n\t"
        "\\op\\().s8 %[a1], q0, q2\n\t"
        "vldrb.8 q1, [%[w]], #16\n\t"
        "\\op\\().s8 %[a2], q0, q1\n\t"
        "vldrb.8 q2, [%[w]], #16\n\t"
        "\\op\\().s8 %[a3], q0, q2\n\t"
        "vldrb.8 q1, [%[v]], #16\n\t"
        "\\op\\().s8 %[b0], q0, q1\n\t"
        "vldrb.8 q2, [%[v]], #16\n\t"
        "\\op\\().s8 %[b1], q0, q2\n\t"
        "vldrb.8 q1, [%[v]], #16\n\t"
        "\\op\\().s8 %[b2], q0, q1\n\t"
        "vldrb.8 q2, [%[v]], #16\n\t"
        "\\op\\().s8 %[b3], q0, q2\n\t"
        ".endm\n\t"
        "netsuke_step vmladav\n\t"
        ".rept %c[rest]\n\t"
        "netsuke_step vmladava\n\t"
        ".endr\n\t"
        ".if %c[count] > 1\n\t"
        "movs %[turns], #%c[count]\n"
        "1:\n\t"
        ".rept %c[unroll]\n\t"
        "netsuke_step vmladava\n\t"
        ".endr\n\t"
        "subs %[turns], %[turns], #1\n\t"
        "bne 1b\n\t"
        ".endif\n\t"
        ".purgem netsuke_step"
        : [a0] "=&Te"(a0), [a1] "=&Te"(a1), [a2] "=&Te"(a2), [a3] "=&Te"(a3), [b0] "=&Te"(b0), [b1] "=&Te"(b1),
          [b2] "=&Te"(b2), [b3] "=&Te"(b3), [x] "+&r"(x), [w] "+&r"(w), [v] "+&r"(v), [turns] "=&r"(turns)
        : [rest] "i"(kRest), [count] "i"(kTurns), [unroll] "i"(kUnroll)
        : "q0", "q1", "q2", "cc", "memory");
  }
#else
  inline void clear() { a0 = a1 = a2 = a3 = b0 = b1 = b2 = b3 = 0; }

  inline void add(int8x16_t p, int8x16_t q, int8x16_t w0, int8x16_t w1, int8x16_t w2, int8x16_t w3) {
    a0 = vmladavaq_s8(a0, p, w0);
    a1 = vmladavaq_s8(a1, p, w1);
    a2 = vmladavaq_s8(a2, p, w2);
    a3 = vmladavaq_s8(a3, p, w3);
    b0 = vmladavaq_s8(b0, q, w0);
    b1 = vmladavaq_s8(b1, q, w1);
    b2 = vmladavaq_s8(b2, q, w2);
    b3 = vmladavaq_s8(b3, q, w3);
  }
  inline void two_vectors(const int8_t*& x, int8x16_t w0, int8x16_t w1, int8x16_t w2, int8x16_t w3) {
    clear();
    add(vldrbq_s8(x), vldrbq_s8(x + 16), w0, w1, w2, w3);
    x += 32;
  }
  template <int kVectors>
  inline void two_pixels(const int8_t*& x, const int8_t*& w) {
    clear();
    for (int i = 0; i < kVectors; ++i) {
      add(vldrbq_s8(x), vldrbq_s8(x + kVectors * 16), vldrbq_s8(w), vldrbq_s8(w + 16), vldrbq_s8(w + 32),
          vldrbq_s8(w + 48));
      x += 16;
      w += 64;
    }
  }
  template <int kVectors>
  inline void two_long_pixels(const int8_t*& x, const int8_t*& w) {
    two_pixels<kVectors>(x, w);
  }
  template <int kVectors>
  inline void two_blocks(const int8_t* x, const int8_t* w, const int8_t* v) {
    clear();
    for (int i = 0; i < kVectors; ++i) {
      const int8x16_t p = vldrbq_s8(x);
      a0 = vmladavaq_s8(a0, p, vldrbq_s8(w));
      a1 = vmladavaq_s8(a1, p, vldrbq_s8(w + 16));
      a2 = vmladavaq_s8(a2, p, vldrbq_s8(w + 32));
      a3 = vmladavaq_s8(a3, p, vldrbq_s8(w + 48));
      b0 = vmladavaq_s8(b0, p, vldrbq_s8(v));
      b1 = vmladavaq_s8(b1, p, vldrbq_s8(v + 16));
      b2 = vmladavaq_s8(b2, p, vldrbq_s8(v + 32));
      b3 = vmladavaq_s8(b3, p, vldrbq_s8(v + 48));
      x += 16;
      w += 64;
      v += 64;
    }
  }
#endif
};

}  // namespace netsuke

#endif  // NETSUKE_MVE

#endif  // NETSUKE_ARCH_SUMS_MVE_HPP
