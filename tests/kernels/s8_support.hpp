// What the tests of integer kernels share: random integers that also saturate, and references that follow
// docs/numerics.md word by word, in 64 bits.
#pragma once

#include <algorithm>
#include <type_traits>

#include "netsuke/weight_layout_s8.hpp"
#include "pack_s8.hpp"
#include "support.hpp"

namespace kernel_tests {

// Uniform in [low, high], with the two ends much more often than chance.
template <class T>
std::vector<T> random_integers(std::int64_t count, unsigned seed, int low, int high) {
  std::mt19937 engine(seed);
  std::uniform_int_distribution<int> uniform(low, high), one_in_eight(0, 7);
  std::vector<T> values(static_cast<std::size_t>(count));
  for (T& value : values) {
    const int kind = one_in_eight(engine);
    value = static_cast<T>(kind == 0 ? low : (kind == 1 ? high : uniform(engine)));
  }
  return values;
}

template <class T>
std::vector<T> random_values(std::int64_t count, unsigned seed) {
  return random_integers<T>(count, seed, std::numeric_limits<T>::min(), std::numeric_limits<T>::max());
}

// An output buffer between guards.
template <class T>
struct GuardedOf {
  static constexpr std::size_t kMargin = 64;
  std::vector<T> storage;
  explicit GuardedOf(std::int64_t count) : storage(static_cast<std::size_t>(count) + 2 * kMargin, T{77}) {}
  T* data() { return storage.data() + kMargin; }
  std::vector<T> checked() const {
    for (std::size_t i = 0; i < kMargin; ++i) {
      REQUIRE(storage[i] == T{77});
      REQUIRE(storage[storage.size() - 1 - i] == T{77});
    }
    return std::vector<T>(storage.begin() + kMargin, storage.end() - kMargin);
  }
};

template <class T>
void require_equal(const std::vector<T>& actual, const std::vector<T>& expected) {
  REQUIRE(actual.size() == expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) {
    INFO("element " << i);
    REQUIRE(actual[i] == expected[i]);
  }
}

inline std::int64_t floor_shift(std::int64_t x, int shift) { return x >> shift; }

// floor((acc * m + 2^(s-1)) / 2^s)
inline std::int64_t reference_round(std::int64_t acc, std::int64_t m, int shift) {
  return floor_shift(acc * m + (std::int64_t{1} << (shift - 1)), shift);
}

inline std::int64_t reference_round_even(std::int64_t acc, std::int64_t m, int shift) {
  const std::int64_t y = reference_round(acc, m, shift), unit = std::int64_t{1} << shift;
  const bool tie = ((acc * m) % unit + unit) % unit == unit / 2;
  return tie && y % 2 != 0 ? y - 1 : y;
}

template <class P>
std::int64_t reference_clamp(std::int64_t y) {
  return std::clamp<std::int64_t>(y + P::out_zero, P::out_min, P::out_max);
}

// Multipliers such that sums of `steps` products are spread over about twice the output's range.
template <class P>
std::vector<std::int32_t> random_multipliers(std::int64_t steps, unsigned seed) {
  const double sum = 74.0 * 74.0 * std::sqrt(static_cast<double>(steps)) * (sizeof(typename P::in_t) == 2 ? 256.0 : 1.0);
  const double range = static_cast<double>(P::out_max) - static_cast<double>(P::out_min);
  const double m = std::min(2147483647.0 / 1.5, range / sum * std::ldexp(1.0, P::shift));
  std::mt19937 engine(seed);
  std::uniform_real_distribution<double> around(0.6, 1.4);
  std::vector<std::int32_t> multipliers(P::per_channel ? static_cast<std::size_t>(P::out_c) : 1);
  for (std::int32_t& value : multipliers) value = static_cast<std::int32_t>(m * around(engine)) * (engine() % 8 ? 1 : -1);
  return multipliers;
}

template <class Out, class P>
Out reference_finish(std::int64_t acc, std::size_t channel, const std::vector<std::int32_t>& multipliers) {
  if constexpr (std::is_same_v<Out, std::int32_t>) {
    return static_cast<std::int32_t>(acc);
  } else if constexpr (std::is_same_v<Out, float>) {
    return P::act(static_cast<float>(acc) * std::ldexp(static_cast<float>(multipliers[P::per_channel ? channel : 0]), -40));
  } else {
    return static_cast<Out>(reference_clamp<P>(reference_round(acc, multipliers[P::per_channel ? channel : 0], P::shift)));
  }
}

// The multipliers as the kernel takes them: float scales for float outputs.
template <class P>
auto kernel_scales(const std::vector<std::int32_t>& multipliers) {
  if constexpr (std::is_same_v<typename P::out_t, float>) {
    std::vector<float> scales;
    for (std::int32_t m : multipliers) scales.push_back(std::ldexp(static_cast<float>(m), -40));
    return scales;
  } else {
    return multipliers;
  }
}

// Real value of input (b, y, x, c) in units of its scale: 0 outside.
template <class P>
std::int64_t centred(const std::vector<typename P::in_t>& in, int b, int y, int x, int c) {
  if (y < 0 || x < 0 || y >= P::in_h || x >= P::in_w) return 0;
  const auto i = static_cast<std::size_t>(((b * P::in_h + y) * P::in_w + x) * P::in_c + c);
  return std::int64_t{in[i]} - P::in_zero;
}

template <class T, class P, class F>
std::vector<T> for_outputs_of(const F& f) {
  std::vector<T> out;
  for (int b = 0; b < P::batch; ++b) {
    for (int y = 0; y < P::out_h; ++y) {
      for (int x = 0; x < P::out_w; ++x) {
        for (int c = 0; c < P::out_c; ++c) out.push_back(f(b, y, x, c));
      }
    }
  }
  return out;
}

using Weights16 = std::vector<std::int16_t>;
using Ints32 = std::vector<std::int32_t>;

// Weights [out_c][in_c / group][kernel_h][kernel_w], bias not folded.
template <class P>
std::vector<typename P::out_t> conv2d_s8_reference(const std::vector<typename P::in_t>& in, const Weights16& weights,
                                                   const Ints32& bias, const Ints32& multipliers) {
  constexpr int kIn = P::in_c / P::group, kOut = P::out_c / P::group;
  return for_outputs_of<typename P::out_t, P>([&](int b, int y, int x, int o) {
    std::int64_t sum = bias[static_cast<std::size_t>(o)];
    for (int i = 0; i < kIn; ++i) {
      for (int ky = 0; ky < P::kernel_h; ++ky) {
        for (int kx = 0; kx < P::kernel_w; ++kx) {
          const std::int64_t value = centred<P>(in, b, y * P::stride_h - P::pad_top + ky * P::dilation_h,
                                                x * P::stride_w - P::pad_left + kx * P::dilation_w, o / kOut * kIn + i);
          sum += value * weights[static_cast<std::size_t>(((o * kIn + i) * P::kernel_h + ky) * P::kernel_w + kx)];
        }
      }
    }
    return reference_finish<typename P::out_t, P>(sum, static_cast<std::size_t>(o), multipliers);
  });
}

// The weights of a layer. Of P::extreme, the lowest in every other channel, else the highest.
template <class P>
Weights16 layer_weights(std::int64_t steps) {
  if constexpr (requires { P::extreme; }) {
    Weights16 weights;
    for (std::int64_t i = 0; i < P::out_c * steps; ++i) weights.push_back(i / steps % 2 == 0 ? -128 : 127);
    return weights;
  } else {
    return random_integers<std::int16_t>(P::out_c * steps, 2, -127, 127);
  }
}

// Inputs: of P::extreme, the lowest.
template <class P>
std::vector<typename P::in_t> layer_inputs() {
  typedef typename P::in_t in_t;
  if constexpr (requires { P::extreme; })
    return std::vector<in_t>(static_cast<std::size_t>(in_count<P>()), std::numeric_limits<in_t>::min());
  else
    return random_values<in_t>(in_count<P>(), 1);
}

// What a weighted layer is made of.
template <class P>
struct Layer {
  static constexpr std::int64_t steps = std::int64_t{P::in_c / P::group} * P::kernel_h * P::kernel_w;
  std::vector<typename P::in_t> in = layer_inputs<P>();
  Weights16 weights = layer_weights<P>(steps);
  Ints32 bias = random_integers<std::int32_t>(P::out_c, 3, -9000, 9000);
  Ints32 multipliers = random_multipliers<P>(steps, 4);
  Ints32 folded = netsuke::fold_zero_point(bias, weights, P::out_c, P::in_zero);
};

template <class T>
std::vector<T> stored_as(const Weights16& values) {
  return std::vector<T>(values.begin(), values.end());
}

}  // namespace kernel_tests
