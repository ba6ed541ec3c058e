// Parameters of windowed kernels as types, for tests on the host and on targets (so C++11).
#pragma once

#include <stdint.h>

#include "netsuke/activations.hpp"

namespace kernel_tests {

template <int H, int W>
struct Size {
  static constexpr int32_t h = H, w = W;
};
using One = Size<1, 1>;
template <int Top, int Left, int Bottom, int Right>
struct Pads {
  static constexpr int32_t top = Top, left = Left, bottom = Bottom, right = Right;
};
template <int All>
using Pad = Pads<All, All, All, All>;

enum Extra { kPlain = 0, kNoBias = 1, kRelu = 2, kCeil = 4, kCountPad = 8 };

// ONNX's output size: room is what the first window leaves; with ceil_mode, no window starts beyond the input
// and its leading padding.
constexpr int32_t last_window(int32_t room, int32_t stride, bool ceil) {
  return (ceil ? room + stride - 1 : room) / stride;
}
constexpr int32_t window_outputs(int32_t last, int32_t stride, int32_t limit) {
  return last * stride >= limit ? last : last + 1;
}

// The parameters of every windowed kernel, out_h and out_w computed as ONNX says.
template <class In, int InC, int OutC, class Kernel, class Stride = One, class Padding = Pad<0>,
          class Dilation = One, int Group = 1, int Batch = 1, int Flags = kPlain>
struct Window {
  static constexpr int32_t batch = Batch, in_h = In::h, in_w = In::w, in_c = InC, out_c = OutC;
  static constexpr int32_t kernel_h = Kernel::h, kernel_w = Kernel::w;
  static constexpr int32_t stride_h = Stride::h, stride_w = Stride::w;
  static constexpr int32_t pad_top = Padding::top, pad_left = Padding::left;
  static constexpr int32_t pad_bottom = Padding::bottom, pad_right = Padding::right;
  static constexpr int32_t dilation_h = Dilation::h, dilation_w = Dilation::w, group = Group;
  static constexpr bool has_bias = (Flags & kNoBias) == 0, count_include_pad = (Flags & kCountPad) != 0;
  static constexpr int32_t out_size(int32_t in, int32_t k, int32_t s, int32_t before, int32_t after, int32_t d) {
    return window_outputs(last_window(in + before + after - ((k - 1) * d + 1), s, (Flags & kCeil) != 0), s,
                          in + before);
  }
  static constexpr int32_t out_h =
      out_size(In::h, Kernel::h, Stride::h, Padding::top, Padding::bottom, Dilation::h);
  static constexpr int32_t out_w =
      out_size(In::w, Kernel::w, Stride::w, Padding::left, Padding::right, Dilation::w);
  static float act(float x) { return (Flags & kRelu) != 0 ? netsuke::relu(x) : x; }
};

// Types and numbers of an integer kernel on top of a Window.
template <class Base, class In, class Weight, class Out, int InZero, int OutZero, int OutMin, int OutMax,
          int Shift = 32, bool PerChannel = true, int Layout = 0>
struct Integers : Base {
  using in_t = In;
  using weight_t = Weight;
  using out_t = Out;
  static constexpr int32_t in_zero = InZero, out_zero = OutZero, out_min = OutMin, out_max = OutMax;
  static constexpr int32_t shift = Shift, layout = Layout;
  static constexpr bool per_channel = PerChannel;
};

// A kernel's parameters with another layout of the weights.
template <class P, int Layout, class Weight>
struct WithLayout : P {
  using weight_t = Weight;
  static constexpr int32_t layout = Layout;
};

// The parameters of winograd_s8.
template <class P, int Patches>
struct WithPatches : P {
  static constexpr int32_t patches = Patches;
};

}  // namespace kernel_tests
