// The element functions of ops/activation.*: float unary operators that can also be fused behind
// another node.
#include "lower/lowering.hpp"
#include "ops/activation.hpp"
#include "ops/helpers.hpp"

namespace netsuke {
namespace {

constexpr float kSeluAlpha = 1.67326319217681884765625f, kSeluGamma = 1.05070102214813232421875f;

void default_alpha(Canonicaliser& c, float alpha) { set_default(c.node, "alpha", alpha); }

void canonicalise_leaky_relu(Canonicaliser& c) { default_alpha(c, 0.01f); }
void canonicalise_alpha_one(Canonicaliser& c) { default_alpha(c, 1.0f); }
void canonicalise_hard_sigmoid(Canonicaliser& c) {
  default_alpha(c, 0.2f);
  set_default(c.node, "beta", 0.5f);
}
void canonicalise_selu(Canonicaliser& c) {
  default_alpha(c, kSeluAlpha);
  set_default(c.node, "gamma", kSeluGamma);
}
void canonicalise_gelu(Canonicaliser& c) { set_default(c.node, "approximate", std::string("none")); }

void infer_float_unary(Graph& g, Node& n) {
  require_type(g, n, 0, {DType::kFloat32});
  infer_same(g, n);
}

}  // namespace

Activation activation_of(const Node& n) {
  auto alpha = [&] { return get_float(n, "alpha"); };
  if (n.op == "Relu") return {"relu", {}};
  if (n.op == "LeakyRelu") return {"leaky_relu", {alpha()}};
  if (n.op == "HardSigmoid") return {"hard_sigmoid", {alpha(), get_float(n, "beta")}};
  if (n.op == "HardSwish") return {"hard_swish", {}};
  if (n.op == "Elu") return {"elu", {alpha()}};
  if (n.op == "Celu") return {"celu", {alpha()}};
  if (n.op == "Selu") return {"selu", {alpha(), get_float(n, "gamma")}};
  if (n.op == "Sigmoid") return {"sigmoid", {}};
  if (n.op == "Tanh") return {"tanh", {}};
  if (n.op == "Softplus") return {"softplus", {}};
  if (n.op == "Softsign") return {"softsign", {}};
  if (n.op == "Gelu") return {get_string(n, "approximate") == "tanh" ? "gelu_tanh" : "gelu", {}};
  if (n.op == "Mish") return {"mish", {}};
  if (n.op == "Silu") return {"silu", {}};
  if (n.op == "Erf") return {"erf", {}};
  if (n.op == "ThresholdedRelu") return {"thresholded_relu", {alpha()}};
  return {};
}

namespace {

void eval_activation(Evaluation& e) {
  e.out[0].bytes = e.in[0]->bytes;
  Activation a = activation_of(e.node);
  for (float& x : e.out[0].as<float>()) x = evaluate(a, x);
}

// out[i] = act(in[i]); the node's own function is the innermost.
void lower_activation(Lowering& l, const Node& n) {
  Node with_own = n;
  with_own.activations.insert(with_own.activations.begin(), activation_of(n));
  Call call = make_call(n, "map_f32", "map.hpp");
  call.parameters = {{"count", count_of(l.graph[n.outputs[0]].shape)}, activation_parameter(with_own)};
  call.arguments = {read(buffer_of(l, n.inputs[0])), write(buffer_of(l, n.outputs[0]))};
  call.in_place = {{0, 1}};
  l.program.calls.push_back(std::move(call));
}

constexpr Op unary(std::string_view name, void (*canonicalise)(Canonicaliser&), QuantRule rule) {
  return {.name = name, .canonicalise = canonicalise, .infer = infer_float_unary, .eval = eval_activation,
          .lower = lower_activation, .quantisation = rule, .limits = "Float32 only."};
}

// x Sigmoid(x): netsuke's own, made by pass recognise-activations.
constexpr Op silu() {
  Op op = unary("Silu", nullptr, QuantRule::kMeasured);
  op.domain = "netsuke";
  return op;
}

constexpr Op kOps[] = {
    unary("Relu", nullptr, QuantRule::kSameScale),
    unary("LeakyRelu", canonicalise_leaky_relu, QuantRule::kMeasured),
    unary("HardSigmoid", canonicalise_hard_sigmoid, QuantRule::kFixed),
    unary("HardSwish", nullptr, QuantRule::kMeasured),
    unary("Elu", canonicalise_alpha_one, QuantRule::kMeasured),
    unary("Celu", canonicalise_alpha_one, QuantRule::kMeasured),
    unary("Selu", canonicalise_selu, QuantRule::kMeasured),
    unary("Sigmoid", nullptr, QuantRule::kFixed),
    unary("Tanh", nullptr, QuantRule::kFixed),
    unary("Softplus", nullptr, QuantRule::kMeasured),
    unary("Softsign", nullptr, QuantRule::kFixed),
    unary("Gelu", canonicalise_gelu, QuantRule::kMeasured),
    unary("Mish", nullptr, QuantRule::kMeasured),
    silu(),
    unary("Erf", nullptr, QuantRule::kFixed),
    unary("ThresholdedRelu", canonicalise_alpha_one, QuantRule::kMeasured),
};

}  // namespace

std::span<const Op> activations_ops() { return kOps; }

}  // namespace netsuke
