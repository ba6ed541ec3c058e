// depthwise_s8.hpp for Helium: kernels up to 4x4.
//
// Sixteen channels at a time (or all, if there are fewer), and as many output pixels as fit a small buffer: VST4
// writes the input rows under them as words of four bytes, one from each row, [column][channel][4 rows], borders
// filled. The window of a channel then is four words that a gathering load brings into one vector, and one VMLADAV
// with the channel's weights (kLayoutWindows) is its whole sum; four channels' sums are finished together.
//
// Stack: the buffer, at most 896 bytes.
#ifndef NETSUKE_ARCH_DEPTHWISE_MVE_S8_HPP
#define NETSUKE_ARCH_DEPTHWISE_MVE_S8_HPP

#include "../requantise.hpp"
#include "../weight_layout_s8.hpp"
#include "../window.hpp"
#include "mve.hpp"
#include "vector_tile_mve_s8.hpp"

namespace netsuke {

template <class P, class In = typename P::in_t>
struct UsesMveDepthwise {
  static constexpr bool value = false;
};

#if NETSUKE_MVE

// How a row is cut into chunks of outputs.
template <class P>
struct MveChunks {
  static constexpr index_t channels = P::in_c < 16 ? P::in_c : 16;  // of a chunk
  static constexpr index_t pitch = 4 * channels;                    // bytes of a column in the buffer
  static constexpr index_t slack = 64;                              // the last VST4 may write beyond the last column
  static constexpr index_t reach = (P::kernel_w - 1) * P::dilation_w + 1;
  static constexpr index_t most_columns = (896 - slack) / pitch;
  static constexpr index_t most = most_columns < reach ? 0 : (most_columns - reach) / P::stride_w + 1;
  static constexpr index_t count = most == 0 ? 1 : ceil_div(P::out_w, most);
  static constexpr index_t outputs = ceil_div(P::out_w, count);
  static constexpr index_t columns = (outputs - 1) * P::stride_w + reach;
  static constexpr bool fit = most > 0 && P::stride_w * pitch < 512;
};

template <class P>
struct UsesMveDepthwise<P, int8_t> {
  static constexpr bool value = P::layout == kLayoutWindows && P::in_c >= 4 && MveChunks<P>::fit;
};

// The rows under a chunk. A row that is padding is a vector of zero points that is read again and again.
template <int kRows>
struct MveRows {
  const int8_t* from[4];
  index_t step[4];

  // 16 words of four rows.
  [[gnu::always_inline]] inline void interleave(int8_t*& to) {
    __asm__ volatile(
        "vldrb.8 q0, [%[a]]\n\t"
        ".if %c[rows] > 1\n\tvldrb.8 q1, [%[b]]\n\t.endif\n\t"
        ".if %c[rows] > 2\n\tvldrb.8 q2, [%[c]]\n\t.endif\n\t"
        ".if %c[rows] > 3\n\tvldrb.8 q3, [%[d]]\n\t.endif\n\t"
        "vst40.8 {q0, q1, q2, q3}, [%[to]]\n\t"
        "vst41.8 {q0, q1, q2, q3}, [%[to]]\n\t"
        "vst42.8 {q0, q1, q2, q3}, [%[to]]\n\t"
        "vst43.8 {q0, q1, q2, q3}, [%[to]]!"
        : [to] "+r"(to)
        : [a] "r"(from[0]), [b] "r"(from[kRows > 1 ? 1 : 0]), [c] "r"(from[kRows > 2 ? 2 : 0]), [d] "r"(from[kRows - 1]), [rows] "i"(kRows)
        : "q0", "q1", "q2", "q3", "memory");
    advance();
  }
  // The same of the first `count` bytes only.
  [[gnu::always_inline]] inline void interleave(int8_t*& to, index_t count) {
    __asm__ volatile(
        "vctp.8 %[count]\n\t"
        "vpst\n\tvldrbt.8 q0, [%[a]]\n\t"
        ".if %c[rows] > 1\n\tvpst\n\tvldrbt.8 q1, [%[b]]\n\t.endif\n\t"
        ".if %c[rows] > 2\n\tvpst\n\tvldrbt.8 q2, [%[c]]\n\t.endif\n\t"
        ".if %c[rows] > 3\n\tvpst\n\tvldrbt.8 q3, [%[d]]\n\t.endif\n\t"
        "vst40.8 {q0, q1, q2, q3}, [%[to]]\n\t"
        "vst41.8 {q0, q1, q2, q3}, [%[to]]\n\t"
        "vst42.8 {q0, q1, q2, q3}, [%[to]]\n\t"
        "vst43.8 {q0, q1, q2, q3}, [%[to]]!"
        : [to] "+r"(to)
        : [a] "r"(from[0]), [b] "r"(from[kRows > 1 ? 1 : 0]), [c] "r"(from[kRows > 2 ? 2 : 0]), [d] "r"(from[kRows - 1]), [rows] "i"(kRows),
          [count] "r"(count)
        : "q0", "q1", "q2", "q3", "memory");
    advance();
  }
  [[gnu::always_inline]] inline void advance() {
    from[0] += step[0];
    if (kRows > 1) from[1] += step[1];
    if (kRows > 2) from[2] += step[2];
    if (kRows > 3) from[3] += step[3];
  }
};

template <class P>
struct DepthwiseMve {
  typedef MveChunks<P> C;
  typedef typename P::out_t out_t;
  typedef typename ScaleType<P>::type scale_t;
  typedef MveOutputs<P, out_t> Outputs;

