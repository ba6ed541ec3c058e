// Activation functions on one float, fused into other kernels through P::act or used element by element.
//
// Definitions are those of the ONNX operators of the same names. They neither overflow nor cancel where the
// exact result is representable: sigmoid and softplus only ever exponentiate negative numbers, and e^x - 1
// comes from expm1. NaN in gives NaN out, except thresholded_relu (a comparison, 0 as in onnxruntime) and
// relu on Arm FPUs (see there).
#ifndef NETSUKE_ACTIVATIONS_HPP
#define NETSUKE_ACTIVATIONS_HPP

#include <stdint.h>
#include <string.h>

#include "core.hpp"
#include "math_f32.hpp"

namespace netsuke {

static inline float identity(float x) {
  return x;
}

// max(x, 0). Positive floats and signed integers are ordered alike, so an integer maximum does it: one
// instruction on Arm, where the float compare needs four, and no library call on cores without an FPU. With
// an FPU a NaN whose sign bit is set becomes 0 (those that the Arm FPU itself makes have it clear and pass).
static inline float relu(float x) {
#if defined(__arm__) || defined(__AVR__) || (defined(__riscv) && !defined(__riscv_flen))
  int32_t bits;
  memcpy(&bits, &x, sizeof bits);
#if defined(__ARM_FP)
  bits = bits < 0 ? 0 : bits;
#else
  const int32_t negative_infinity = -0x00800000;  // 0xff800000; above it, still negative, are only NaNs
  if (bits < 0 && bits <= negative_infinity) bits = 0;
#endif
  memcpy(&x, &bits, sizeof bits);
  return x;
#else
  return x < 0.0f ? 0.0f : x;
#endif
}

static inline float clip(float x, float low, float high) {
  return x < low ? low : (x > high ? high : x);
}

static inline float leaky_relu(float x, float alpha) {
  return x < 0.0f ? alpha * x : x;
}

static inline float thresholded_relu(float x, float alpha) {
  return x > alpha ? x : 0.0f;
}

static inline float shrink(float x, float bias, float lambd) {
  return x < -lambd ? x + bias : (x > lambd ? x - bias : 0.0f);
}

static inline float hard_sigmoid(float x, float alpha, float beta) {
  return clip(alpha * x + beta, 0.0f, 1.0f);
}

static inline float hard_swish(float x) {
  return x * hard_sigmoid(x, 1.0f / 6.0f, 0.5f);
}

static inline float elu(float x, float alpha) {
  return x < 0.0f ? alpha * expm1_f32(x) : x;
}

static inline float selu(float x, float alpha, float gamma) {
  return gamma * elu(x, alpha);
}

static inline float celu(float x, float alpha) {
  return x < 0.0f ? alpha * expm1_f32(x / alpha) : x;
}

static inline float sigmoid(float x) {
  const float e = exp_f32(-abs_f32(x));
  return (x < 0.0f ? e : 1.0f) / (1.0f + e);
}

static inline float tanh(float x) {
  return tanh_f32(x);
}

static inline float erf(float x) {
  return erf_f32(x);
}

static inline float softplus(float x) {
  return (x < 0.0f ? 0.0f : x) + log1p_f32(exp_f32(-abs_f32(x)));
}

static inline float softsign(float x) {
  return x / (1.0f + abs_f32(x));
}

// x * sigmoid(alpha * x); silu is alpha = 1.
static inline float swish(float x, float alpha) {
  return x * sigmoid(alpha * x);
}

static inline float silu(float x) {
  return x * sigmoid(x);
}

static inline float mish(float x) {
  return x * tanh_f32(softplus(x));
}

static inline float gelu(float x) {
  return 0.5f * x * (1.0f + erf_f32(0.70710678f * x));
}

static inline float gelu_tanh(float x) {
  return 0.5f * x * (1.0f + tanh_f32(0.79788456f * (x + 0.044715f * x * x * x)));
}

}  // namespace netsuke

#endif  // NETSUKE_ACTIVATIONS_HPP
