// q = QuantizeLinear(x); p = MaxPool(q); y = DequantizeLinear(p)
//   →   q = QuantizeLinear(x); r = DequantizeLinear(q); s = MaxPool(r); p = QuantizeLinear(s); y = DequantizeLinear(p)
//
// QOperator models move integers between their quantised operators: pools, reshapes, concatenations of one grid. Such a
// node (IntegerForm::kMove, kSameGrid) becomes one on the real numbers that the integers stand for, so that
// collapse-quantization can make grids of all pairs, and the other passes see a float model.
//
// Needs integers whose grid is known, from a QuantizeLinear or a node lifted before, per tensor. Keeps every result
// exactly: the scale is positive, so order stays, and an integer's real number is rounded back to it.
#include <algorithm>

#include "graph/quantization.hpp"
#include "ops/grid.hpp"
#include "ops/op.hpp"
#include "passes/passes.hpp"

namespace netsuke {
namespace {

struct Lifting {
  Graph& graph;
  std::map<ValueId, Quantization> grids;  // of integer values
  std::vector<Node> nodes;
};

// The one grid of the operands that are moved; constants among them take that of the others.
std::optional<Quantization> common_grid(const Lifting& l, const Node& n, size_t operands) {
  std::optional<Quantization> grid;
  for (size_t i = 0; i < operands; i++) {
    ValueId v = n.inputs[i];
    if (v == kNoValue || l.graph[v].constant) continue;
    auto it = l.grids.find(v);
    if (it == l.grids.end() || (grid && *grid != it->second)) return std::nullopt;
    grid = it->second;
  }
  return grid;
}

size_t moved_operands(const Node& n) {
  switch (op_of(n).integer) {
    case IntegerForm::kMove: return std::min<size_t>(n.inputs.size(), 1);
    case IntegerForm::kSameGrid: return n.inputs.size();
    default: return 0;
  }
}

ValueId real_operand(Lifting& l, const Node& n, ValueId v, const Quantization& q) {
  if (const Tensor* t = constant_of(l.graph, v)) return add_constant(l.graph, l.graph[v].name + "/real", from_grid(*t, q), q);
  ValueId real = add_value(l.graph, Value{l.graph[v].name + "/real", DType::kFloat32, l.graph[v].shape, nullptr, std::nullopt});
  l.nodes.push_back(grid_node("DequantizeLinear", n.name + "/dequantize", v, real, q));
  return real;
}

void lift(Lifting& l, Node n, size_t operands, const Quantization& q) {
  for (size_t i = 0; i < operands; i++)
    if (n.inputs[i] != kNoValue) n.inputs[i] = real_operand(l, n, n.inputs[i], q);
  if (n.op == "Pad") n.attributes["value"] = to_real(static_cast<int64_t>(get_float(n, "value")), q);
  std::vector<Node> quantize;
  for (ValueId& v : n.outputs) {
    if (v == kNoValue) continue;
    ValueId stored = v;
    v = add_value(l.graph, Value{l.graph[stored].name + "/real", DType::kFloat32, l.graph[stored].shape, nullptr, std::nullopt});
    quantize.push_back(grid_node("QuantizeLinear", n.name + "/quantize", v, stored, q));
    l.grids[stored] = q;
  }
  l.nodes.push_back(std::move(n));
  for (Node& node : quantize) l.nodes.push_back(std::move(node));
}

bool is_quantize(const Node& n) { return n.op == "QuantizeLinear" && !has_attribute(n, "axis"); }

}  // namespace

bool lift_integers(Graph& g, const PassOptions&) {
  Lifting l{g, {}, {}};
  bool changed = false;
  std::vector<Node> before = std::move(g.nodes);
  for (Node& n : before) {
    size_t operands = moved_operands(n);
    std::optional<Quantization> grid = operands ? common_grid(l, n, operands) : std::nullopt;
    changed |= grid.has_value();
    if (is_quantize(n)) l.grids[n.outputs[0]] = grid_attributes(n);
    if (grid) lift(l, std::move(n), operands, *grid);
    else l.nodes.push_back(std::move(n));
  }
  g.nodes = std::move(l.nodes);
  return changed;
}

}  // namespace netsuke
