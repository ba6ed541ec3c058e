// What all kernel tests share: random tensors, the window parameters as types, comparison with a reference.
#pragma once

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <random>
#include <tuple>
#include <vector>

#include "netsuke/activations.hpp"
#include "pack.hpp"
#include "window_shapes.hpp"

namespace kernel_tests {

using Floats = std::vector<float>;
using Doubles = std::vector<double>;

inline Floats random_floats(std::int64_t count, unsigned seed) {
  std::mt19937 engine(seed);
  std::uniform_real_distribution<float> uniform(-1.0f, 1.0f);
  Floats values(static_cast<std::size_t>(count));
  for (float& value : values) value = uniform(engine);
  return values;
}

// Every output must be within a few roundings of the reference; magnitudes here are around 1 to 30.
inline void require_close(const Floats& actual, const Doubles& expected, double tolerance = 6e-5) {
  REQUIRE(actual.size() == expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) {
    INFO("element " << i);
    REQUIRE(std::abs(static_cast<double>(actual[i]) - expected[i]) <= tolerance);
  }
}

// An output buffer between guards: the kernel must write all of it and nothing else.
struct Guarded {
  static constexpr float kGuard = 12345.0f;
  static constexpr std::size_t kMargin = 64;
  Floats storage;

  explicit Guarded(std::int64_t count) : storage(static_cast<std::size_t>(count) + 2 * kMargin, kGuard) {}
  float* data() { return storage.data() + kMargin; }
  Floats checked() const {
    for (std::size_t i = 0; i < kMargin; ++i) {
      REQUIRE(storage[i] == kGuard);
      REQUIRE(storage[storage.size() - 1 - i] == kGuard);
    }
    return Floats(storage.begin() + kMargin, storage.end() - kMargin);
  }
};

template <class P>
std::int64_t in_count() {
  return std::int64_t{P::batch} * P::in_h * P::in_w * P::in_c;
}
template <class P>
std::int64_t out_count() {
  return std::int64_t{P::batch} * P::out_h * P::out_w * P::out_c;
}
template <class P>
netsuke::ConvShape conv_shape() {
  return {P::out_c, P::in_c, P::kernel_h, P::kernel_w, P::group};
}

// Input element (b, y, x, c), 0 outside.
template <class P>
double at(const Floats& in, int b, int y, int x, int c) {
  if (y < 0 || x < 0 || y >= P::in_h || x >= P::in_w) return 0.0;
  return static_cast<double>(in[static_cast<std::size_t>(((b * P::in_h + y) * P::in_w + x) * P::in_c + c)]);
}

// Calls f(b, y, x, c) for every output element in storage order and collects the results.
template <class P, class F>
Doubles for_outputs(const F& f) {
  Doubles out;
  for (int b = 0; b < P::batch; ++b) {
    for (int y = 0; y < P::out_h; ++y) {
      for (int x = 0; x < P::out_w; ++x) {
        for (int c = 0; c < P::out_c; ++c) out.push_back(f(b, y, x, c));
      }
    }
  }
  return out;
}

// Convolution as ONNX defines it; weights [out_c][in_c / group][kernel_h][kernel_w].
template <class P>
Doubles conv2d_reference(const Floats& in, const Floats& weights, const Floats& bias) {
  constexpr int kIn = P::in_c / P::group, kOut = P::out_c / P::group;
  return for_outputs<P>([&](int b, int y, int x, int o) {
    double sum = P::has_bias ? static_cast<double>(bias[static_cast<std::size_t>(o)]) : 0.0;
    for (int i = 0; i < kIn; ++i) {
      for (int ky = 0; ky < P::kernel_h; ++ky) {
        for (int kx = 0; kx < P::kernel_w; ++kx) {
          const double value = at<P>(in, b, y * P::stride_h - P::pad_top + ky * P::dilation_h,
                                     x * P::stride_w - P::pad_left + kx * P::dilation_w, o / kOut * kIn + i);
          const int w = ((o * kIn + i) * P::kernel_h + ky) * P::kernel_w + kx;
          sum += value * static_cast<double>(weights[static_cast<std::size_t>(w)]);
        }
      }
    }
    return static_cast<double>(P::act(static_cast<float>(sum)));
  });
}

}  // namespace kernel_tests
