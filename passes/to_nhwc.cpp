// y = Conv(x); z = Relu(y); output z   →   a = Transpose(x); b = Conv(a) {layout=NHWC}; c = Relu(b); z = Transpose(c)
//
// Kernels want feature maps channels-last, ONNX has them channels-first. One sweep from the inputs to the
// outputs rebuilds the graph. Spatial operators take and give channels-last maps; their outputs are noted as
// lazily transposed (lazy_transposes.hpp). Operators that do not care about the order of dimensions follow
// their inputs, with their axes renamed and their constants permuted; they do so when that moves fewer
// elements. Transposes in the model are lazy too, so those that exporters leave around channels-last models
// cancel. A transpose that moves only dimensions of one element is a Reshape; one in front of a flatten and
// a Dense goes into the order of the Dense weights.
//
// Needs canonical operators and Dense (dense-from-matmul). Keeps every result exactly. Lowering needs it.
#include <algorithm>
#include <array>

#include "ops/activation.hpp"
#include "ops/helpers.hpp"
#include "passes/lazy_transposes.hpp"
#include "passes/passes.hpp"

namespace netsuke {
namespace {

constexpr auto kSpatial = std::to_array<std::string_view>(
    {"AveragePool", "Conv", "ConvInteger", "ConvTranspose", "GlobalAveragePool", "GlobalLpPool", "GlobalMaxPool",
     "InstanceNormalization", "LRN", "LpPool", "MaxPool"});

// Every output element depends on the same element of each (broadcast) input only.
constexpr auto kElementwise = std::to_array<std::string_view>(
    {"Abs", "Acos", "Acosh", "Add", "And", "Asin", "Asinh", "Atan", "Atanh", "BitShift", "BitwiseAnd", "BitwiseNot",
     "BitwiseOr", "BitwiseXor", "Cast", "Ceil", "Clip", "Cos", "Cosh", "DequantizeLinear", "Div", "Equal", "Exp", "Floor",
     "Greater", "GreaterOrEqual", "IsInf", "IsNaN", "Less", "LessOrEqual", "Log", "Max", "Mean", "Min", "Mod", "Mul",
     "Neg", "Not", "Or", "PRelu", "Pow", "QuantizeLinear", "Reciprocal", "Round", "Shrink", "Sign", "Sin", "Sinh",
     "Sqrt", "Sub", "Sum", "Tan", "Where", "Xor"});

// Work along attribute `axis` or `axes`, or carry one value for each dimension (Pad, Slice, Tile).
constexpr auto kAlongAxes = std::to_array<std::string_view>(
    {"ArgMax", "ArgMin", "BatchNormalization", "Concat", "CumSum", "DequantizeLinear", "LogSoftmax", "LpNormalization", "Pad",
     "QuantizeLinear", "ReduceL1", "ReduceL2",
     "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum",
     "ReduceSumSquare", "Resample", "Slice", "Softmax", "Split", "Tile"});

template <size_t kCount>
bool contains(const std::array<std::string_view, kCount>& names, const std::string& op) {
  return std::find(names.begin(), names.end(), op) != names.end();
}

bool is_spatial(const Node& n) { return contains(kSpatial, n.op); }

bool is_elementwise(const Node& n) {
  if (has_attribute(n, "axis")) return false;  // per-channel quantisation
  return contains(kElementwise, n.op) || !activation_of(n).function.empty();
}

bool is_along_axes(const Node& n) {
  if (!contains(kAlongAxes, n.op)) return false;
  return has_attribute(n, "axis") || has_attribute(n, "axes") || n.op == "Pad" || n.op == "Slice" || n.op == "Tile";
}

bool follows_inputs(const Node& n) { return is_elementwise(n) || is_along_axes(n) || n.op == "DynamicQuantizeLinear"; }

// Dimensions that are not one, in order.
Shape without_ones(const Shape& shape) {
  Shape result;
  for (int64_t d : shape)
    if (d != 1) result.push_back(d);
  return result;
}

bool moves_only_ones(const Graph& g, const Node& reshape) {
  return without_ones(g[reshape.inputs[0]].shape) == without_ones(g[reshape.outputs[0]].shape);
}

struct State {
  LazyTransposes lazy;
  Links links;               // of the graph as it was
  std::vector<Node> before;  // its nodes
  std::vector<char> wanted;  // by value: some reader could use it in another order than its own
  std::vector<char> needed;  // by value: some reader needs it as it is
  std::map<ValueId, Origin> flattened;  // should be its origin, flattened; is the origin's source, flattened
};

size_t at(ValueId v) { return static_cast<size_t>(v); }

// Only Dense layers read v, perhaps through unary functions: they do not care about the order.
bool feeds_only_dense(const State& p, ValueId v) {
  if (p.links.is_output[at(v)] || p.links.consumers[at(v)].empty()) return false;
  for (int c : p.links.consumers[at(v)]) {
    const Node& n = p.before[static_cast<size_t>(c)];
    bool dense = n.op == "Dense" && n.inputs[0] == v;
    if (!dense && (n.inputs.size() != 1 || !is_elementwise(n) || !feeds_only_dense(p, n.outputs[0]))) return false;
  }
  return true;
}

void find_wishes(State& p) {
  const Graph& g = p.lazy.graph;
  p.wanted.assign(g.values.size(), false);
  p.needed.assign(g.values.size(), false);
  for (ValueId v : g.outputs) p.needed[at(v)] = true;
  for (auto n = p.before.rbegin(); n != p.before.rend(); ++n) {
    bool wants = is_spatial(*n) || n->op == "Transpose";
    if (n->op == "Reshape")
      wants = (moves_only_ones(g, *n) && p.wanted[at(n->outputs[0])]) || feeds_only_dense(p, n->outputs[0]);
    bool follows = follows_inputs(*n);
    for (ValueId out : n->outputs)
      if (follows && out != kNoValue) wants |= p.wanted[at(out)] != 0;
    for (ValueId in : n->inputs) {
      if (in == kNoValue) continue;
      if (wants) p.wanted[at(in)] = true;
      if (!wants && !follows) p.needed[at(in)] = true;
    }
  }
}

// --- rebuilding nodes ---

// Appends `n` as it is, on values as they are.
void keep(State& p, Node n) {
  for (ValueId& in : n.inputs) in = plain(p.lazy, in);
  p.lazy.nodes.push_back(std::move(n));
}

// Appends `n`, whose inputs and attributes are those of the new order, and notes each of its outputs:
// old output = permuted(new output, permutation).
void append_permuted(State& p, Node n, const Permutation& permutation) {
  Graph& g = p.lazy.graph;
  std::vector<ValueId> old = n.outputs;
  for (ValueId& out : n.outputs) {
    if (out == kNoValue) continue;
    Value value = g[out];
    if (value.quantization && value.quantization->axis >= 0)
      value.quantization->axis = permutation[static_cast<size_t>(value.quantization->axis)];
    out = add_value(g, std::move(value));
  }
  op_of(n).infer(g, n);
  for (size_t i = 0; i < old.size(); i++)
    if (old[i] != kNoValue) set_lazy(p.lazy, old[i], n.outputs[i], permutation);
  p.lazy.nodes.push_back(std::move(n));
}

void rebuild_spatial(State& p, Node n) {
  size_t rank = p.lazy.graph[n.inputs[0]].shape.size();
  n.inputs[0] = permuted_value(p.lazy, n.inputs[0], to_channels_last(rank));
  n.attributes["layout"] = std::string("NHWC");
  append_permuted(p, std::move(n), to_channels_first(rank));
}

// `v` of an element-wise node of rank permutation.size(), so that it broadcasts as before among permuted values.
ValueId operand(State& p, ValueId v, const Permutation& permutation) {
  if (v == kNoValue) return v;
  Shape shape = p.lazy.graph[v].shape;
  if (shape.size() < permutation.size() && count_of(shape) == 1) return plain(p.lazy, v);
  if (shape.size() < permutation.size()) {
    shape.insert(shape.begin(), permutation.size() - shape.size(), 1);
    v = reshaped_value(p.lazy, plain(p.lazy, v), shape);
  }
  return permuted_value(p.lazy, v, permutation);
}

int64_t cost_of_operand(const State& p, ValueId v, const Permutation& permutation) {
  const Value& value = p.lazy.graph[v];
  if (value.constant || count_of(value.shape) == 1) return 0;
  if (value.shape.size() == permutation.size()) return cost_of(p.lazy, v, permutation);
  return without_ones(value.shape).size() > 1 ? count_of(value.shape) : 0;
}

// Whether the node moves fewer elements (or lets transposes meet others) on inputs permuted by `order`.
bool pays(const State& p, const Node& n, const Permutation& order) {
  int64_t follow = 0, stay = 0;
  for (ValueId v : n.inputs) {
    if (v == kNoValue) continue;
    follow += cost_of_operand(p, v, order);
    if (is_lazy(p.lazy, v) && !p.needed[at(v)])
      stay += cost_of(p.lazy, v, identity_permutation(p.lazy.graph[v].shape.size()));
  }
  for (ValueId v : n.outputs)
    if (v != kNoValue && !p.wanted[at(v)]) follow += count_of(p.lazy.graph[v].shape);
  return follow <= stay;
}

// The order in which the largest lazy input of full rank lies; empty if there is none.
Permutation order_of_inputs(const State& p, const Node& n, size_t rank) {
  Permutation best;
  int64_t most = -1;
  for (ValueId v : n.inputs) {
    if (!is_lazy(p.lazy, v) || p.lazy.graph[v].shape.size() != rank) continue;
    Origin origin = origin_of(p.lazy, v);
    int64_t count = count_of(p.lazy.graph[v].shape);
    if (is_identity(origin.permutation) || count <= most) continue;
    best = inverse(origin.permutation);
    most = count;
  }
  return best;
}

bool rebuild_elementwise(State& p, Node& n) {
  size_t rank = p.lazy.graph[n.outputs[0]].shape.size();
  Permutation order = order_of_inputs(p, n, rank);
  if (order.empty() || !pays(p, n, order)) return false;
  for (ValueId& in : n.inputs) in = operand(p, in, order);
  append_permuted(p, std::move(n), inverse(order));
  return true;
}

// Attributes with one entry for each dimension; those of pads have two, begins before ends.
template <class T>
void reorder(std::vector<T>& values, const Permutation& order) {
  size_t rank = order.size();
  std::vector<T> result;
  for (size_t half = 0; half < values.size(); half += rank)
    for (int64_t axis : order) result.push_back(values[half + static_cast<size_t>(axis)]);
  values = std::move(result);
}

void rename_axes(Node& n, const Permutation& order) {
  Permutation renamed = inverse(order);
  auto rename = [&](int64_t& axis) { axis = renamed[static_cast<size_t>(axis)]; };
  for (auto& [key, value] : n.attributes) {
    auto* ints = std::get_if<std::vector<int64_t>>(&value);
    if (key == "axis") rename(std::get<int64_t>(value));
    if (key == "axes" && ints) {
      std::for_each(ints->begin(), ints->end(), rename);
      std::sort(ints->begin(), ints->end());
    }
    bool per_dimension = key == "pads" || key == "repeats" || key == "shape" || key == "starts" || key == "steps";
    if (!per_dimension) continue;
    if (ints) reorder(*ints, order);
    if (auto* floats = std::get_if<std::vector<float>>(&value)) reorder(*floats, order);
  }
}

// Where reduced dimensions disappear: the order of those that are left.
Permutation order_of_rest(const Node& n, const Permutation& order) {
  std::vector<int64_t> gone = has_attribute(n, "axes") ? get_ints(n, "axes") : std::vector<int64_t>{get_int(n, "axis")};
  Permutation rest;
  for (int64_t axis : order) {
    if (std::find(gone.begin(), gone.end(), axis) != gone.end()) continue;
    rest.push_back(axis - std::count_if(gone.begin(), gone.end(), [&](int64_t g) { return g < axis; }));
  }
  return rest;
}

bool rebuild_along_axes(State& p, Node& n) {
  size_t rank = p.lazy.graph[n.inputs[0]].shape.size();
  Permutation order = order_of_inputs(p, n, rank);
  if (order.empty() || !pays(p, n, order)) return false;
  bool shrinks = has_attribute(n, "keepdims") && get_int(n, "keepdims") == 0;
  Permutation of_output = shrinks ? order_of_rest(n, order) : order;
  for (size_t i = 0; i < n.inputs.size(); i++)  // those of other operators are parameters
    if (i == 0 || n.op == "Concat") n.inputs[i] = permuted_value(p.lazy, n.inputs[i], order);
  rename_axes(n, order);
  append_permuted(p, std::move(n), inverse(of_output));
  return true;
}

// --- reshapes ---

// Dimensions of one element come or go; the others keep the order in which they lie.
void rebuild_squeeze(State& p, Node n) {
  Graph& g = p.lazy.graph;
  const Shape in = g[n.inputs[0]].shape, out = g[n.outputs[0]].shape;
  Origin origin = origin_of(p.lazy, n.inputs[0]);
  std::vector<size_t> out_axes;  // those of the dimensions that are not one
  Permutation order;             // out axis for each dimension of the new output
  for (size_t i = 0; i < out.size(); i++) out[i] == 1 ? order.push_back(static_cast<int64_t>(i)) : out_axes.push_back(i);
  std::vector<int64_t> number(in.size(), -1);  // which of the dimensions that are not one, by in axis
  for (size_t i = 0, next = 0; i < in.size(); i++)
    if (in[i] != 1) number[i] = static_cast<int64_t>(next++);
  for (int64_t axis : inverse(origin.permutation))
    if (int64_t k = number[static_cast<size_t>(axis)]; k >= 0)
      order.push_back(static_cast<int64_t>(out_axes[static_cast<size_t>(k)]));
  n.inputs[0] = origin.source;
  n.attributes["shape"] = permuted(out, order);
  append_permuted(p, std::move(n), inverse(order));
}

// Flattened values all of whose readers are Dense may stay in the order in which they lie.
bool rebuild_flatten(State& p, Node& n) {
  Graph& g = p.lazy.graph;
  Origin origin = origin_of(p.lazy, n.inputs[0]);
  const Shape &source = g[origin.source].shape, &out = g[n.outputs[0]].shape;
  if (!n.activations.empty() || out.empty() || !feeds_only_dense(p, n.outputs[0])) return false;
  bool whole = out.back() == count_of(source);
  bool samples = origin.permutation[0] == 0 && out.back() * source[0] == count_of(source);
  if (!whole && !samples) return false;
  n.inputs[0] = origin.source;
  p.flattened[n.outputs[0]] = origin;
  p.lazy.nodes.push_back(std::move(n));
  return true;
}

void rebuild_reshape(State& p, Node& n) {
  const Graph& g = p.lazy.graph;
  Origin origin = origin_of(p.lazy, n.inputs[0]);
  if (is_lazy(p.lazy, n.inputs[0]) && !is_identity(origin.permutation)) {
    if (keeps_memory(g[origin.source].shape, origin.permutation)) {
      n.inputs[0] = origin.source;
      return p.lazy.nodes.push_back(std::move(n));
    }
    if (moves_only_ones(g, n) && p.wanted[at(n.outputs[0])] && n.activations.empty())
      return rebuild_squeeze(p, std::move(n));
    if (rebuild_flatten(p, n)) return;
  }
  keep(p, std::move(n));
}

// Columns of the weights in the order in which the flattened input lies.
void rebuild_dense(State& p, Node n) {
  Graph& g = p.lazy.graph;
  if (auto it = p.flattened.find(n.inputs[0]); it != p.flattened.end()) {
    const auto& [source, permutation] = it->second;
    Tensor weights = *g[n.inputs[1]].constant;
    Shape flat = weights.shape, dimensions = permuted(g[source].shape, permutation);
    Permutation order = inverse(permutation);
    if (flat[1] != count_of(dimensions)) {  // samples side by side: their dimension is not a column's
      dimensions[0] = 1;
    }
    weights.shape = dimensions;
    weights.shape.insert(weights.shape.begin(), flat[0]);
    for (int64_t& axis : order) axis++;
    order.insert(order.begin(), 0);
    weights = permuted(weights, order);
    weights.shape = flat;
    std::optional<Quantization> grid = g[n.inputs[1]].quantization;
    if (grid && grid->axis == 1) grid.reset();  // no kernel has a use for one by columns
    n.inputs[1] = add_constant(g, g[n.inputs[1]].name, std::move(weights), std::move(grid));
  }
  keep(p, std::move(n));
}

// The grid does not depend on the order of the values; only the first output has one.
void rebuild_dynamic_quantize(State& p, Node n) {
  Graph& g = p.lazy.graph;
  Origin origin = origin_of(p.lazy, n.inputs[0]);
  ValueId old = n.outputs[0];
  n.inputs[0] = origin.source;
  n.outputs[0] = add_value(g, Value{g[old]});
  op_of(n).infer(g, n);
  set_lazy(p.lazy, old, n.outputs[0], origin.permutation);
  p.lazy.nodes.push_back(std::move(n));
}

void rebuild(State& p, Node n) {
  if (is_spatial(n) && !is_channels_last(n)) return rebuild_spatial(p, std::move(n));
  if (n.op == "Transpose" && n.activations.empty())
    return set_lazy(p.lazy, n.outputs[0], n.inputs[0], get_ints(n, "perm"));
  if (n.op == "Reshape") return rebuild_reshape(p, n);
  if (n.op == "Dense") return rebuild_dense(p, std::move(n));
  if (n.op == "DynamicQuantizeLinear") return rebuild_dynamic_quantize(p, std::move(n));
  if (n.inputs.size() == 1 && p.flattened.contains(n.inputs[0])) p.flattened[n.outputs[0]] = p.flattened[n.inputs[0]];
  if (is_elementwise(n) && rebuild_elementwise(p, n)) return;
  if (is_along_axes(n) && rebuild_along_axes(p, n)) return;
  keep(p, std::move(n));
}

}  // namespace

bool to_nhwc(Graph& g, const PassOptions& options) {
  State p{{g, {}, {}, {}}, link(g), g.nodes, {}, {}, {}};
  bool relevant = std::any_of(g.nodes.begin(), g.nodes.end(),
                              [](const Node& n) { return is_spatial(n) || n.op == "Transpose"; });
  if (!relevant) return false;
  find_wishes(p);
  for (const Node& n : p.before) rebuild(p, n);
  for (ValueId v : g.outputs) make_output(p.lazy, v);
  g.nodes = std::move(p.lazy.nodes);
  remove_identities(g, options);
  return true;
}

}  // namespace netsuke
