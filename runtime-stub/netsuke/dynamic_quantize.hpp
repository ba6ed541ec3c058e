// DynamicQuantizeLinear: float values to uint8 on the finest grid that holds them all, as ONNX and onnxruntime
// compute it in float32.
//
//   low = min(0, smallest)   high = max(0, largest)   scale = (high - low) / 255, 1 where all values are 0
//   zero = clamp(round_half_even(-low / scale), 0, 255)   out = clamp(round_half_even(in / scale) + zero, 0, 255)
//
// P: count. in and out must not overlap.
#ifndef NETSUKE_DYNAMIC_QUANTIZE_HPP
#define NETSUKE_DYNAMIC_QUANTIZE_HPP

#include "core.hpp"
#include "quantize.hpp"

namespace netsuke {

static inline float clamp_dynamic(float x, float low, float high) {
  return x > low ? (x < high ? x : high) : low;
}

template <class P>
inline void dynamic_quantize(const float* in, uint8_t* out, float* scale, uint8_t* zero) {
  float low = 0.0f, high = 0.0f;
  for (index_t i = 0; i < static_cast<index_t>(P::count); ++i) {
    if (in[i] < low) low = in[i];
    if (in[i] > high) high = in[i];
  }
  const float step = high > low ? (high - low) / 255.0f : 1.0f;
  const int32_t offset = round_small(clamp_dynamic((0.0f - low) / step, 0.0f, 255.0f));
  const float lowest = static_cast<float>(-offset), highest = static_cast<float>(255 - offset);
  for (index_t i = 0; i < static_cast<index_t>(P::count); ++i)
    out[i] = static_cast<uint8_t>(round_small(clamp_dynamic(in[i] / step, lowest, highest)) + offset);
  *scale = step;
  *zero = static_cast<uint8_t>(offset);
}

}  // namespace netsuke

#endif  // NETSUKE_DYNAMIC_QUANTIZE_HPP
