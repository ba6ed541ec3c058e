#include "ops/activation.hpp"

#include <cmath>

namespace netsuke {
namespace {

using Args = std::span<const float>;

double clamp(double x, double lo, double hi) { return x < lo ? lo : x > hi ? hi : x; }
double sigmoid(double x) { return x >= 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x)); }
double softplus(double x) { return std::fmax(x, 0.0) + std::log1p(std::exp(-std::fabs(x))); }
double gelu_tanh(double x) {
  return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
}

constexpr ActivationInfo kActivations[] = {
    {"relu", 0, [](double x, Args) { return x < 0 ? 0 : x; }},
    {"clip", 2, [](double x, Args a) { return clamp(x, a[0], a[1]); }},
    {"leaky_relu", 1, [](double x, Args a) { return x < 0 ? a[0] * x : x; }},
    {"hard_sigmoid", 2, [](double x, Args a) { return clamp(a[0] * x + a[1], 0, 1); }},
    {"hard_swish", 0, [](double x, Args) { return x * clamp(x / 6 + 0.5, 0, 1); }},
    {"elu", 1, [](double x, Args a) { return x < 0 ? a[0] * std::expm1(x) : x; }},
    {"celu", 1, [](double x, Args a) { return std::fmax(0, x) + std::fmin(0, a[0] * std::expm1(x / a[0])); }},
    {"selu", 2, [](double x, Args a) { return a[1] * (x > 0 ? x : a[0] * std::expm1(x)); }},
    {"sigmoid", 0, [](double x, Args) { return sigmoid(x); }},
    {"tanh", 0, [](double x, Args) { return std::tanh(x); }},
    {"softplus", 0, [](double x, Args) { return softplus(x); }},
    {"softsign", 0, [](double x, Args) { return x / (1 + std::fabs(x)); }},
    {"gelu", 0, [](double x, Args) { return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0))); }},
    {"gelu_tanh", 0, [](double x, Args) { return gelu_tanh(x); }},
    {"mish", 0, [](double x, Args) { return x * std::tanh(softplus(x)); }},
    {"erf", 0, [](double x, Args) { return std::erf(x); }},
    {"thresholded_relu", 1, [](double x, Args a) { return x > a[0] ? x : 0; }},
    {"shrink", 2, [](double x, Args a) { return x < -a[1] ? x + a[0] : x > a[1] ? x - a[0] : 0; }},
    {"swish", 1, [](double x, Args a) { return x * sigmoid(a[0] * x); }},
    {"silu", 0, [](double x, Args) { return x * sigmoid(x); }},
};

}  // namespace

std::span<const ActivationInfo> all_activations() { return kActivations; }

const ActivationInfo* find_activation(std::string_view name) {
  for (const ActivationInfo& info : kActivations)
    if (info.name == name) return &info;
  return nullptr;
}

float evaluate(const Activation& a, float x) {
  const ActivationInfo* info = find_activation(a.function);
  NETSUKE_CHECK(info, "no activation '{}'", a.function);
  return static_cast<float>(info->eval(x, a.arguments));
}

}  // namespace netsuke
