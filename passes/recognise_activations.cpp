// Chains of arithmetic that spell one element function   →   that function
//
//   Max(x, a), Min(x, b), Min(Max(x, a), b), Clip(Relu(x), a, b)     Relu or Clip
//   Max(x, a x) with 0 <= a <= 1, PRelu(x, a) with one slope a       LeakyRelu
//   Clip(x + 3, 0, 6) / 6, Clip(a x + b, 0, 1)                       HardSigmoid
//   x HardSigmoid(x; 1/6, 1/2)                                       HardSwish
//   x Sigmoid(x)                                                     Silu
//   Log(1 + Exp(x)), x Tanh(Softplus(x))                             Softplus, Mish
//   x (1 + Erf(x / sqrt 2)) / 2, with tanh for Erf                   Gelu
//
// Products are taken apart into a number and factors first, so that every order and every mixture of Mul
// and Div of the same product is found. Needs no fused activations yet, and does not ask how many readers
// the inner values have: the new node reads x only, what else is read stays. Keeps results to float
// rounding; Softplus and Mish also stay finite where Exp(x) would not.
#include <cmath>
#include <limits>

#include "ops/activation.hpp"
#include "passes/passes.hpp"
#include "passes/rewrite.hpp"

namespace netsuke {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// Exporters write constants such as 1.41421 with six digits or more.
bool is_close(double a, double b) { return std::fabs(a - b) <= 1e-5 * std::fabs(b); }

struct View {
  const Graph& g;
  const Links& links;

