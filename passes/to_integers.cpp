// y = Conv(x ~int8, W, b) ~int8      →   the same node on integers: x, y int8, W int8 or int16, b int32
// y = Sqrt(x ~int8) ~ nothing        →   r = DequantizeLinear(x); y = Sqrt(r)
// y = Conv(x) ~int8                  →   r = Conv(x); y = QuantizeLinear(r)
//
// Every value with a grid becomes the integers that it was rounded to. A node whose values are all on grids, and whose
// operator has an integer form (ops/op.hpp), computes in integers; sums of products may also end in real numbers. All
// others stay in float, between DequantizeLinear and QuantizeLinear. Unsigned grids move to signed ones. A Transpose
// beside a QuantizeLinear or DequantizeLinear goes into its `perm`. With PassOptions::native_io the graph's inputs and
// outputs become the integers where they are on a grid.
//
// Needs final layouts (to-nhwc). Breaks equality with the float meaning of the grids within one step, where requantising
// rounds another way than float arithmetic would (docs/numerics.md). Lowering needs it.
#include <algorithm>
#include <cmath>

#include "graph/quantization.hpp"
#include "ops/activation.hpp"
#include "ops/grid.hpp"
#include "ops/integer_wide.hpp"
#include "ops/layout.hpp"
#include "passes/integer_weights.hpp"
#include "passes/passes.hpp"
#include "passes/rewrite.hpp"

