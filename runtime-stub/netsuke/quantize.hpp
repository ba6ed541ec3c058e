// QuantizeLinear and DequantizeLinear with one scale, as ONNX and onnxruntime compute them in float32.
//
//   quantize    q = clamp(round_half_even(x / scale) + zero, lowest, highest value of out_t); NaN becomes lowest
//   dequantize  x = (q - zero) * scale
//
// P: in_t or out_t: the integer type, int8_t, uint8_t or int16_t (quantize also: uint16_t); scale (float),
// zero; count, or for the strided forms dims, in_steps, out_steps as in strided_copy.hpp: they bring a float
// image [c][h][w] into the kernels' order [h][w][c] while it is read, without a copy of the map.
#ifndef NETSUKE_QUANTIZE_HPP
#define NETSUKE_QUANTIZE_HPP

#include "arch/elementwise_mve.hpp"
#include "convert.hpp"
#include "core.hpp"

namespace netsuke {

// To the nearest integer, halves to the even one, for |x| <= 2^22: the sum has no bits for the fraction left,
// and float addition rounds to nearest even. The volatile keeps compilers with -ffast-math, and the wider
// registers of an old x87, from undoing it.
static inline int32_t round_small(float x) {
#if defined(__arm__) && defined(__ARM_FP) && !defined(__SOFTFP__)
  // One instruction, in the rounding mode of the FPU: to nearest even unless the application has changed it.
  float bits;
  __asm__("vcvtr.s32.f32 %0, %1" : "=t"(bits) : "t"(x));
  int32_t rounded;
  __builtin_memcpy(&rounded, &bits, 4);
  return rounded;
#else
  constexpr float kBig = 12582912.0f;  // 1.5 * 2^23
  const volatile float shifted = x + kBig;
  return static_cast<int32_t>(shifted - kBig);
#endif
}

template <class T>
struct StoredRange {
  static constexpr int32_t low() { return FloatRange<T, float>::is_signed() ? -(1 << (8 * sizeof(T) - 1)) : 0; }
  static constexpr int32_t high() { return low() + ((static_cast<int32_t>(1) << (8 * sizeof(T))) - 1); }
};

template <class P>
inline typename P::out_t quantize_value(float x) {
  typedef typename P::out_t T;
  const float kLow = static_cast<float>(StoredRange<T>::low() - P::zero);
  const float kHigh = static_cast<float>(StoredRange<T>::high() - P::zero);
  const float scaled = x / P::scale;
  // Clamping first keeps the rounding in its range; its bounds are integers, so the result is the same.
  const float inside = scaled > kLow ? (scaled < kHigh ? scaled : kHigh) : kLow;
  return static_cast<T>(round_small(inside) + static_cast<int32_t>(P::zero));
}

template <class P>
inline float dequantize_value(typename P::in_t q) {
  return static_cast<float>(static_cast<int32_t>(q) - static_cast<int32_t>(P::zero)) * P::scale;
}

// `count` values, kIn and kOut elements apart. The vector forms do most of what they can do.
template <class P, index_t kIn, index_t kOut, class T>
inline void quantize_run(const float* in, T* out, index_t count) {
  for (index_t i = 0; i < count; ++i) out[i * kOut] = quantize_value<P>(in[i * kIn]);
}
template <class P, index_t kIn, index_t kOut, class T>
inline void dequantize_run(const T* in, float* out, index_t count) {
  for (index_t i = 0; i < count; ++i) out[i * kOut] = dequantize_value<P>(in[i * kIn]);
}
#if NETSUKE_MVE_FLOAT
template <class P, index_t kIn, index_t kOut>
inline void quantize_run(const float* in, int8_t* out, index_t count) {
  const index_t done = kIn == 1 ? mve::quantize<kOut>(in, out, count, P::scale, static_cast<float>(-128 - P::zero),
                                                      static_cast<float>(127 - P::zero), P::zero)
                                : 0;
  for (index_t i = done; i < count; ++i) out[i * kOut] = quantize_value<P>(in[i * kIn]);
}
template <class P, index_t kIn, index_t kOut>
inline void dequantize_run(const int8_t* in, float* out, index_t count) {
  const index_t done = kIn == 1 && kOut == 1 ? mve::dequantize(in, out, count, P::scale, P::zero) : 0;
  for (index_t i = done; i < count; ++i) out[i * kOut] = dequantize_value<P>(in[i * kIn]);
}
#endif

template <class P>
inline void quantize(const float* in, typename P::out_t* out) {
  quantize_run<P, 1, 1>(in, out, P::count);
}

template <class P>
inline void dequantize(const typename P::in_t* in, float* out) {
  dequantize_run<P, 1, 1>(in, out, P::count);
}

// The innermost loop, by direction.
template <class P>
struct QuantizeOp {
  template <index_t kIn, index_t kOut>
  static inline void run(const float* in, typename P::out_t* out, index_t count) {
    quantize_run<P, kIn, kOut>(in, out, count);
  }
};
template <class P>
struct DequantizeOp {
  template <index_t kIn, index_t kOut>
  static inline void run(const typename P::in_t* in, float* out, index_t count) {
    dequantize_run<P, kIn, kOut>(in, out, count);
  }
};

template <class Op, class Dims, class InSteps, class OutSteps>
struct StridedMap;

template <class Op>
struct StridedMap<Op, Ints<>, Ints<>, Ints<> > {
  template <class In, class Out>
  static inline void run(const In* in, Out* out) {
    Op::template run<1, 1>(in, out, 1);
  }
};

template <class Op, int32_t kCount, int32_t kIn, int32_t kOut>
struct StridedMap<Op, Ints<kCount>, Ints<kIn>, Ints<kOut> > {
  template <class In, class Out>
  static inline void run(const In* in, Out* out) {
    Op::template run<kIn, kOut>(in, out, kCount);
  }
};

template <class Op, int32_t kCount, int32_t... kCounts, int32_t kIn, int32_t... kIns, int32_t kOut, int32_t... kOuts>
struct StridedMap<Op, Ints<kCount, kCounts...>, Ints<kIn, kIns...>, Ints<kOut, kOuts...> > {
  template <class In, class Out>
  static inline void run(const In* in, Out* out) {
    for (index_t i = 0; i < static_cast<index_t>(kCount); ++i)
      StridedMap<Op, Ints<kCounts...>, Ints<kIns...>, Ints<kOuts...> >::run(
          in + i * static_cast<index_t>(kIn), out + i * static_cast<index_t>(kOut));
  }
};

template <class P>
inline void quantize_strided(const float* in, typename P::out_t* out) {
  StridedMap<QuantizeOp<P>, typename P::dims, typename P::in_steps, typename P::out_steps>::run(in, out);
}

template <class P>
inline void dequantize_strided(const typename P::in_t* in, float* out) {
  StridedMap<DequantizeOp<P>, typename P::dims, typename P::in_steps, typename P::out_steps>::run(in, out);
}

}  // namespace netsuke

#endif  // NETSUKE_QUANTIZE_HPP
