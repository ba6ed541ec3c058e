// vector_tile_s8.hpp for Helium. VMLADAV adds the products of 16 inputs and 16 weights to a register, and eight
// registers can be added to: two pixels by four channels (6 loads for 8 VMLADAV, 0.11 instructions per
// multiply-accumulate), or one pixel by eight.
#ifndef NETSUKE_ARCH_VECTOR_TILE_MVE_S8_HPP
#define NETSUKE_ARCH_VECTOR_TILE_MVE_S8_HPP

#include "../requantise.hpp"
#include "../weight_layout_s8.hpp"
#include "mve.hpp"

namespace netsuke {

// int8 inputs and weights in vectors, any output.
template <class P, class In = typename P::in_t, class Weight = typename P::weight_t>
struct UsesMve {
  static constexpr bool value = false;
};

#if NETSUKE_MVE

template <class P>
struct UsesMve<P, int8_t, int8_t> {
  static constexpr bool value = P::layout == kLayoutVectors;
};

// Vectors written out per turn of the loop over a long sum, 56 to 68 bytes of code each.
#if defined(__OPTIMIZE_SIZE__)
constexpr int unroll_vectors(int) {
  return 1;
}
#else
constexpr int unroll_vectors(int vectors) {
  return vectors < 10 ? vectors : (vectors % 8 < vectors % 7 ? 8 : 7);
}
#endif

// The sums of two pixels (a, b) by four channels, or of one pixel by two blocks (a, b) of four.
struct MveSums {
  int32_t a0, a1, a2, a3, b0, b1, b2, b3;

  [[gnu::always_inline]] inline int32x4_t a() const { return mve::lanes(a0, a1, a2, a3); }
  [[gnu::always_inline]] inline int32x4_t b() const { return mve::lanes(b0, b1, b2, b3); }

  // Vectors: 16 steps each; the first starts the sums, then follow kRest, then kTurns * kUnroll.
  template <int Vectors>
  [[gnu::always_inline]] inline void two_pixels(const int8_t* x, const int8_t* y, const int8_t*& w) {
    constexpr int kUnroll = unroll_vectors(Vectors - 1);
    constexpr int kTurns = kUnroll == 0 ? 0 : (Vectors - 1) / kUnroll;
    constexpr int kRest = Vectors - 1 - (kTurns > 1 ? kTurns * kUnroll : 0);
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
          [b2] "=&Te"(b2), [b3] "=&Te"(b3), [x] "+&r"(x), [y] "+&r"(y), [w] "+&r"(w), [turns] "=&r"(turns)
        : [rest] "i"(kRest), [count] "i"(kTurns), [unroll] "i"(kUnroll)
        : "q0", "q1", "q2", "q3", "cc", "memory");
  }

  template <int Vectors>
  [[gnu::always_inline]] inline void two_blocks(const int8_t* x, const int8_t* w, const int8_t* v) {
    constexpr int kUnroll = unroll_vectors(Vectors - 1);
    constexpr int kTurns = kUnroll == 0 ? 0 : (Vectors - 1) / kUnroll;
    constexpr int kRest = Vectors - 1 - (kTurns > 1 ? kTurns * kUnroll : 0);
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
};

// Two vectors of sums to their outputs; live: lanes that exist. a and b: what belongs to each vector.
template <class P, class T>
struct MveOutputs {
  const int32_t* bias;
  const typename ScaleType<P>::type* scales;
  T* out;