namespace netsuke {
namespace {

// Grids of activations: signed, 8 or 16 bits.
std::optional<Quantization> signed_grid(const std::optional<Quantization>& q) {
  if (!q || q->axis >= 0 || q->type == DType::kInt32) return std::nullopt;
  Quantization s = *q;
  if (q->type == DType::kUint8) s.type = DType::kInt8, s.zero_points[0] -= 128;
  if (q->type == DType::kUint16) s.type = DType::kInt16, s.zero_points[0] -= 32768;
  return s;
}

struct Conversion {
  Graph& graph;
  std::vector<Node> nodes;              // the new ones
  std::vector<std::optional<Quantization>> grid;  // by old value: that of its integers
  std::map<ValueId, ValueId> stored;    // old value -> its integers
  std::map<ValueId, ValueId> real;      // old value -> real numbers, where only integers were made
};

const std::optional<Quantization>& grid_of(const Conversion& c, ValueId v) { return c.grid[static_cast<size_t>(v)]; }

bool is_run_time(const Conversion& c, ValueId v) { return v != kNoValue && !c.graph[v].constant; }

bool is_int16(const Conversion& c, ValueId v) { return grid_of(c, v) && grid_of(c, v)->type == DType::kInt16; }

// --- which nodes compute in integers ---

bool is_scalar_constant(const Conversion& c, ValueId v) {
  return v != kNoValue && c.graph[v].constant && c.graph[v].constant->count() == 1 && c.graph[v].type == DType::kFloat32;
}

// One run-time operand, beside scalars.
bool is_function(const Conversion& c, const Node& n) {
  int run_time = 0;
  for (ValueId v : n.inputs) {
    if (is_run_time(c, v)) run_time += grid_of(c, v) ? 1 : 2;
    else if (!is_scalar_constant(c, v)) return false;
  }
  return run_time == 1 && grid_of(c, n.outputs[0]);
}

bool all_on(const Conversion& c, const Node& n, const std::optional<Quantization>& grid) {
  for (ValueId v : n.outputs)
    if (v != kNoValue && grid_of(c, v) != grid) return false;
  return true;
}

bool all_on_grids(const Conversion& c, const Node& n) {
  for (ValueId v : n.inputs)
    if (v != kNoValue && !grid_of(c, v)) return false;
  return grid_of(c, n.outputs[0]).has_value();
}

// Sums of a MatMul's run-time operands can be requantised, whatever they are, or fit int32 where they become real
// numbers. (Constant weights are rounded to fit.)
bool sums_fit(const Conversion& c, const Node& n) {
  double most = product_bound(*grid_of(c, n.inputs[0]), *grid_of(c, n.inputs[1]), c.graph[n.inputs[0]].shape.back());
  return most < (grid_of(c, n.outputs[0]) ? kMostProduct : 2147483648.0);
}

bool is_linear(const Conversion& c, const Node& n) {
  if (!grid_of(c, n.inputs[0])) return false;
  bool product = n.op == "MatMul";
  if (product && (!grid_of(c, n.inputs[1]) || !sums_fit(c, n))) return false;
  if (!product && !c.graph[n.inputs[1]].constant) return false;
  return !grid_of(c, n.outputs[0]) || only_limits(n.activations);
}

bool is_averaged(const Conversion& c, const Node& n) {
  return grid_of(c, n.inputs[0]) && grid_of(c, n.outputs[0]) && only_limits(n.activations);
}

bool computes_in_integers(const Conversion& c, const Node& n) {
  if (n.inputs.empty() || n.inputs[0] == kNoValue || n.outputs.empty()) return false;
  bool plain = n.activations.empty(), weighted_resample = n.op == "Resample" && n.inputs.size() > 2;
  switch (op_of(n).integer) {
    case IntegerForm::kNone: return false;
    case IntegerForm::kMove:
      return plain && !weighted_resample && is_run_time(c, n.inputs[0]) && grid_of(c, n.inputs[0]) && all_on(c, n, grid_of(c, n.inputs[0]));
    case IntegerForm::kSameGrid: return plain && all_on_grids(c, n);
    case IntegerForm::kLinear: return is_run_time(c, n.inputs[0]) && is_linear(c, n);
    case IntegerForm::kAverage: return is_averaged(c, n);
    case IntegerForm::kSum:
    case IntegerForm::kProduct: return only_limits(n.activations) && (all_on_grids(c, n) || is_function(c, n));
    case IntegerForm::kFunction: return is_function(c, n);
    case IntegerForm::kSoftmax: return plain && grid_of(c, n.inputs[0]) && grid_of(c, n.outputs[0]);
  }
  return false;
}

// --- values ---

ValueId add_stored(Conversion& c, ValueId v) {
  const Quantization& q = *grid_of(c, v);
  return c.stored[v] = add_value(c.graph, Value{c.graph[v].name, q.type, c.graph[v].shape, nullptr, q});
}

// The integers of an old value.
ValueId stored_value(Conversion& c, ValueId v) {
  if (auto it = c.stored.find(v); it != c.stored.end()) return it->second;
  const Value& value = c.graph[v];
  NETSUKE_CHECK(value.constant, "'{}' has no integers yet", value.name);
  Tensor tensor = to_grid(*value.constant, *grid_of(c, v));
  return c.stored[v] = add_constant(c.graph, value.name, std::move(tensor), grid_of(c, v));
}

// The real numbers of an old value, for readers in float.
ValueId real_value(Conversion& c, ValueId v) {
  if (v == kNoValue || !c.stored.contains(v) || c.graph[v].constant) return v;
  if (auto it = c.real.find(v); it != c.real.end()) return it->second;
  ValueId stored = c.stored[v];
  c.nodes.push_back(grid_node("DequantizeLinear", c.graph[v].name + "/dequantize", stored, v, *grid_of(c, v)));
  c.graph[v].quantization.reset();
  return c.real[v] = v;
}

// `v`'s integers on another grid.
ValueId requantized(Conversion& c, ValueId v, const Quantization& to) {
  ValueId stored = stored_value(c, v);
  if (*c.graph[stored].quantization == to) return stored;
  Value value{c.graph[v].name + "/requantized", to.type, c.graph[v].shape, nullptr, to};
  if (const Tensor* t = constant_of(c.graph, v)) return add_constant(c.graph, value.name, to_grid(*t, to), to);
  ValueId out = add_value(c.graph, std::move(value));
  c.nodes.push_back(Node{"Requantize", c.graph[out].name, {stored}, {out}, {}, {}});
  return out;
}

// --- nodes ---

void set_weights(Conversion& c, Node& n, const IntegerWeights& w) {
  std::string name = c.graph[n.inputs[1]].name;
  if (w.bias) n.inputs[2] = add_constant(c.graph, c.graph[n.inputs[2]].name, *w.bias);
  n.inputs[1] = add_constant(c.graph, name, w.weights, w.grid);
}

bool of_16_bits(const Conversion& c, const Node& n) {
  return std::any_of(n.inputs.begin(), n.inputs.end(), [&](ValueId v) { return is_run_time(c, v) && is_int16(c, v); });
}

// A scalar as an integer: the largest of 16 bits, on a grid made for it.
ValueId stored_scalar(Conversion& c, ValueId v) {
  if (grid_of(c, v)) return stored_value(c, v);
  float x = c.graph[v].constant->as<float>()[0], scale = std::fabs(x) / 32767;
  Quantization grid = per_tensor_grid(scale > 0 && std::isfinite(scale) ? scale : 1, 0, DType::kInt16);
  return add_constant(c.graph, c.graph[v].name, to_grid(*c.graph[v].constant, grid), grid);
}

// A function of one value: a table. Of 16 bits, sums and products with a scalar are plain ones; false where no table
// comes close enough.
bool convert_function(Conversion& c, Node& n) {
  bool wide = of_16_bits(c, n), arithmetic = op_of(n).integer != IntegerForm::kFunction;
  if (wide && !arithmetic && !choose_table(c.graph, n, *grid_of(c, n.inputs[run_time_operand(c.graph, n)]), *grid_of(c, n.outputs[0]))) return false;
  for (ValueId& v : n.inputs)
    if (is_run_time(c, v)) v = stored_value(c, v);
    else if (wide && arithmetic) v = stored_scalar(c, v);
  return true;
}

// Values of the node as integers; false where weights fit no integers, or a function no table.
bool convert_inputs(Conversion& c, Node& n) {
  const Op& op = op_of(n);
  if (op.integer == IntegerForm::kLinear && n.op != "MatMul") {
    std::optional<IntegerWeights> w = integer_weights(c.graph, n, *grid_of(c, n.inputs[0]));
    if (!w) return false;
    n.inputs[0] = stored_value(c, n.inputs[0]);
    set_weights(c, n, *w);
    return true;
  }
  bool function = op.integer == IntegerForm::kSum || op.integer == IntegerForm::kProduct || op.integer == IntegerForm::kFunction;
  if (function && is_function(c, n)) return convert_function(c, n);
  for (ValueId& v : n.inputs) {
    if (v == kNoValue || !grid_of(c, v)) continue;
    v = op.integer == IntegerForm::kSameGrid ? requantized(c, v, *grid_of(c, n.outputs[0])) : stored_value(c, v);
  }
  return true;
}

void append_integer(Conversion& c, Node n) {
  for (ValueId& v : n.outputs)
    if (v != kNoValue && grid_of(c, v)) v = add_stored(c, v);
  c.nodes.push_back(std::move(n));
}

// Float inputs, float results; those with a grid are quantised.
void append_real(Conversion& c, Node n) {
  for (ValueId& v : n.inputs) v = real_value(c, v);
  std::vector<Node> quantize;
  for (ValueId& v : n.outputs) {
    if (v == kNoValue || !grid_of(c, v)) continue;
    ValueId old = v;
    v = add_value(c.graph, Value{c.graph[old].name + "/real", DType::kFloat32, c.graph[old].shape, nullptr, std::nullopt});
    quantize.push_back(grid_node("QuantizeLinear", n.name, v, add_stored(c, old), *grid_of(c, old)));
  }
  bool copies = n.op == "Reshape" && n.activations.empty() && !quantize.empty() &&
                c.graph[n.inputs[0]].shape == c.graph[n.outputs[0]].shape;
  if (copies) quantize[0].inputs[0] = n.inputs[0];
  else c.nodes.push_back(std::move(n));
  for (Node& q : quantize) c.nodes.push_back(std::move(q));
}

// QuantizeLinear of a value that is on its grid, and DequantizeLinear of integers that the model takes or computes:
// only the integers' type and zero point change.
bool append_border(Conversion& c, const Node& n) {
  bool quantizes = n.op == "QuantizeLinear" && signed_grid(grid_attributes(n)) == grid_of(c, n.inputs[0]) && c.stored.contains(n.inputs[0]);
  bool dequantizes = n.op == "DequantizeLinear" && grid_of(c, n.outputs[0]);
  if (!quantizes && !dequantizes) return false;
  ValueId from = quantizes ? c.stored[n.inputs[0]] : n.inputs[0], to = quantizes ? n.outputs[0] : add_stored(c, n.outputs[0]);
  c.graph[quantizes ? to : from].quantization = grid_attributes(n);
  Node border{"Requantize", n.name, {from}, {to}, {}, {}};
  if (c.graph[from].type == c.graph[to].type)
    border = Node{"Reshape", n.name, {from}, {to}, {{"shape", c.graph[to].shape}, {"allowzero", int64_t{1}}}, {}};
  c.nodes.push_back(std::move(border));
  return true;
}

// A value rounded onto one grid and then another, as pairs in a row leave it: a copy. Relu and Clip of 16 bits are that,
// too, with limits. (Of 8 bits, they are tables.)
bool append_requantized(Conversion& c, const Node& n) {
  if (n.inputs.size() != 1 || n.outputs.size() != 1 || !n.activations.empty()) return false;
  ValueId from = n.inputs[0], to = n.outputs[0];
  if (!grid_of(c, from) || !grid_of(c, to) || !c.stored.contains(from)) return false;
  bool copies = n.op == "Reshape" && c.graph[from].shape == c.graph[to].shape && grid_of(c, from) != grid_of(c, to);
  bool limits = (n.op == "Relu" || n.op == "Clip") && (is_int16(c, from) || is_int16(c, to));
  if (!copies && !limits) return false;
  Node requantize{"Requantize", n.name, {c.stored[from]}, {add_stored(c, to)}, {}, {}};
  if (limits) requantize.activations = {activation_of(n)};
  c.nodes.push_back(std::move(requantize));
  return true;
}

void convert(Conversion& c, const Node& n) {
  if (append_border(c, n) || append_requantized(c, n)) return;
  Node integer = n;
  if (computes_in_integers(c, n) && convert_inputs(c, integer)) return append_integer(c, std::move(integer));
  append_real(c, n);
}

// --- transposes beside the borders ---

// x -> QuantizeLinear -> Transpose, or Transpose -> DequantizeLinear: one copy does both.
bool merge_transpose(Graph& g, const Links& links, Node& second) {
  bool dequantizes = second.op == "DequantizeLinear";
  if (!dequantizes && second.op != "Transpose") return false;
  ValueId between = second.inputs[0];
  const Node* first = producer_of(g, links, between);
  if (!first || first->op != (dequantizes ? "Transpose" : "QuantizeLinear") || has_attribute(*first, "axis")) return false;
  auto i = static_cast<size_t>(between);
  if (links.consumers[i].size() != 1 || links.is_output[i] || has_attribute(*first, "perm") == !dequantizes) return false;
  if (dequantizes && has_attribute(second, "perm")) return false;
  const Node& moving = dequantizes ? *first : second;
  Node merged = dequantizes ? second : *first;
  merged.attributes["perm"] = get_ints(moving, "perm");
  merged.inputs = first->inputs;
  merged.outputs = second.outputs;
  second = std::move(merged);
  return true;
}

// --- inputs and outputs as integers (PassOptions::native_io) ---

// A float input that is only quantised, always in one way, becomes the integers.
void make_input_native(Graph& g, ValueId& input) {
  const Node* first = nullptr;
  for (const Node& n : g.nodes)
    if (std::count(n.inputs.begin(), n.inputs.end(), input) > 0) {
      if (n.op != "QuantizeLinear" || has_attribute(n, "axis")) return;
      if (first && grid_attributes(*first) != grid_attributes(n)) return;
      first = &n;
    }
  if (!first || std::count(g.outputs.begin(), g.outputs.end(), input) > 0) return;
  const Quantization q = grid_attributes(*first);
  Value native{g[input].name, q.type, g[input].shape, nullptr, q};
  ValueId integers = add_value(g, std::move(native));
  for (Node& n : g.nodes) {
    if (n.inputs.empty() || n.inputs[0] != input) continue;
    Node move{"Transpose", n.name, {integers}, n.outputs, {}, {}};
    if (has_attribute(n, "perm")) move.attributes["perm"] = get_ints(n, "perm");
    else move = Node{"Reshape", n.name, {integers}, n.outputs, {{"shape", g[n.outputs[0]].shape}, {"allowzero", int64_t{1}}}, {}};
    n = std::move(move);
  }
  input = integers;
}

// Integers that the model takes or gives have their grid also where they are only moved on the way: for the header.
void tell_ports(Graph& g) {
  auto copies = [](const Node& n) { return n.op == "Reshape" || n.op == "Transpose"; };
  auto tell = [&](ValueId to, ValueId from) {
    if (g[to].type == g[from].type && g[to].type != DType::kFloat32 && !g[to].quantization) g[to].quantization = g[from].quantization;
  };
  for (const Node& n : g.nodes)
    if (copies(n)) tell(n.outputs[0], n.inputs[0]);
  for (auto n = g.nodes.rbegin(); n != g.nodes.rend(); ++n)
    if (copies(*n)) tell(n->inputs[0], n->outputs[0]);
}

void make_outputs_native(Graph& g, Conversion& c) {
  for (ValueId& v : g.outputs)
    if (auto it = c.stored.find(v); it != c.stored.end()) v = it->second;
}

}  // namespace

bool to_integers(Graph& g, const PassOptions& options) {
  bool quantised = std::any_of(g.values.begin(), g.values.end(), [](const Value& v) { return v.quantization && !v.constant; });
  if (!quantised) return false;
  Conversion c{g, {}, {}, {}, {}};
  for (const Value& v : g.values) c.grid.push_back(v.type == DType::kFloat32 ? signed_grid(v.quantization) : std::nullopt);
  std::vector<Node> before = g.nodes;
  for (const Node& n : before) convert(c, n);
  if (options.native_io) make_outputs_native(g, c);
  for (ValueId v : g.outputs) real_value(c, v);
  g.nodes = std::move(c.nodes);
  for (Value& v : g.values)
    if (v.type == DType::kFloat32) v.quantization.reset();
  remove_dead_code(g, options);
  remove_identities(g, options);
  Links links = link(g);
  for (Node& n : g.nodes) merge_transpose(g, links, n);
  remove_dead_code(g, options);
  if (options.native_io)
    for (ValueId& v : g.inputs) make_input_native(g, v);
  remove_identities(g, options);
  tell_ports(g);
  return true;
}

}  // namespace netsuke
