// y = Conv(x); q = QuantizeLinear(y); z = DequantizeLinear(q)   →   y = Conv(x) ~grid; readers of z read y
//
// From here on a grid is a property of a float value (Value::quantization): the value is rounded onto it as soon as it is
// made. So the other passes see the float model, and to-integers finds out what can run in integers. A value that others
// read unrounded, a graph input, or one that has a grid already gets a copy (a Reshape to the same shape) with the grid.
// The integers of a QuantizeLinear that others read, too, stay, and a QuantizeLinear that only such readers have gives
// its input its grid all the same. A DequantizeLinear of integers that the model takes or computes stays, its output has
// the grid.
//
// Needs per-tensor grids; nodes with per-channel grids of computed values stay. Keeps every result exactly.
#include "ops/grid.hpp"
#include "passes/passes.hpp"
#include "passes/rewrite.hpp"

namespace netsuke {
namespace {

bool is_pair(const Node& quantize, const Node& dequantize) {
  return dequantize.op == "DequantizeLinear" && grid_attributes(quantize) == grid_attributes(dequantize);
}

Node copy_node(const Graph& g, std::string name, ValueId from, ValueId to) {
  return Node{"Reshape", std::move(name), {from}, {to}, {{"shape", g[from].shape}, {"allowzero", int64_t{1}}}, {}};
}

// The value can be rounded as it is made.
bool can_take_grid(const Graph& g, const Links& links, ValueId x) {
  bool is_new = static_cast<size_t>(x) >= links.producer.size();
  return !is_new && !g[x].quantization && producer_of(g, links, x) && has_one_reader(links, x);
}

// The float value that stands for the rounded input of `quantize`, and a node to make it if there has to be one.
struct Rounded {
  ValueId value;
  std::optional<Node> node;
};

Rounded rounded_value(Graph& g, const Links& links, const Node& quantize, const Quantization& q) {
  ValueId x = quantize.inputs[0];
  if (can_take_grid(g, links, x)) {
    g[x].quantization = q;
    return {x, std::nullopt};
  }
  Value rounded{g[x].name + "/rounded", DType::kFloat32, g[x].shape, nullptr, q};
  ValueId y = add_value(g, std::move(rounded));
  return {y, copy_node(g, quantize.name, x, y)};
}

// One QuantizeLinear with all its DequantizeLinears. Returns the nodes in its place.
std::vector<Node> collapse(Graph& g, const Links& links, Node& quantize) {
  std::vector<size_t> pairs;
  for (int c : links.consumers[static_cast<size_t>(quantize.outputs[0])])
    if (is_pair(quantize, g.nodes[static_cast<size_t>(c)])) pairs.push_back(static_cast<size_t>(c));
  const Quantization q = grid_attributes(quantize);
  if (pairs.empty()) {
    if (can_take_grid(g, links, quantize.inputs[0])) g[quantize.inputs[0]].quantization = q;
    return {quantize};
  }
  Rounded r = rounded_value(g, links, quantize, q);
  std::vector<Node> nodes;
  if (r.node) nodes.push_back(*r.node);
  quantize.inputs[0] = r.value;
  nodes.push_back(quantize);  // dead unless others read the integers
  for (size_t i : pairs) {
    Node& dequantize = g.nodes[i];
    ValueId z = dequantize.outputs[0];
    g[z].quantization = q;
    if (links.is_output[static_cast<size_t>(z)]) dequantize = copy_node(g, dequantize.name, r.value, z);
    else replace_uses(g, z, r.value);
  }
  return nodes;
}

bool is_collapsible(const Node& n) { return n.op == "QuantizeLinear" && !has_attribute(n, "axis"); }

}  // namespace

bool collapse_quantization(Graph& g, const PassOptions& options) {
  Links links = link(g);
  std::vector<Node> nodes;
  for (size_t i = 0; i < g.nodes.size(); i++) {
    // Values that collapse() adds are read by nodes that it has dealt with.
    std::vector<Node> made = is_collapsible(g.nodes[i]) ? collapse(g, links, g.nodes[i]) : std::vector<Node>{g.nodes[i]};
    for (Node& n : made) nodes.push_back(std::move(n));
  }
  g.nodes = std::move(nodes);
  for (const Node& n : g.nodes)
    if (n.op == "DequantizeLinear" && !has_attribute(n, "axis")) g[n.outputs[0]].quantization = grid_attributes(n);
  return remove_dead_code(g, options);
}

}  // namespace netsuke