  static inline void fill(int8_t* to, index_t columns) {
    const int8x16_t zeros = vdupq_n_s8(static_cast<int8_t>(mve::anew(P::in_zero)));
    for (index_t i = 0; i < columns * C::pitch; i += 16) vstrbq_s8(to + i, zeros);
  }

  // Columns from `start` on, of the channels from `first` on.
  static inline void collect(const int8_t* const* rows, index_t start, index_t first, int8_t* buffer) {
    const index_t left = clamp_index(-start, 0, C::columns);
    const index_t end = clamp_index(static_cast<index_t>(P::in_w) - start, left, C::columns);
    alignas(8) int8_t zeros[16];
    vstrbq_s8(zeros, vdupq_n_s8(static_cast<int8_t>(mve::anew(P::in_zero))));
    MveRows<P::kernel_h> r;
#pragma GCC unroll 4
    for (int ky = 0; ky < P::kernel_h; ++ky) {
      const bool inside = rows[ky] != nullptr;
      r.from[ky] = inside ? rows[ky] + (start + left) * static_cast<index_t>(P::in_c) + first : zeros;
      r.step[ky] = inside ? (P::in_c < 16 ? 16 : P::in_c) : 0;
    }
    fill(buffer, left);
    int8_t* to = buffer + left * C::pitch;
    if (P::in_c < 16) {
      for (index_t bytes = (end - left) * C::channels; bytes > 0; bytes -= 16) r.interleave(to, bytes);
    } else {
      for (index_t x = left; x < end; ++x) r.interleave(to);
    }
    fill(buffer + end * C::pitch, C::columns - end);
  }

  // All outputs of a chunk of four channels. buffer: the word of the first of them in the first column.
  static inline void four_channels(const int8_t* buffer, const int8_t* weights, const Outputs& of,
                                   out_t* out) {
    const int8x16_t w0 = vldrbq_s8(weights), w1 = vldrbq_s8(weights + 16), w2 = vldrbq_s8(weights + 32),
                    w3 = vldrbq_s8(weights + 48);
    MveFinish<P, out_t, P::shift == 32> last;
    last.template load<4>(of);
    // Where the columns of a window lie; columns beyond the kernel are read, but weigh nothing.
    constexpr int32_t kColumn = static_cast<int32_t>(P::dilation_w * C::pitch), kWidth = P::kernel_w;
    constexpr int32_t kStep = static_cast<int32_t>(P::stride_w * C::pitch);
    int32x4_t at = mve::lanes(0, kWidth > 1 ? kColumn : 0, kWidth > 2 ? 2 * kColumn : 0, kWidth > 3 ? 3 * kColumn : 0);
    at = vaddq_n_s32(at, static_cast<int32_t>(reinterpret_cast<uintptr_t>(buffer)) - kStep);
    for (index_t x = 0; x < C::outputs; ++x) {
      int32_t a, b, c, d;
      int32x4_t window;
      __asm__ volatile(
          "vldrw.u32 %q[x], [%q[at], #%c[step]]!\n\t"
          "vmladav.s8 %[a], %q[x], %q[w0]\n\t"
          "vldrw.u32 %q[x], [%q[at], #4]\n\t"
          "vmladav.s8 %[b], %q[x], %q[w1]\n\t"
          "vldrw.u32 %q[x], [%q[at], #8]\n\t"
          "vmladav.s8 %[c], %q[x], %q[w2]\n\t"
          "vldrw.u32 %q[x], [%q[at], #12]\n\t"
          "vmladav.s8 %[d], %q[x], %q[w3]"
          : [x] "=&w"(window), [at] "+&w"(at), [a] "=&Te"(a), [b] "=&Te"(b), [c] "=&Te"(c), [d] "=&Te"(d)
          : [w0] "w"(w0), [w1] "w"(w1), [w2] "w"(w2), [w3] "w"(w3), [step] "i"(kStep)
          : "memory");
      last.template one<4>(mve::lanes(a, b, c, d), out);
      out += P::in_c;
    }
  }

  // A function of its own, so that the buffers of several layers do not add up.
  [[gnu::noinline]] static void run(const int8_t* const* rows, const int8_t* weights, const int32_t* bias,
                                    const scale_t* scales, out_t* out) {
    alignas(8) int8_t buffer[C::columns * C::pitch + C::slack];
    for (index_t done = 0; done < P::in_c; done += 16) {
      const index_t first = minimum<index_t>(done, P::in_c - C::channels);
      for (index_t chunk = 0; chunk < C::count; ++chunk) {
        // The last ones overlap those before them.
        const index_t x = minimum<index_t>(chunk * C::outputs, P::out_w - C::outputs);
        collect(rows, window_start<P>(x), first, buffer);
        for (index_t i = (done - first) / 4 * 4; i < C::channels; i += 4) {
          const index_t local = C::channels % 4 == 0 ? i : minimum<index_t>(i, C::channels - 4), c = first + local;
          const Outputs of = {bias + c, P::per_channel ? scales + c : scales};
          four_channels(buffer + 4 * local, weights + 16 * c, of, out + x * static_cast<index_t>(P::in_c) + c);
        }
      }
    }
  }
};

#endif  // NETSUKE_MVE

}  // namespace netsuke

#endif  // NETSUKE_ARCH_DEPTHWISE_MVE_S8_HPP