  template <int Live>
  inline void run(int32x4_t sums) const {
    int32_t all[4];
    vstrwq_s32(all, sums);
    for (index_t c = 0; c < Live; ++c)
      out[c] = Finish<P, T>::run(all[c] + bias[c], Scale<P, T>::of(scales, c));
  }
};

template <class P, class T, bool Fast>
struct MveStore {
  template <int Live>
  [[gnu::always_inline]] static inline void run(const MveSums& sums, const MveOutputs<P, T>& a,
                                                const MveOutputs<P, T>& b) {
    a.template run<Live>(sums.a());
    b.template run<Live>(sums.b());
  }
};

// int8 with shift 32: VRMULH rounds.
template <class P>
struct MveStore<P, int8_t, true> {
  template <int Live>
  [[gnu::always_inline]] static inline int32x4_t scaled(int32x4_t sums, const int32_t* bias, const int32_t* scales) {
    const int32x4_t m = P::per_channel ? mve::load_lanes<Live>(scales) : vdupq_n_s32(*scales);
    return vrmulhq_s32(vaddq_s32(sums, mve::load_lanes<Live>(bias)), m);
  }
  template <int Live>
  [[gnu::always_inline]] static inline void run(const MveSums& sums, const MveOutputs<P, int8_t>& a,
                                                const MveOutputs<P, int8_t>& b) {
    const int32x4_t bytes =
        mve::to_bytes<P>(scaled<Live>(sums.a(), a.bias, a.scales), scaled<Live>(sums.b(), b.bias, b.scales));
    mve::store_bytes<Live>(a.out, bytes);
    mve::store_bytes<Live>(b.out, vreinterpretq_s32_u32(vshrq_n_u32(vreinterpretq_u32_s32(bytes), 16)));
  }
};

template <class P, int32_t Channels, int PX, int32_t Steps, int32_t Out>
struct MveTile {
  typedef typename P::out_t out_t;
  typedef typename ScaleType<P>::type scale_t;
  typedef MveOutputs<P, out_t> Outputs;
  typedef MveStore<P, out_t, P::shift == 32> Store;
  static constexpr int vectors = vector_steps(Steps) / 16, live = Channels < kLanesS8 ? Channels : kLanesS8;
  static constexpr index_t blocks = vector_blocks(Channels);
  static constexpr index_t block_weights = vector_steps(Steps) * kLanesS8;

  [[gnu::always_inline]] static inline Outputs outputs(index_t block, const int32_t* bias, const scale_t* scales,
                                                       out_t* out) {
    const index_t first = vector_block_first(Channels, static_cast<int32_t>(block));
    const Outputs o = {bias + first, P::per_channel ? scales + first : scales, out + first};
    return o;
  }
  // The weights move on, and where they end is where the loop ends: it needs no counter. Functions of their own,
  // because the sums take most registers, and wherever they were inlined something else could want them, too.
  [[gnu::noinline]] static void two_pixels(const int8_t* x, const int8_t* w, const int32_t* bias, const scale_t* scales,
                                out_t* out) {
    const int8_t* const end = w + blocks * block_weights;
    do {
      MveSums sums;
      sums.template two_pixels<vectors>(x, x + vector_steps(Steps), w);
      const Outputs a = {bias, scales, out}, b = {bias, scales, out + Out};
      Store::template run<live>(sums, a, b);
      // The last block is the last four channels.
      const index_t step = Channels % 4 != 0 && w == end - block_weights ? Channels % 4 : 4;
      bias += step;
      if (P::per_channel) scales += step;
      out += step;
    } while (w != end);
  }
  [[gnu::noinline]] static void one_pixel(const int8_t* x, const int8_t* w, const int32_t* bias, const scale_t* scales,
                               out_t* out) {
    for (index_t block = 0; block < blocks; block += 2) {
      // An odd block comes together with the one before it, once more.
      const index_t first = blocks % 2 == 0 ? block : minimum<index_t>(block, blocks > 1 ? blocks - 2 : 0);
      const index_t second = blocks > 1 ? first + 1 : 0;
      MveSums sums;
      sums.template two_blocks<vectors>(x, w + first * block_weights, w + second * block_weights);
      Store::template run<live>(sums, outputs(first, bias, scales, out), outputs(second, bias, scales, out));
    }
  }
  static inline void run(const int8_t* x, const int8_t* weights, const int32_t* bias, const scale_t* scales,
                         out_t* out) {
    if (PX == 2) {
      two_pixels(x, weights, bias, scales, out);
    } else {
      one_pixel(x, weights, bias, scales, out);
    }
  }
};

#endif  // NETSUKE_MVE

}  // namespace netsuke

#endif  // NETSUKE_ARCH_VECTOR_TILE_MVE_S8_HPP
