// Helium (Armv8.1-M MVE, integer part: Cortex-M52, M55, M85): what the files *_mve_s8.hpp share.
//
// Intrinsics where GCC 12 writes what one would; assembly around VMLADAV, whose sums GCC otherwise moves and
// spills. Constraint "Te" is an even register: the only ones VMLADAV can add to, so there are eight sums at
// most (r0, r2, ..., r12, lr).
#ifndef NETSUKE_ARCH_MVE_HPP
#define NETSUKE_ARCH_MVE_HPP

#include "../core.hpp"

#if defined(__ARM_FEATURE_MVE) && !defined(__ARM_BIG_ENDIAN)
#define NETSUKE_MVE 1
#else
#define NETSUKE_MVE 0
#endif

#if NETSUKE_MVE

#include <arm_mve.h>

namespace netsuke {
namespace mve {

// The vector a, b, c, d.
[[gnu::always_inline]] static inline int32x4_t lanes(int32_t a, int32_t b, int32_t c, int32_t d) {
  int32x4_t v;
  __asm__("vmov %q0[2], %q0[0], %1, %3\n\tvmov %q0[3], %q0[1], %2, %4" : "=&w"(v) : "r"(a), "r"(b), "r"(c), "r"(d));
  return v;
}

// GCC 12 folds offsets into vector stores that the instruction has no bits for; not into such a pointer.
template <class T>
[[gnu::always_inline]] inline T* opaque(T* p) {
  __asm__("" : "+r"(p));
  return p;
}

// The first kLive lanes from or to memory; the others are 0, or stay as they are.
template <int kLive>
[[gnu::always_inline]] inline int32x4_t load_lanes(const int32_t* p) {
  return kLive == 4 ? vldrwq_s32(p) : vldrwq_z_s32(p, vctp32q(kLive));
}
template <int kLive>
[[gnu::always_inline]] inline void store_bytes(int8_t* p, int32x4_t v) {
  if (kLive == 4) return vstrbq_s32(p, v);
  vstrbq_p_s32(p, v, vctp32q(kLive));
}

// min(max(zero + y, out_min), out_max) of two vectors of four, as bytes: a's in bytes 0, 4, 8 and 12, b's in
// bytes 2, 6, 10 and 14. The sum saturates at 16 bits, which the limits of 8 cannot see. In assembly, because
// the intrinsics' results have registers of their own.
template <class P>
[[gnu::always_inline]] inline int32x4_t narrow_limits(int32x4_t a) {
  int8x16_t bytes = vreinterpretq_s8_s32(a);
  if (P::out_min > -128) bytes = vmaxq_s8(bytes, vdupq_n_s8(static_cast<int8_t>(P::out_min)));
  if (P::out_max < 127) bytes = vminq_s8(bytes, vdupq_n_s8(static_cast<int8_t>(P::out_max)));
  return vreinterpretq_s32_s8(bytes);
}
template <class P>
[[gnu::always_inline]] inline int32x4_t to_bytes(int32x4_t a, int32x4_t b) {
  __asm__(
      "vqmovnb.s32 %q[a], %q[a]\n\t"
      "vqmovnt.s32 %q[a], %q[b]\n\t"
      "vqadd.s16 %q[a], %q[a], %[zero]\n\t"
      "vqmovnb.s16 %q[a], %q[a]"
      : [a] "+&w"(a)
      : [b] "w"(b), [zero] "r"(static_cast<int32_t>(P::out_zero)));
  return narrow_limits<P>(a);
}
template <class P>
[[gnu::always_inline]] inline int32x4_t to_bytes(int32x4_t a) {
  __asm__(
      "vqmovnb.s32 %q[a], %q[a]\n\t"
      "vqadd.s16 %q[a], %q[a], %[zero]\n\t"
      "vqmovnb.s16 %q[a], %q[a]"
      : [a] "+w"(a)
      : [zero] "r"(static_cast<int32_t>(P::out_zero)));
  return narrow_limits<P>(a);
}

template <class P>
[[gnu::always_inline]] inline int32x4_t saturate_bytes(int32x4_t a) {
  __asm__("vqmovnb.s32 %q[a], %q[a]\n\tvqmovnb.s16 %q[a], %q[a]" : [a] "+w"(a));
  return narrow_limits<P>(a);
}

// A number that the compiler knows, but does not keep in a vector register across a loop.
[[gnu::always_inline]] static inline int32_t anew(int32_t x) {
  __asm__ volatile("" : "+r"(x));
  return x;
}

// kCount bytes. From 16 on, the last vector overlaps the one before it.
template <index_t kCount>
[[gnu::always_inline]] inline void copy(int8_t* to, const int8_t* from) {
  if (kCount < 16) {
    __builtin_memcpy(to, from, static_cast<size_t>(kCount));
    return;
  }
#pragma GCC unroll 4
  for (index_t i = 0; i + 16 <= kCount; i += 16) vstrbq_s8(to + i, vldrbq_s8(from + i));
  if (kCount % 16 != 0) vstrbq_s8(to + (kCount - 16), vldrbq_s8(from + (kCount - 16)));
}

// The same for `count` runs, from_step and to_step apart. Odd sizes take two predicated instructions.
template <index_t kCount, index_t kFromStep, index_t kToStep>
[[gnu::always_inline]] inline void copy_runs(int8_t* to, const int8_t* from, index_t count) {
  if (kCount == 1 || kCount == 2 || kCount == 4 || kCount >= 16) {
    for (; count > 0; --count) {
      copy<kCount>(to, from);
      to += kToStep;
      from += kFromStep;
    }
    return;
  }
  const mve_pred16_t p = vctp8q(static_cast<uint32_t>(kCount));
  for (; count > 0; --count) {
    vstrbq_p_s8(to, vldrbq_z_s8(from, p), p);
    to += kToStep;
    from += kFromStep;
  }
}

}  // namespace mve
}  // namespace netsuke

#endif  // NETSUKE_MVE

#endif  // NETSUKE_ARCH_MVE_HPP
