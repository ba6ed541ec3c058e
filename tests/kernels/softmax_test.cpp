#include <limits>

#include "netsuke/softmax_f32.hpp"
#include "support.hpp"

namespace {
using namespace kernel_tests;

template <int Outer, int Axis, int Inner>
struct Softmax {
  static constexpr std::int32_t outer = Outer, axis = Axis, inner = Inner;
};

// f(exponentials' sum, x - max) for every element.
template <class P, class F>
Doubles softmax_reference(const Floats& in, const F& f) {
  Doubles out(in.size());
  for (std::size_t o = 0; o < P::outer; ++o) {
    for (std::size_t i = 0; i < P::inner; ++i) {
      const auto index = [&](std::size_t a) { return (o * P::axis + a) * P::inner + i; };
      double max = -std::numeric_limits<double>::infinity(), sum = 0.0;
      for (std::size_t a = 0; a < P::axis; ++a) max = std::max(max, static_cast<double>(in[index(a)]));
      for (std::size_t a = 0; a < P::axis; ++a) sum += std::exp(static_cast<double>(in[index(a)]) - max);
      for (std::size_t a = 0; a < P::axis; ++a)
        out[index(a)] = f(sum, static_cast<double>(in[index(a)]) - max);
    }
  }
  return out;
}

TEMPLATE_TEST_CASE("softmax and log_softmax equal the reference", "[softmax]", (Softmax<1, 12, 1>),
                   (Softmax<3, 5, 1>), (Softmax<2, 4, 3>), (Softmax<1, 1, 4>), (Softmax<1, 1000, 1>)) {
  using P = TestType;
  Floats in = random_floats(std::int64_t{P::outer} * P::axis * P::inner, 1);
  for (float& x : in) x *= 200.0f;  // exp(200) does not fit into a float
  const std::int64_t count = static_cast<std::int64_t>(in.size());
  Guarded out(count), log_out(count);
  netsuke::softmax_f32<P>(in.data(), out.data());
  netsuke::log_softmax_f32<P>(in.data(), log_out.data());
  const Doubles expected = softmax_reference<P>(in, [](double sum, double x) { return std::exp(x) / sum; });
  const Doubles expected_log =
      softmax_reference<P>(in, [](double sum, double x) { return x - std::log(sum); });
  require_close(out.checked(), expected, 1e-6);
  require_close(log_out.checked(), expected_log, 1e-4);
  netsuke::softmax_f32<P>(in.data(), in.data());
  CHECK(in == out.checked());
}

TEST_CASE("softmax of infinities and NaN", "[softmax]") {
  using P = Softmax<1, 3, 1>;
  const float inf = std::numeric_limits<float>::infinity();
  float out[3];
  const float masked[3] = {-inf, 1.0f, 1.0f};
  netsuke::softmax_f32<P>(masked, out);
  CHECK(out[0] == 0.0f);
  CHECK(out[1] == 0.5f);
  const float nan[3] = {1.0f, std::nanf(""), 2.0f};
  netsuke::softmax_f32<P>(nan, out);
  CHECK((std::isnan(out[0]) && std::isnan(out[1]) && std::isnan(out[2])));
}

}  // namespace
