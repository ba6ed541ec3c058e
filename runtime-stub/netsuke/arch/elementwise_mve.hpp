// Element by element with Helium: quantize.hpp, binary_s8.hpp's sums, pool_s8.hpp's running sums.
// Four elements at a time; each function returns how many it has done, at most 3 fewer than there are.
#ifndef NETSUKE_ARCH_ELEMENTWISE_MVE_HPP
#define NETSUKE_ARCH_ELEMENTWISE_MVE_HPP

#include "mve.hpp"

#if NETSUKE_MVE && __ARM_FEATURE_MVE >= 2
#define NETSUKE_MVE_FLOAT 1
#else
#define NETSUKE_MVE_FLOAT 0
#endif

#if NETSUKE_MVE

namespace netsuke {
namespace mve {

#if NETSUKE_MVE_FLOAT
// round_half_even(min(max(x / scale, low), high)) + zero, as bytes Step apart; NaN becomes low. There is no division
// of vectors: it is done in the four registers that make one up.
template <index_t Step>
static inline index_t quantize(const float* in, int8_t* out, index_t count, float scale, float low, float high,
                               int32_t zero) {
  const float32x4_t lows = vdupq_n_f32(low), highs = vdupq_n_f32(high);
  const uint32x4_t places = vmulq_n_u32(vidupq_n_u32(0, 1), static_cast<uint32_t>(Step));
  for (index_t i = count / 4; i > 0; --i) {
    int32x4_t rounded;
    __asm__(
        "vldrw.32 q0, [%[in]], #16\n\t"
        "vdiv.f32 s0, s0, %[scale]\n\t"
        "vdiv.f32 s1, s1, %[scale]\n\t"
        "vdiv.f32 s2, s2, %[scale]\n\t"
        "vdiv.f32 s3, s3, %[scale]\n\t"
        "vmaxnm.f32 q0, q0, %q[low]\n\t"
        "vminnm.f32 q0, q0, %q[high]\n\t"
        "vcvtn.s32.f32 %q[y], q0"
        : [in] "+r"(in), [y] "=w"(rounded)
        : [scale] "t"(scale), [low] "w"(lows), [high] "w"(highs)
        : "q0", "memory");
    const int32x4_t y = vaddq_n_s32(rounded, zero);
    if (Step == 1) {
      vstrbq_s32(out, y);
    } else {
      vstrbq_scatter_offset_s32(out, places, y);
    }
    out += 4 * Step;
  }
  return count / 4 * 4;
}

static inline index_t dequantize(const int8_t* in, float* out, index_t count, float scale, int32_t zero) {
  for (index_t i = count / 4; i > 0; --i) {
    vstrwq_f32(out, vmulq_n_f32(vcvtq_f32_s32(vsubq_n_s32(vldrbq_s32(in), zero)), scale));
    in += 4;
    out += 4;
  }
  return count / 4 * 4;
}
#endif

// (a * P::a_multiplier + b * P::b_multiplier + P::offset) >> P::shift
template <class P>
static inline index_t add(const int8_t* a, const int8_t* b, int8_t* out, index_t count) {
  const int32x4_t multipliers = vdupq_n_s32(static_cast<int32_t>(P::a_multiplier));
  for (index_t i = count / 4; i > 0; --i) {
    int32x4_t y = vmlasq_n_s32(vldrbq_s32(a), multipliers, static_cast<int32_t>(P::offset));
    y = vmlaq_n_s32(y, vldrbq_s32(b), static_cast<int32_t>(P::b_multiplier));
    if (P::shift > 0) y = vshrq_n_s32(y, (P::shift > 0 ? P::shift : 1));
    vstrbq_s32(out, saturate_bytes<P>(y));
    a += 4;
    b += 4;
    out += 4;
  }
  return count / 4 * 4;
}

// Maxima of 16 channels at a time over a window: Rows pointers (null: padding), `columns` taps that are Step apart,
// the first at `offset`.
template <class P, index_t Rows, index_t Step, index_t Channels>
static inline void max_window(const int8_t* const* rows, index_t offset, index_t columns, int8_t* out) {
  for (index_t c = 0; c < Channels; c += 16) {
    const mve_pred16_t live = vctp8q(static_cast<uint32_t>(Channels - c));
    int8x16_t result = vdupq_n_s8(-128);
    for (index_t ky = 0; ky < Rows; ++ky) {
      if (rows[ky] == nullptr) continue;
      const int8_t* x = rows[ky] + offset + c;
      for (index_t kx = columns; kx > 0; --kx) {
        result = vmaxq_s8(result, Channels % 16 == 0 ? vldrbq_s8(x) : vldrbq_z_s8(x, live));
        x = opaque(x + Step);
      }
    }
    vstrbq_p_s8(out + c, vreinterpretq_s8_s32(narrow_limits<P>(vreinterpretq_s32_s8(result))), live);
  }
}

// sums[c] += row[c], row[channels + c], ... for Columns columns.
template <index_t Columns, index_t Channels>
static inline index_t add_columns(const int8_t* row, int32_t* sums) {
  for (index_t c = 0; c + 4 <= Channels; c += 4) {
    int32x4_t sum = vldrwq_s32(sums + c);
    const int8_t* x = row + c;
    for (index_t i = 0; i < Columns; ++i) {
      sum = vaddq_s32(sum, vldrbq_s32(x));
      x = opaque(x + Channels);
    }
    vstrwq_s32(sums + c, sum);
  }
  return Channels / 4 * 4;
}

}  // namespace mve
}  // namespace netsuke

#endif  // NETSUKE_MVE

#endif  // NETSUKE_ARCH_ELEMENTWISE_MVE_HPP