  const Node* made_by(ValueId v, std::string_view op) const {
    const Node* n = producer_of(g, links, v);
    return n && n->op == op && n->activations.empty() && !links.is_rounded[static_cast<size_t>(v)] ? n : nullptr;
  }
};

// The operand beside a constant whose elements are all equal, on either side.
struct WithConstant {
  ValueId x = kNoValue;
  double constant = 0;
};
WithConstant with_constant(const Graph& g, const Node& n) {
  for (size_t i : {0u, 1u})
    if (auto c = uniform_constant(g, n.inputs[1 - i]); c && !g[n.inputs[i]].constant)
      return {n.inputs[i], static_cast<double>(*c)};
  return {};
}

// number * factors[0] * factors[1] ...
struct Product {
  double number = 1;
  std::vector<ValueId> factors;
};

constexpr int kDepth = 4;  // Mul and Div nodes that one spelling stacks

// All ways to see a value as a product: as it is, or with the Mul and Div nodes behind it taken apart.
std::vector<Product> products(const View& v, ValueId value, int depth);

std::vector<Product> products_of(const View& v, const Node& n, int depth) {
  bool divides = n.op == "Div";
  std::vector<Product> result;
  if (auto c = uniform_constant(v.g, n.inputs[1])) {
    for (Product p : products(v, n.inputs[0], depth)) {
      p.number *= divides ? 1 / static_cast<double>(*c) : static_cast<double>(*c);
      result.push_back(std::move(p));
    }
  } else if (auto k = uniform_constant(v.g, n.inputs[0]); k && !divides) {
    for (Product p : products(v, n.inputs[1], depth)) {
      p.number *= static_cast<double>(*k);
      result.push_back(std::move(p));
    }
  } else if (!divides) {
    for (const Product& a : products(v, n.inputs[0], depth))
      for (Product b : products(v, n.inputs[1], depth)) {
        b.number *= a.number;
        b.factors.insert(b.factors.begin(), a.factors.begin(), a.factors.end());
        if (b.factors.size() <= 3) result.push_back(std::move(b));
      }
  }
  return result;
}

std::vector<Product> products(const View& v, ValueId value, int depth) {
  std::vector<Product> result{{1, {value}}};
  if (depth == 0) return result;
  for (std::string_view op : {"Mul", "Div"})
    if (const Node* n = v.made_by(value, op)) {
      std::vector<Product> more = products_of(v, *n, depth - 1);
      result.insert(result.end(), more.begin(), more.end());
    }
  return result;
}

// value == number * x^power, in some spelling with Mul, Div and Pow.
bool is_power(const View& v, ValueId value, double number, ValueId x, size_t power) {
  for (const Product& p : products(v, value, kDepth)) {
    if (!is_close(p.number, number)) continue;
    if (p.factors == std::vector<ValueId>(power, x)) return true;
    if (p.factors.size() != 1) continue;
    const Node* pow = v.made_by(p.factors[0], "Pow");
    if (pow && pow->inputs[0] == x && uniform_constant(v.g, pow->inputs[1]) == static_cast<float>(power)) return true;
  }
  return false;
}

// value == 1 + the result; kNoValue when it is not.
ValueId minus_one(const View& v, ValueId value) {
  const Node* add = v.made_by(value, "Add");
  WithConstant w = add ? with_constant(v.g, *add) : WithConstant{};
  return w.x != kNoValue && is_close(w.constant, 1) ? w.x : kNoValue;
}

// t == sqrt(2 / pi) (x + 0.044715 x^3), in either of its two factorings.
bool is_gelu_tanh_argument(const View& v, ValueId t, ValueId x) {
  const double number = std::sqrt(2 / M_PI), cubic = 0.044715;
  for (const Product& p : products(v, t, kDepth)) {
    if (!is_close(p.number, number)) continue;
    if (p.factors.size() == 1) {
      const Node* add = v.made_by(p.factors[0], "Add");
      for (size_t i : {0u, 1u})
        if (add && add->inputs[i] == x && is_power(v, add->inputs[1 - i], cubic, x, 3)) return true;
    }
    if (p.factors.size() == 2)
      for (size_t i : {0u, 1u})
        if (ValueId square = minus_one(v, p.factors[1 - i]);
            p.factors[i] == x && square != kNoValue && is_power(v, square, cubic, x, 2))
          return true;
  }
  return false;
}

struct Replacement {
  std::string op;
  ValueId x = kNoValue;
  std::map<std::string, Attribute> attributes;
};
using Found = std::optional<Replacement>;

Replacement clip(ValueId x, float low, float high) {
  if (low == 0 && high == kInfinity) return {"Relu", x, {}};
  return {"Clip", x, {{"min", low}, {"max", high}}};
}

// The bounds of a Relu, a Clip, or a Max or Min with a constant.
struct Bounds {
  ValueId x = kNoValue;
  float low = -kInfinity, high = kInfinity;
};
Bounds bounds_of(const Graph& g, const Node& n) {
  if (!n.activations.empty() || n.inputs.empty() || g[n.outputs[0]].type != DType::kFloat32) return {};
  if (n.op == "Max" || n.op == "Min") {
    WithConstant w = n.inputs.size() == 2 ? with_constant(g, n) : WithConstant{};
    auto c = static_cast<float>(w.constant);
    return n.op == "Max" ? Bounds{w.x, c, kInfinity} : Bounds{w.x, -kInfinity, c};
  }
  Activation a = activation_of(n);
  if (a.function == "relu") return {n.inputs[0], 0, kInfinity};
  if (a.function == "clip") return {n.inputs[0], a.arguments[0], a.arguments[1]};
  return {};
}

Found find_clip(const View& v, const Node& n) {
  Bounds outer = bounds_of(v.g, n);
  if (outer.x == kNoValue || outer.low > outer.high) return {};
  const Node* before = producer_of(v.g, v.links, outer.x);
  Bounds inner = before ? bounds_of(v.g, *before) : Bounds{};
  if (inner.x == kNoValue || inner.low > inner.high) {
    if (n.op != "Max" && n.op != "Min") return {};
    return clip(outer.x, outer.low, outer.high);
  }
  auto bounded = [&](float x) { return std::min(std::max(x, outer.low), outer.high); };
  return clip(inner.x, bounded(inner.low), bounded(inner.high));
}

Found find_leaky_relu(const View& v, const Node& n) {
  if (n.op == "PRelu") {
    auto slope = uniform_constant(v.g, n.inputs[1]);
    return slope ? Found({"LeakyRelu", n.inputs[0], {{"alpha", *slope}}}) : Found();
  }
  if (n.op != "Max" || n.inputs.size() != 2) return {};
  for (size_t i : {0u, 1u}) {
    const Node* mul = v.made_by(n.inputs[1 - i], "Mul");
    WithConstant w = mul ? with_constant(v.g, *mul) : WithConstant{};
    if (w.x == n.inputs[i] && w.constant >= 0 && w.constant <= 1)
      return Replacement{"LeakyRelu", w.x, {{"alpha", static_cast<float>(w.constant)}}};
  }
  return {};
}

Replacement hard_sigmoid(ValueId x, double alpha, double beta) {
  return {"HardSigmoid", x, {{"alpha", static_cast<float>(alpha)}, {"beta", static_cast<float>(beta)}}};
}

// clip(number x + shift, 0, top) * factor, where top * factor == 1. `stop` is not looked behind.
Found hard_sigmoid_of(const View& v, const Node& n, double factor, ValueId stop = kNoValue) {
  Bounds b = bounds_of(v.g, n);
  if (b.x == kNoValue || b.low != 0 || b.high == kInfinity || !is_close(double(b.high) * factor, 1)) return {};
  const Node* add = v.made_by(b.x, "Add");
  WithConstant w = add ? with_constant(v.g, *add) : WithConstant{};
  if (w.x == kNoValue) return {};
  const Node* mul = w.x == stop ? nullptr : v.made_by(w.x, "Mul");
  WithConstant scaled = mul ? with_constant(v.g, *mul) : WithConstant{};
  // Without a Mul, x * 1: only where the caller divides, else a Clip in front of an Add is left alone.
  if (scaled.x != kNoValue && scaled.constant > 0)
    return hard_sigmoid(scaled.x, scaled.constant * factor, w.constant * factor);
  return factor != 1 ? Found(hard_sigmoid(w.x, factor, w.constant * factor)) : Found();
}

// number * factor alone, `factor` being a bounded function.
Found find_in_scaled(const View& v, const Product& p) {
  const Node* f = producer_of(v.g, v.links, p.factors[0]);
  return f ? hard_sigmoid_of(v, *f, p.number) : Found();
}

// number * x * gate(x)
Found find_in_gated(const View& v, double number, ValueId x, ValueId gate) {
  if (const Node* n = v.made_by(gate, "Sigmoid"); n && n->inputs[0] == x && is_close(number, 1))
    return Replacement{"Silu", x, {}};
  if (const Node* n = v.made_by(gate, "HardSigmoid"); n && n->inputs[0] == x && is_close(number, 1))
    if (is_close(get_float(*n, "alpha"), 1.0 / 6) && is_close(get_float(*n, "beta"), 0.5))
      return Replacement{"HardSwish", x, {}};
  if (const Node* n = producer_of(v.g, v.links, gate))
    if (Found f = hard_sigmoid_of(v, *n, number, x); f && f->x == x && is_close(number, 1.0 / 6))
      if (is_close(std::get<float>(f->attributes["beta"]), 0.5)) return Replacement{"HardSwish", x, {}};
  if (const Node* n = v.made_by(gate, "Tanh"); n && is_close(number, 1)) {
    const Node* inner = v.made_by(n->inputs[0], "Softplus");
    if (inner && inner->inputs[0] == x) return Replacement{"Mish", x, {}};
  }
  ValueId bell = is_close(number, 0.5) ? minus_one(v, gate) : kNoValue;
  if (const Node* n = v.made_by(bell, "Erf"); n && is_power(v, n->inputs[0], M_SQRT1_2, x, 1))
    return Replacement{"Gelu", x, {{"approximate", std::string("none")}}};
  if (const Node* n = v.made_by(bell, "Tanh"); n && is_gelu_tanh_argument(v, n->inputs[0], x))
    return Replacement{"Gelu", x, {{"approximate", std::string("tanh")}}};
  return {};
}

Found find_product(const View& v, const Node& n) {
  if (n.op != "Mul" && n.op != "Div") return {};
  for (const Product& p : products_of(v, n, kDepth)) {
    Found f;
    if (p.factors.size() == 1) f = find_in_scaled(v, p);
    if (p.factors.size() == 2) f = find_in_gated(v, p.number, p.factors[0], p.factors[1]);
    if (p.factors.size() == 2 && !f) f = find_in_gated(v, p.number, p.factors[1], p.factors[0]);
    if (f) return f;
  }
  return {};
}

Found find_softplus(const View& v, const Node& n) {
  if (n.op != "Log") return {};
  const Node* exp = v.made_by(minus_one(v, n.inputs[0]), "Exp");
  return exp ? Found({"Softplus", exp->inputs[0], {}}) : Found();
}

Found find(const View& v, const Node& n) {
  if (n.inputs.empty() || !n.activations.empty() || v.g[n.outputs[0]].type != DType::kFloat32) return {};
  for (auto rule : {find_leaky_relu, find_clip, find_product, find_softplus})
    if (Found f = rule(v, n)) return f;
  return hard_sigmoid_of(v, n, 1);
}

}  // namespace

bool recognise_activations(Graph& g, const PassOptions& options) {
  bool changed = false;
  Links links = link(g);  // stays true: a rewritten node keeps its place and its output
  for (Node& n : g.nodes) {
    Found f = find({g, links}, n);
    if (!f || g[f->x].shape != g[n.outputs[0]].shape || g[f->x].type != DType::kFloat32) continue;
    n.op = f->op;
    n.inputs = {f->x};
    n.attributes = std::move(f->attributes);
    changed = true;
  }
  return remove_dead_code(g, options) || changed;
}

}  // namespace netsuke
