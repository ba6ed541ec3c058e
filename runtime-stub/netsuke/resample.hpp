// Resampling along one dimension: the steps of Resize.
//
//   in [outer][in_axis][inner]   out [outer][out_axis][inner]
//   indices, weights [out_axis][taps]: constants
//   resample_f32      out[o][j][i] = act(sum over k of weights[j][k] * in[o][indices[j][k]][i])
//   resample_nearest  out[o][j][i] = in[o][indices[j]][i], for any type T
//
// P: outer, in_axis, out_axis, inner; resample_f32: taps, act; resample_nearest: T. in and out must not
// overlap.
#ifndef NETSUKE_RESAMPLE_HPP
#define NETSUKE_RESAMPLE_HPP

#include "core.hpp"

namespace netsuke {

template <class P>
inline void resample_line(const float* in, const int32_t* indices, const float* weights, float* out) {
  const float* rows[P::taps];
  float factors[P::taps];
  for (index_t k = 0; k < P::taps; ++k) {
    rows[k] = in + static_cast<index_t>(rom(indices + k)) * P::inner;
    factors[k] = rom(weights + k);
  }
  for (index_t i = 0; i < P::inner; ++i) {
    float sum = 0.0f;
    for (index_t k = 0; k < P::taps; ++k) sum += factors[k] * rows[k][i];
    out[i] = P::act(sum);
  }
}

template <class P>
inline void resample_f32(const float* in, const int32_t* indices, const float* weights, float* out) {
  for (index_t o = 0; o < P::outer; ++o) {
    for (index_t j = 0; j < P::out_axis; ++j) {
      resample_line<P>(in, indices + j * P::taps, weights + j * P::taps, out);
      out += P::inner;
    }
    in += static_cast<index_t>(P::in_axis) * P::inner;
  }
}

template <class P>
inline void resample_nearest(const typename P::T* in, const int32_t* indices, typename P::T* out) {
  for (index_t o = 0; o < P::outer; ++o) {
    for (index_t j = 0; j < P::out_axis; ++j) {
      const typename P::T* const from = in + static_cast<index_t>(rom(indices + j)) * P::inner;
      for (index_t i = 0; i < P::inner; ++i) out[i] = from[i];
      out += P::inner;
    }
    in += static_cast<index_t>(P::in_axis) * P::inner;
  }
}

}  // namespace netsuke

#endif  // NETSUKE_RESAMPLE_HPP
