// y = Op(x), which changes nothing       →   readers of y read x
// z = Reshape(Reshape(x, a), b)          →   z = Reshape(x, b)
//
// Op is a Reshape, Cast, Expand or Tile to what x is already, a Transpose that moves nothing, a Pad by
// nothing, a Slice of everything, a Concat of one, a Clip to [-inf, inf], or arithmetic with a neutral
// constant: * 1, / 1, + 0, - 0, power of 1. One that makes a graph output becomes a Reshape, which costs
// nothing and keeps the name. Exact, but for x + 0: -0 stays -0 here and would have become +0.
#include <algorithm>
#include <limits>
#include <numeric>

#include "ops/activation.hpp"
#include "passes/passes.hpp"
#include "passes/rewrite.hpp"

namespace netsuke {
namespace {

bool all_are(const Node& n, const std::string& key, int64_t value) {
  if (!has_attribute(n, key)) return true;
  const auto& values = get_ints(n, key);
  return std::all_of(values.begin(), values.end(), [&](int64_t v) { return v == value; });
}

bool moves_nothing(const Node& n) {
  const auto& perm = get_ints(n, "perm");
  return std::is_sorted(perm.begin(), perm.end());
}

bool clips_nothing(const Node& n) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  Activation a = activation_of(n);
  return a.function == "clip" && a.arguments[0] == -kInfinity && a.arguments[1] == kInfinity;
}

// The operand that an arithmetic node hands on unchanged, or kNoValue.
ValueId neutral_operand(const Graph& g, const Node& n) {
  bool commutes = n.op == "Mul" || n.op == "Add";
  float neutral = n.op == "Add" || n.op == "Sub" ? 0.0f : 1.0f;
  if (uniform_constant(g, n.inputs[1]) == neutral) return n.inputs[0];
  if (commutes && uniform_constant(g, n.inputs[0]) == neutral) return n.inputs[1];
  return kNoValue;
}

// Where types and shapes of x and y are equal.
bool is_identity(const Node& n) {
  if (n.op == "Reshape" || n.op == "Cast" || n.op == "Expand" || n.op == "Tile") return true;
  if (n.op == "Transpose") return moves_nothing(n);
  if (n.op == "Pad") return all_are(n, "pads", 0);
  if (n.op == "Slice") return all_are(n, "steps", 1);
  if (n.op == "Concat") return n.inputs.size() == 1;
  return clips_nothing(n);
}

// The value that the node's only output equals, or kNoValue.
ValueId same_as(const Graph& g, const Node& n) {
  if (n.inputs.empty() || n.outputs.size() != 1 || !n.activations.empty()) return kNoValue;
  bool arithmetic = n.op == "Mul" || n.op == "Div" || n.op == "Add" || n.op == "Sub" || n.op == "Pow";
  ValueId x = arithmetic ? neutral_operand(g, n) : is_identity(n) ? n.inputs[0] : kNoValue;
  if (x == kNoValue || g[x].type != g[n.outputs[0]].type || g[x].shape != g[n.outputs[0]].shape) return kNoValue;
  return rounds_anew(g, n, x) ? kNoValue : x;
}

// A Reshape of a Reshape reads the first one's input.
bool skip_reshape(const Graph& g, const Links& links, Node& n) {
  if (n.op != "Reshape") return false;
  const Node* before = producer_of(g, links, n.inputs[0]);
  if (!before || before->op != "Reshape" || !before->activations.empty() || rounds_anew(g, *before, before->inputs[0])) return false;
  n.inputs[0] = before->inputs[0];
  return true;
}

}  // namespace

bool remove_identities(Graph& g, const PassOptions& options) {
  Links links = link(g);
  bool changed = false;
  // What stands for each value. Nodes come in execution order, so one walk is enough, however long the chain.
  std::vector<ValueId> stand_in(g.values.size());
  std::iota(stand_in.begin(), stand_in.end(), 0);
  for (Node& n : g.nodes) {
    for (ValueId& v : n.inputs)
      if (v != kNoValue) v = stand_in[static_cast<size_t>(v)];
    changed |= skip_reshape(g, links, n);
    ValueId x = same_as(g, n);
    if (x == kNoValue) continue;
    auto y = static_cast<size_t>(n.outputs[0]);
    if (links.is_output[y] && n.op == "Reshape") continue;  // settled
    if (links.is_output[y]) bypass(g, links, n, x);
    else stand_in[y] = x;
    changed = true;
  }
  return remove_dead_code(g, options) || changed;
}

}  // namespace netsuke
