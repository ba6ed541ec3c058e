// The layer shapes measured here: those of the MLPerf Tiny models.
#pragma once

#include "netsuke/activations.hpp"

namespace shapes {
namespace {  // as in emitted code, where it lets the compiler inline what is called once

template <int InH, int InW, int InC, int OutH, int OutW, int OutC, int KernelH, int KernelW, int Stride,
          int PadTop, int PadLeft, int Group = 1>
struct Conv {
  static constexpr int32_t batch = 1, in_h = InH, in_w = InW, in_c = InC;
  static constexpr int32_t out_h = OutH, out_w = OutW, out_c = OutC;
  static constexpr int32_t kernel_h = KernelH, kernel_w = KernelW, stride_h = Stride, stride_w = Stride;
  static constexpr int32_t pad_top = PadTop, pad_left = PadLeft, dilation_h = 1, dilation_w = 1,
                           group = Group;
  static constexpr int32_t pad_bottom = PadTop, pad_right = PadLeft;
  static constexpr bool has_bias = true, count_include_pad = false;
  static float act(float x) { return netsuke::relu(x); }
};

template <int Pixels, int InC, int OutC>
struct Pointwise : Conv<1, Pixels, InC, 1, Pixels, OutC, 1, 1, 1, 0, 0> {};

template <int Size, int C, int Stride = 1>
struct Depthwise
    : Conv<Size, Size, C, Size / Stride, Size / Stride, C, 3, 3, Stride, Stride == 1, Stride == 1, C> {};

template <int In, int Out>
struct Dense {
  static constexpr int32_t batch = 1, in_c = In, out_c = Out;
  static constexpr bool has_bias = true;
  static float act(float x) { return netsuke::relu(x); }
};

template <int Outer, int Axis, int Inner>
struct Softmax {
  static constexpr int32_t outer = Outer, axis = Axis, inner = Inner;
};

}  // namespace
}  // namespace shapes
