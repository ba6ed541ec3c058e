// The element functions of ops/activation.*: float unary operators that can also be fused behind
// another node.
#include <limits>

#include "lower/lowering.hpp"
#include "ops/activation.hpp"
#include "ops/broadcasting.hpp"
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
void canonicalise_shrink(Canonicaliser& c) {
  set_default(c.node, "bias", 0.0f);
  set_default(c.node, "lambd", 0.5f);
}

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// A bound of Clip that is known and float32 becomes an attribute.
void clip_bound_to_attribute(Canonicaliser& c, size_t i, const std::string& key) {
  if (!has_input(c.node, i)) return set_default(c.node, key, i == 1 ? -kInfinity : kInfinity);
  input_to_float(c, i, key);
}

// Other types and bounds of the run time: Clip(x, low, high)  →  Min(Max(x, low), high)
void clip_to_extremes(Canonicaliser& c) {
  Node& n = c.node;
  ValueId low = has_input(n, 1) ? n.inputs[1] : kNoValue, high = has_input(n, 2) ? n.inputs[2] : kNoValue;
  if (low != kNoValue && high != kNoValue) n.inputs[0] = add_preceding(c, "Max", {n.inputs[0], low});
  n.op = high != kNoValue ? "Min" : low != kNoValue ? "Max" : "Identity";
  n.inputs = {n.inputs[0]};
  if (n.op != "Identity") n.inputs.push_back(high != kNoValue ? high : low);
}

// Opset 6 has attributes (by default the largest floats), 11 has inputs. A lower bound above the upper one
// loses against it.
void canonicalise_clip(Canonicaliser& c) {
  Node& n = c.node;
  for (size_t i : {1u, 2u})
    if (has_input(n, i) && count_of(shape_of(c.graph, n, i)) != 1)
      mismatch(n, fmt::format("bound '{}' has shape {}", c.graph[n.inputs[i]].name, to_string(shape_of(c.graph, n, i))),
               "the bounds must be scalars");
  if (c.opset < 11 && type_of(c.graph, n, 0) != DType::kFloat32)
    refuse(n, fmt::format("input '{}' has type {}", c.graph[n.inputs[0]].name, name_of(type_of(c.graph, n, 0))));
  bool known = true;
  for (size_t i : {1u, 2u}) known &= !has_input(n, i) || constant_of(c.graph, n.inputs[i]);
  if (type_of(c.graph, n, 0) != DType::kFloat32 || !known) return clip_to_extremes(c);
  if (c.opset < 11) {
    set_default(n, "min", std::numeric_limits<float>::lowest());
    set_default(n, "max", std::numeric_limits<float>::max());
  }
  clip_bound_to_attribute(c, 2, "max");
  clip_bound_to_attribute(c, 1, "min");
  n.attributes["min"] = std::min(get_float(n, "min"), get_float(n, "max"));
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
  if (n.op == "Swish" && alpha() == 1.0f) return {"silu", {}};
  if (n.op == "Swish") return {"swish", {alpha()}};
  if (n.op == "Shrink") return {"shrink", {get_float(n, "bias"), get_float(n, "lambd")}};
  if (n.op == "Clip" && get_float(n, "min") == 0 && get_float(n, "max") == kInfinity) return {"relu", {}};
  if (n.op == "Clip") return {"clip", {get_float(n, "min"), get_float(n, "max")}};
  if (n.op == "ThresholdedRelu") return {"thresholded_relu", {alpha()}};
  return {};
}

Node node_of(const Activation& a) {
  static const std::map<std::string_view, std::pair<std::string, std::vector<std::string>>> kForms = {
      {"relu", {"Relu", {}}}, {"clip", {"Clip", {"min", "max"}}}, {"leaky_relu", {"LeakyRelu", {"alpha"}}},
      {"hard_sigmoid", {"HardSigmoid", {"alpha", "beta"}}}, {"hard_swish", {"HardSwish", {}}},
      {"elu", {"Elu", {"alpha"}}}, {"celu", {"Celu", {"alpha"}}}, {"selu", {"Selu", {"alpha", "gamma"}}},
      {"sigmoid", {"Sigmoid", {}}}, {"tanh", {"Tanh", {}}}, {"softplus", {"Softplus", {}}},
      {"softsign", {"Softsign", {}}}, {"gelu", {"Gelu", {}}}, {"gelu_tanh", {"Gelu", {}}}, {"mish", {"Mish", {}}},
      {"erf", {"Erf", {}}}, {"thresholded_relu", {"ThresholdedRelu", {"alpha"}}}, {"shrink", {"Shrink", {"bias", "lambd"}}},
      {"swish", {"Swish", {"alpha"}}}, {"silu", {"Silu", {}}}};
  auto it = kForms.find(a.function);
  NETSUKE_CHECK(it != kForms.end(), "activation '{}' has no operator", a.function);
  Node n{it->second.first, "", {}, {}, {}, {}};
  for (size_t i = 0; i < a.arguments.size(); i++) n.attributes[it->second.second[i]] = a.arguments[i];
  if (a.function == "gelu_tanh") n.attributes["approximate"] = std::string("tanh");
  return n;
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
  call.rows = elementwise_rows(l.graph, n);
  l.program.calls.push_back(std::move(call));
}

constexpr Op unary(std::string_view name, void (*canonicalise)(Canonicaliser&), QuantRule rule) {
  return {.name = name, .canonicalise = canonicalise, .infer = infer_float_unary, .eval = eval_activation,
          .lower = lower_activation, .quantisation = rule, .integer = IntegerForm::kFunction, .limits = "Float32 only."};
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
    unary("Swish", canonicalise_alpha_one, QuantRule::kMeasured),
    unary("Shrink", canonicalise_shrink, QuantRule::kMeasured),
    {.name = "Clip", .max_inputs = 3, .canonicalise = canonicalise_clip, .infer = infer_float_unary,
     .eval = eval_activation, .lower = lower_activation, .quantisation = QuantRule::kSameScale,
     .integer = IntegerForm::kFunction, .limits = "The bounds must be scalars; before opset 11 float32 only."},
};

}  // namespace

std::span<const Op> activations_ops() { return kOps; }

}  // namespace netsuke
