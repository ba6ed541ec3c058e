// Convolution of int8 maps with kernels three wide, stride 1 along a row, by Winograd's F(2,3): 4 products for each
// input channel and 2 outputs instead of 6, and exactly the integers of conv2d_s8. Row by row, unlike winograd_s8.hpp,
// which needs fewer products.
//
//   in  [batch][in_h][in_w][in_c]     out [batch][out_h][out_w][out_c]
//   weights int16, kLayoutWinogradRows of weight_layout_s8.hpp     bias, multipliers, meaning: as in conv2d_s8.hpp
//
// Four inputs d of a row and the three weights g of a row of the kernel give two sums
//
//   2 * acc = A^T [ (2G g) * (B^T d) ]     place by place, summed over the kernel's rows and the channels
//
// with the matrices of winograd_s8.hpp. |B^T d| <= 2 * 128; the compiler has checked that 2G g fits 16 bits and that no
// sum here leaves 32. Places are summed as there: the left sum is S2, the right one S0 + S1 - S3.
//
// P: as for conv2d_s8 with int8 inputs, int16 weights, kernel_w 3, stride_w, dilation_w and group 1; in_c and out_c are
//   multiples of 4
//   patches    at a time, 1 to 4: of two outputs each
//
// in and out must not overlap. Stack: 8 * patches * kernel_h * in_c bytes, and about 300.
#ifndef NETSUKE_WINOGRAD_ROWS_S8_HPP
#define NETSUKE_WINOGRAD_ROWS_S8_HPP

#include "winograd_parts_s8.hpp"

namespace netsuke {

// Inputs transformed by any core, as WinogradSums reads them.
template <class P, bool kDsp>
struct WinogradRowInputs {
  static constexpr index_t channels = P::in_c, patches = P::patches, steps = P::kernel_h * P::in_c;
  static constexpr index_t row = channels;  // elements of one row of inputs at each place

  static inline void transform(const int8_t* in, int16_t* inputs) {
    for (index_t patch = 0; patch < patches; ++patch) {
      for (index_t i = 0; i < channels; ++i) {
        const int32_t a = in[i], b = in[i + channels], c = in[i + 2 * channels], d = in[i + 3 * channels];
        int16_t* const to = inputs + patch * steps + i;
        to[winograd_turn(0) * patches * steps] = static_cast<int16_t>(a - c);
        to[winograd_turn(1) * patches * steps] = static_cast<int16_t>(b + c);
        to[winograd_turn(2) * patches * steps] = static_cast<int16_t>(c - b);
        to[winograd_turn(3) * patches * steps] = static_cast<int16_t>(b - d);
      }
      in += 2 * channels;
    }
  }
};
#if NETSUKE_DSP
template <class P>
struct WinogradRowInputs<P, true> : WinogradRowInputsDsp<P> {};
#endif

template <class P>
struct WinogradRowsS8 {
  typedef typename ScaleType<P>::type scale_t;
  typedef typename P::out_t out_t;
  typedef WinogradRowInputs<P, UsesWinogradDsp<P>::value> Inputs;
  static constexpr int32_t steps = P::kernel_h * P::in_c;
  typedef WinogradSums<P, steps, 1, UsesWinogradDsp<P>::value> Sums;
  static constexpr index_t channels = P::in_c, out_channels = P::out_c, patches = P::patches, lanes = kLanesS8;
  static constexpr index_t columns = 2 * patches + 2, left = P::pad_left, out_w = P::out_w;
  // Whether patches never hang over the edge of the map.
  static constexpr bool even = P::out_w % (2 * P::patches) == 0;

  struct Memory {
    alignas(4) int16_t inputs[4 * P::patches * steps];
    union {
      int32_t sums[4 * 4 * P::patches];
      int8_t window[(2 * P::patches + 2) * P::in_c];
    };
  };

  // The inputs from column x on.
  static inline void transform(const int8_t* const* rows, index_t x, Memory& memory) {
    for (index_t ky = 0; ky < P::kernel_h; ++ky) {
      const int8_t* in = memory.window;
      if (rows[ky] != nullptr && x >= 0 && x + columns <= P::in_w) {
        in = rows[ky] + x * channels;
      } else {
        winograd_copy<P>(rows[ky], x, memory.window);
      }
      Inputs::transform(in, memory.inputs + ky * Inputs::row);
    }
  }
  // Two outputs of two channels of one patch.
  [[gnu::always_inline]] static inline void store(const int32_t* sums, const scale_t* scales, bool both, out_t* out) {
    typedef Finish<P, out_t> F;
    const scale_t a = Scale<P, out_t>::of(scales, 0), b = Scale<P, out_t>::of(scales, 1);
    WinogradColumn<P> both_sums;
    both_sums.template load<0>(sums);
    out[0] = F::run(both_sums.top_a >> 1, a);
    out[1] = F::run(both_sums.top_b >> 1, b);
    if (!both) return;
    out[P::out_c] = F::run(both_sums.bottom_a >> 1, a);
    out[P::out_c + 1] = F::run(both_sums.bottom_b >> 1, b);
  }
  // A block of 4 channels of all patches. inside: columns that lie inside the map.
  [[gnu::noinline]] static void finish(const int32_t* sums, const scale_t* scales, index_t inside, out_t* out) {
    for (index_t patch = 0; patch < patches; ++patch) {
      if (!even && inside <= 2 * patch) return;
      for (index_t lane = 0; lane < lanes; lane += 2) {
        store(sums, scales + (P::per_channel ? lane : 0), even || inside > 2 * patch + 1, out + lane);
        sums += 2;
      }
      out += 2 * out_channels;
    }
  }
  [[gnu::noinline]] static void row(const int8_t* const* rows, const int16_t* weights, const int32_t* bias,
                                    const scale_t* scales, out_t* out) {
    Memory memory;
    for (index_t x = 0; x < out_w; x += 2 * patches) {
      transform(rows, x - left, memory);
      const int16_t* block = weights;
      for (index_t channel = 0; channel < out_channels; channel += lanes) {
        Sums::multiply(memory.inputs, block, bias + channel, memory.sums);
        finish(memory.sums, scales + (P::per_channel ? channel : 0), out_w - x, out + channel);
        block += 4 * lanes * static_cast<index_t>(steps);
      }
      out += 2 * patches * out_channels;
    }
  }
};

// One output row. rows: kernel_h pointers to the input rows under it, null where there is padding.
template <class P>
inline void winograd_rows_s8_row(const int8_t* const* rows, const int16_t* weights, const int32_t* bias,
                                 const typename ScaleType<P>::type* multipliers, typename P::out_t* out_row) {
  WinogradRowsS8<P>::row(rows, weights, bias, multipliers, out_row);
}

template <class P>
inline void winograd_rows_s8(const int8_t* in, const int16_t* weights, const int32_t* bias,
                             const typename ScaleType<P>::type* multipliers, typename P::out_t* out) {
  for (index_t image = 0; image < P::batch; ++image) {
    for (index_t y = 0; y < P::out_h; ++y) {
      const int8_t* rows[P::kernel_h];
      window_rows<P>(in, y, rows);
      winograd_rows_s8_row<P>(rows, weights, bias, multipliers, out);
      out += static_cast<index_t>(P::out_w) * P::out_c;
    }
    in += static_cast<index_t>(P::in_h) * P::in_w * P::in_c;
  }
}

}  // namespace netsuke

#endif  // NETSUKE_WINOGRAD_ROWS_S8_HPP
