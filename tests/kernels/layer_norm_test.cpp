#include "netsuke/layer_norm_f32.hpp"
#include "support.hpp"

namespace {
using namespace kernel_tests;

template <int Outer, int Axis, int Flags = kPlain>
struct LayerNorm {
  static constexpr std::int32_t outer = Outer, axis = Axis;
  static constexpr float epsilon = 1e-5f;
  static constexpr bool has_bias = (Flags & kNoBias) == 0;
};

template <class P>
Doubles layer_norm_reference(const Floats& in, const Floats& scale, const Floats& bias) {
  Doubles out;
  for (std::size_t o = 0; o < P::outer; ++o) {
    const float* const x = in.data() + o * P::axis;
    double mean = 0.0, variance = 0.0;
    for (std::size_t i = 0; i < P::axis; ++i) mean += static_cast<double>(x[i]) / P::axis;
    for (std::size_t i = 0; i < P::axis; ++i)
      variance += std::pow(static_cast<double>(x[i]) - mean, 2) / P::axis;
    for (std::size_t i = 0; i < P::axis; ++i) {
      const double unit = (static_cast<double>(x[i]) - mean) / std::sqrt(variance + 1e-5);
      out.push_back(unit * static_cast<double>(scale[i]) +
                    (P::has_bias ? static_cast<double>(bias[i]) : 0.0));
    }
  }
  return out;
}

using LayerNormShapes =
    std::tuple<LayerNorm<1, 64>, LayerNorm<7, 12>, LayerNorm<3, 5, kNoBias>, LayerNorm<4, 1>>;

TEMPLATE_LIST_TEST_CASE("layer_norm_f32 equals the reference", "[layer_norm]", LayerNormShapes) {
  using P = TestType;
  Floats in = random_floats(std::int64_t{P::outer} * P::axis, 1);
  for (float& x : in) x += 10.0f;  // a mean far from 0, where the one-pass formula would cancel
  const Floats scale = random_floats(P::axis, 2), bias = random_floats(P::axis, 3);
  Guarded out(static_cast<std::int64_t>(in.size()));
  netsuke::layer_norm_f32<P>(in.data(), scale.data(), P::has_bias ? bias.data() : nullptr, out.data());
  require_close(out.checked(), layer_norm_reference<P>(in, scale, bias));
  netsuke::layer_norm_f32<P>(in.data(), scale.data(), P::has_bias ? bias.data() : nullptr, in.data());
  CHECK(in == out.checked());
}

}  // namespace
