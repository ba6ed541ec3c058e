// Depthwise 2-D convolution, float32, NHWC: every channel has its own filter (group == in_c == out_c).
//
//   in [batch][in_h][in_w][in_c]   out [batch][out_h][out_w][in_c]   bias [in_c], only read if P::has_bias
//   weights [in_c][kernel_h][kernel_w]
//
// P: as for conv2d_f32. Summation order: bias, then ky, kx ascending, padding skipped. in and out must not
// overlap (a row of the input is needed by kernel_h rows of the output).
// A tile is some neighbouring outputs of one channel: every input under them is loaded once per kernel row and
// added to all the sums that it belongs to.
#ifndef NETSUKE_DEPTHWISE_F32_HPP
#define NETSUKE_DEPTHWISE_F32_HPP

#include "core.hpp"
#include "register_tile.hpp"
#include "window.hpp"

namespace netsuke {

// One output of one channel. start: input column of the first tap, of which [first, end) lie inside.
template <class P>
inline float depthwise_sum(const float* const* rows, index_t start, index_t channel, const float* w, float sum) {
  const index_t first = first_tap(start, P::kernel_w, P::dilation_w);
  const index_t end = end_tap(start, P::in_w, P::kernel_w, P::dilation_w);
  for (index_t ky = 0; ky < P::kernel_h; ++ky) {
    if (rows[ky] != nullptr) {
      for (index_t kx = first; kx < end; ++kx) {
        sum += rows[ky][(start + kx * P::dilation_w) * P::in_c + channel] * rom(w + kx);
      }
    }
    w += P::kernel_w;
  }
  return sum;
}

// One output row. rows: kernel_h pointers to the input rows under it, null where there is padding.
template <class P>
inline void depthwise_f32_row(const float* const* rows, const float* weights, const float* bias, float* out_row) {
  for (index_t channel = 0; channel < P::in_c; ++channel) {
    const float b = P::has_bias ? rom(bias + channel) : 0.0f;
    for (index_t x = 0; x < P::out_w; ++x) {
      const index_t start = x * P::stride_w - P::pad_left;
      out_row[x * P::in_c + channel] = P::act(depthwise_sum<P>(rows, start, channel, weights, b));
    }
    weights += P::kernel_h * P::kernel_w;
  }
}

template <class P>
inline void depthwise_f32(const float* in, const float* weights, const float* bias, float* out) {
  for (index_t image = 0; image < P::batch; ++image) {
    for (index_t y = 0; y < P::out_h; ++y) {
      const float* rows[P::kernel_h];
      window_rows<P>(in, y, rows);
      depthwise_f32_row<P>(rows, weights, bias, out);
      out += static_cast<index_t>(P::out_w) * P::in_c;
    }
    in += static_cast<index_t>(P::in_h) * P::in_w * P::in_c;
  }
}

}  // namespace netsuke

#endif  // NETSUKE_DEPTHWISE_F32_HPP
