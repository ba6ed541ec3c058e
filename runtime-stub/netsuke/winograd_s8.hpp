// 3x3 convolution of int8 maps, stride 1, by Winograd's F(2x2,3x3): 16 products for each input channel and 4 outputs
// instead of 36, and exactly the integers of conv2d_s8.
//
//   in  [batch][in_h][in_w][in_c]     out [batch][out_h][out_w][out_c]
//   weights int16, kLayoutWinograd of weight_layout_s8.hpp     bias, multipliers, meaning: as in conv2d_s8.hpp
//
// A patch of 4x4 inputs d and a filter g give 2x2 sums
//
//   4 * acc = A^T [ U * (B^T d B) ] A,   U = (2G) g (2G)^T (made offline),   * place by place, summed over channels
//
//         1  0 -1  0            2  0  0            1  1  1  0
//   B^T = 0  1  1  0      2G =  1  1  1      A^T = 0  1 -1 -1
//         0 -1  1  0            1 -1  1
//         0  1  0 -1            0  0  2
//
// All of it is integers: |B^T d B| <= 4 * 128, and the sum is a multiple of 4. The compiler has checked that U fits
// 16 bits and that no sum here leaves 32.
//
// Places are summed column by column, each sum going on where the one before ended: S0 = M1, S1 = M1 + M0,
// S2 = M1 + M0 + M2, S3 = all four. So A^T needs half of its additions: the first row is S2, the second one
// M1 - M2 - M3 = S0 + S1 - S3; and the bias, which the sums of column 1 start from, comes out once in each output.
//
// P: as for conv2d_s8 with int8 inputs, int16 weights, kernel 3x3, strides, dilations and group 1; in_c and out_c
//   are multiples of 4
//   patches    at a time, 1 to 4
//
// in and out must not overlap. scratch: winograd_scratch_bytes(in_c, patches) bytes; without it, they are on the stack.
#ifndef NETSUKE_WINOGRAD_S8_HPP
#define NETSUKE_WINOGRAD_S8_HPP

#include "winograd_parts_s8.hpp"

namespace netsuke {

template <class P>
struct WinogradScratch {
  alignas(4) int16_t inputs[winograd_inputs(P::in_c, P::patches)];
  union {
    int32_t sums[winograd_sums(P::patches)];
    int8_t window[winograd_window(P::in_c, P::patches)];
  };
};

// Inputs transformed by any core, as WinogradSums reads them.
template <class P, bool kDsp>
struct WinogradInputs {
  static constexpr index_t channels = P::in_c, patches = P::patches, place = patches * channels;

  // One column of inputs times B^T.
  static inline void down(const int8_t* in, index_t pitch, int32_t (&x)[4]) {
    const int32_t a = in[0], b = in[pitch], c = in[2 * pitch], d = in[3 * pitch];
    x[0] = a - c;
    x[1] = b + c;
    x[2] = c - b;
    x[3] = b - d;
  }
  template <int Row>
  static inline void across(const int32_t (&x)[4][4], int16_t* to) {
    to[winograd_place(Row, 0) * place] = static_cast<int16_t>(x[0][Row] - x[2][Row]);
    to[winograd_place(Row, 1) * place] = static_cast<int16_t>(x[1][Row] + x[2][Row]);
    to[winograd_place(Row, 2) * place] = static_cast<int16_t>(x[2][Row] - x[1][Row]);
    to[winograd_place(Row, 3) * place] = static_cast<int16_t>(x[1][Row] - x[3][Row]);
  }
  // One channel. Patches share two of their four columns.
  static inline void transform_channel(const int8_t* in, index_t pitch, int16_t* to) {
    int32_t x[4][4];
    down(in, pitch, x[0]);
    down(in + channels, pitch, x[1]);
    for (index_t patch = 0; patch < patches; ++patch) {
      in += 2 * channels;
      down(in, pitch, x[2]);
      down(in + channels, pitch, x[3]);
      across<0>(x, to);
      across<1>(x, to);
      across<2>(x, to);
      across<3>(x, to);
      memcpy(x[0], x[2], sizeof x[0]);
      memcpy(x[1], x[3], sizeof x[1]);
      to += channels;
    }
  }
  // in: rows of inputs that are pitch elements apart.
  static inline void transform(const int8_t* in, index_t pitch, int16_t* inputs) {
    for (index_t c = 0; c < channels; ++c) transform_channel(in + c, pitch, inputs + c);
  }
};
#if NETSUKE_DSP
template <class P>
struct WinogradInputs<P, true> : WinogradInputsDsp<P> {};
#endif

// 2x2 outputs of two channels of one patch.
template <class P>
struct WinogradOutputs {
  static constexpr index_t row = P::out_w * P::out_c;
  // Whether patches never hang over the edges of the map.
  static constexpr bool even = P::out_h % 2 == 0 && P::out_w % (2 * P::patches) == 0;
  typedef typename P::out_t out_t;
  typedef typename ScaleType<P>::type scale_t;
  WinogradColumn<P> left, right;

