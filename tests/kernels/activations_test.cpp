#include "netsuke/activations.hpp"

#include <functional>
#include <limits>

#include "support.hpp"

namespace {
using namespace kernel_tests;

struct Activation {
  const char* name;
  std::function<float(float)> actual;
  std::function<double(double)> expected;
};

double sigmoid_of(double x) {
  return 1.0 / (1.0 + std::exp(-x));
}
double softplus_of(double x) {
  return x > 30.0 ? x : std::log1p(std::exp(x));
}

const std::vector<Activation>& activations() {
  using namespace netsuke;
  static const std::vector<Activation> all = {
      {"identity", [](float x) { return identity(x); }, [](double x) { return x; }},
      {"relu", [](float x) { return relu(x); }, [](double x) { return std::max(x, 0.0); }},
      {"relu6", [](float x) { return clip(x, 0.0f, 6.0f); },
       [](double x) { return std::clamp(x, 0.0, 6.0); }},
      {"leaky_relu", [](float x) { return leaky_relu(x, 0.01f); },
       [](double x) { return x < 0 ? 0.01 * x : x; }},
      {"hard_sigmoid", [](float x) { return hard_sigmoid(x, 0.2f, 0.5f); },
       [](double x) { return std::clamp(0.2 * x + 0.5, 0.0, 1.0); }},
      {"hard_swish", [](float x) { return hard_swish(x); },
       [](double x) { return x * std::clamp(x / 6.0 + 0.5, 0.0, 1.0); }},
      {"elu", [](float x) { return elu(x, 1.5f); }, [](double x) { return x < 0 ? 1.5 * std::expm1(x) : x; }},
      {"selu", [](float x) { return selu(x, 1.6732632f, 1.050701f); },
       [](double x) { return 1.050701 * (x < 0 ? 1.6732632 * std::expm1(x) : x); }},
      {"celu", [](float x) { return celu(x, 2.0f); },
       [](double x) { return x < 0 ? 2 * std::expm1(x / 2) : x; }},
      {"sigmoid", [](float x) { return sigmoid(x); }, sigmoid_of},
      {"tanh", [](float x) { return netsuke::tanh(x); }, [](double x) { return std::tanh(x); }},
      {"erf", [](float x) { return netsuke::erf(x); }, [](double x) { return std::erf(x); }},
      {"softplus", [](float x) { return softplus(x); }, softplus_of},
      {"softsign", [](float x) { return softsign(x); }, [](double x) { return x / (1 + std::abs(x)); }},
      {"swish", [](float x) { return swish(x, 1.7f); }, [](double x) { return x * sigmoid_of(1.7 * x); }},
      {"silu", [](float x) { return silu(x); }, [](double x) { return x * sigmoid_of(x); }},
      {"mish", [](float x) { return mish(x); }, [](double x) { return x * std::tanh(softplus_of(x)); }},
      {"gelu", [](float x) { return gelu(x); },
       [](double x) { return 0.5 * x * std::erfc(-x / std::sqrt(2.0)); }},
      {"gelu_tanh", [](float x) { return gelu_tanh(x); },
       [](double x) {
         return 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::acos(-1.0)) * (x + 0.044715 * x * x * x)));
       }},
  };
  return all;
}

TEST_CASE("activations equal their definitions", "[activations]") {
  for (const Activation& f : activations()) {
    for (int i = -4000; i <= 4000; ++i) {
      const float x = static_cast<float>(i) * 0.025f;
      INFO(f.name << " of " << x);
      const double expected = f.expected(static_cast<double>(x));
      REQUIRE(std::abs(static_cast<double>(f.actual(x)) - expected) <=
              5e-7 * std::max(1.0, std::abs(expected)));
    }
  }
}

TEST_CASE("activations of NaN are NaN", "[activations]") {
  for (const Activation& f : activations()) {
    INFO(f.name);
    CHECK(std::isnan(f.actual(std::nanf(""))));
    CHECK(std::isnan(f.actual(-std::nanf(""))));
  }
}

TEST_CASE("activations stay finite where their limits are", "[activations]") {
  const float inf = std::numeric_limits<float>::infinity(), big = std::numeric_limits<float>::max();
  using namespace netsuke;
  for (const float x : {inf, big}) {
    CHECK(sigmoid(x) == 1.0f);
    CHECK(sigmoid(-x) == 0.0f);
    CHECK(netsuke::tanh(-x) == -1.0f);
    CHECK(netsuke::erf(x) == 1.0f);
    CHECK(softplus(x) == x);
    CHECK(softplus(-x) == 0.0f);
    CHECK(elu(-x, 1.5f) == -1.5f);
    CHECK(celu(-x, 2.0f) == -2.0f);
    CHECK(relu(x) == x);
    CHECK(relu(-x) == 0.0f);
    CHECK(clip(x, -1.0f, 6.0f) == 6.0f);
    CHECK(clip(-x, -1.0f, 6.0f) == -1.0f);
    CHECK(hard_sigmoid(-x, 0.2f, 0.5f) == 0.0f);
    CHECK(hard_swish(x) == x);
    CHECK(leaky_relu(-x, 0.5f) == -0.5f * x);
    CHECK(gelu(x) == x);
    CHECK(mish(x) == x);
    CHECK(silu(x) == x);
  }
  CHECK(thresholded_relu(1.0f, 1.0f) == 0.0f);
  CHECK(thresholded_relu(1.5f, 1.0f) == 1.5f);
  CHECK(thresholded_relu(std::nanf(""), 1.0f) == 0.0f);
  CHECK(selu(1e-8f, 1.6732632f, 1.050701f) == Approx(1.050701e-8).epsilon(1e-5));
  CHECK(elu(-1e-8f, 1.0f) == Approx(-1e-8).epsilon(1e-5));
}

}  // namespace