  [[gnu::always_inline]] inline explicit WinogradOutputs(const int32_t* sums) {
    WinogradColumn<P> next;
    right.template load<0>(sums);
    next.template load<4>(sums);
    left.top_a = right.top_a + next.top_a;
    left.top_b = right.top_b + next.top_b;
    left.bottom_a = right.bottom_a + next.bottom_a;
    left.bottom_b = right.bottom_b + next.bottom_b;
    left.settle_all();
    next.template load<8>(sums);
    left.top_a += next.top_a;
    left.top_b += next.top_b;
    left.bottom_a += next.bottom_a;
    left.bottom_b += next.bottom_b;
    left.settle_all();
    subtract_from_right(next);
    next.template load<12>(sums);
    subtract_from_right(next);
  }
  [[gnu::always_inline]] inline void subtract_from_right(const WinogradColumn<P>& next) {
    right.top_a -= next.top_a;
    right.top_b -= next.top_b;
    right.bottom_a -= next.bottom_a;
    right.bottom_b -= next.bottom_b;
    right.settle_all();
  }
  // rows, columns: those that lie inside the map.
  [[gnu::always_inline]] inline void store(const scale_t* scales, index_t rows, index_t columns, out_t* out) const {
    typedef Finish<P, out_t> F;
    const scale_t a = Scale<P, out_t>::of(scales, 0), b = Scale<P, out_t>::of(scales, 1);
    const bool wide = even || columns > 1;
    out[0] = F::run(left.top_a >> 2, a);
    out[1] = F::run(left.top_b >> 2, b);
    if (wide) out[P::out_c] = F::run(right.top_a >> 2, a);
    if (wide) out[P::out_c + 1] = F::run(right.top_b >> 2, b);
    if (!even && rows < 2) return;
    out += row;
    out[0] = F::run(left.bottom_a >> 2, a);
    out[1] = F::run(left.bottom_b >> 2, b);
    if (wide) out[P::out_c] = F::run(right.bottom_a >> 2, a);
    if (wide) out[P::out_c + 1] = F::run(right.bottom_b >> 2, b);
  }
};

template <class P>
struct WinogradS8 {
  typedef typename ScaleType<P>::type scale_t;
  typedef typename P::out_t out_t;
  typedef WinogradInputs<P, UsesWinogradDsp<P>::value> Inputs;
  typedef WinogradSums<P, static_cast<int32_t>(P::in_c), 4, UsesWinogradDsp<P>::value> Sums;
  static constexpr index_t channels = P::in_c, out_channels = P::out_c, patches = P::patches, columns = 2 * patches + 2;
  static constexpr index_t in_row = P::in_w * P::in_c, out_row = P::out_w * P::out_c;
  static constexpr index_t lanes = kLanesS8, left = P::pad_left, top = P::pad_top;

  // Inputs and the elements between their rows.
  struct Rows {
    const int8_t* first;
    index_t pitch;
  };
  // The inputs from column x on: where they lie, or copied where a border is among them.
  static inline Rows find(const int8_t* const* rows, index_t x, int8_t* window) {
    if (x >= 0 && x + columns <= P::in_w && rows[0] != nullptr && rows[3] != nullptr) {
      const Rows there = {rows[0] + x * channels, in_row};
      return there;
    }
    for (index_t row = 0; row < 4; ++row) winograd_copy<P>(rows[row], x, window + row * columns * channels);
    const Rows copied = {window, columns * channels};
    return copied;
  }
  // A block of 4 channels of all patches. rows, inside: rows and columns that lie inside the map.
  [[gnu::noinline]] static void finish(const int32_t* sums, const scale_t* scales, index_t rows, index_t inside, out_t* out) {
    typedef WinogradOutputs<P> Outputs;
    for (index_t patch = 0; patch < patches; ++patch) {
      if (!Outputs::even && inside <= 2 * patch) return;
      for (index_t lane = 0; lane < lanes; lane += 2) {
        Outputs(sums).store(scales + (P::per_channel ? lane : 0), rows, inside - 2 * patch, out + lane);
        sums += 2;
      }
      out += 2 * out_channels;
    }
  }
  static inline void patches_at(const int8_t* const* rows, index_t x, const int16_t* weights, const int32_t* bias,
                                const scale_t* scales, WinogradScratch<P>& scratch, index_t live_rows, out_t* out) {
    const Rows inputs = find(rows, x - left, scratch.window);
    Inputs::transform(inputs.first, inputs.pitch, scratch.inputs);
    for (index_t channel = 0; channel < out_channels; channel += lanes) {
      Sums::multiply(scratch.inputs, weights, bias + channel, scratch.sums);
      finish(scratch.sums, scales + (P::per_channel ? channel : 0), live_rows, static_cast<index_t>(P::out_w) - x, out + channel);
      weights += 16 * lanes * channels;
    }
  }
  // Two output rows. rows: the four input rows under them, null where there is padding.
  static inline void two_rows(const int8_t* const* rows, const int16_t* weights, const int32_t* bias,
                              const scale_t* scales, WinogradScratch<P>& scratch, index_t live_rows, out_t* out) {
    for (index_t x = 0; x < P::out_w; x += 2 * patches)
      patches_at(rows, x, weights, bias, scales, scratch, live_rows, out + x * out_channels);
  }
  static inline void image(const int8_t* in, const int16_t* weights, const int32_t* bias, const scale_t* scales,
                           WinogradScratch<P>& scratch, out_t* out) {
    for (index_t y = 0; y < P::out_h; y += 2) {
      const int8_t* rows[4];
      for (int k = 0; k < 4; ++k) {
        const index_t row = y - top + k;
        rows[k] = row < 0 || row >= P::in_h ? nullptr : in + row * in_row;
      }
      two_rows(rows, weights, bias, scales, scratch, static_cast<index_t>(P::out_h) - y, out + y * out_row);
    }
  }
};

template <class P>
inline void winograd_s8(const int8_t* in, const int16_t* weights, const int32_t* bias,
                        const typename ScaleType<P>::type* multipliers, int32_t* scratch, typename P::out_t* out) {
  constexpr index_t kIn = static_cast<index_t>(P::in_h) * P::in_w * P::in_c;
  constexpr index_t kOut = static_cast<index_t>(P::out_h) * P::out_w * P::out_c;
  WinogradScratch<P>& memory = *static_cast<WinogradScratch<P>*>(static_cast<void*>(scratch));
  for (index_t image = 0; image < P::batch; ++image)
    WinogradS8<P>::image(in + image * kIn, weights, bias, multipliers, memory, out + image * kOut);
}

template <class P>
[[gnu::noinline]] void winograd_s8(const int8_t* in, const int16_t* weights, const int32_t* bias,
                                   const typename ScaleType<P>::type* multipliers, typename P::out_t* out) {
  int32_t scratch[winograd_scratch_bytes(P::in_c, P::patches) / 4];
  winograd_s8<P>(in, weights, bias, multipliers, scratch, out);
}

}  // namespace netsuke

#endif  // NETSUKE_WINOGRAD_S8_HPP
