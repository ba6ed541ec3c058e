// Canonical nodes -> nodes of ai.onnx: the way back from what ops/*/canonicalise do. One function for each operator
// whose canonical form is not ONNX's; all others are written as they are.
#include <algorithm>
#include <cmath>

#include "graph/quantization.hpp"
#include "onnx/save.hpp"
#include "ops/activation.hpp"
#include "ops/helpers.hpp"
#include "ops/integer.hpp"

namespace netsuke {
namespace {

constexpr int kOldestSavedOpset = 13;  // QuantizeLinear has an axis since then

struct Standard {
  Graph& graph;
  std::vector<Node>& nodes;  // the result
  int opset;
};

[[noreturn]] void refuse_save(const Node& n, std::string reason) {
  fail("save-unsupported", n.name, fmt::format("{}: {}", n.op, reason), "leave this node out of the model, or report it");
}

// --- building ---

ValueId add_ints(Standard& s, const Node& n, const std::string& what, const std::vector<int64_t>& values) {
  Shape shape{static_cast<int64_t>(values.size())};
  return add_constant(s.graph, n.name + "/" + what, make_tensor<int64_t>(shape, std::span<const int64_t>(values)));
}

ValueId add_floats(Standard& s, const Node& n, const std::string& what, Shape shape, const std::vector<float>& values) {
  return add_constant(s.graph, n.name + "/" + what, make_tensor<float>(std::move(shape), std::span<const float>(values)));
}

ValueId add_like(Standard& s, ValueId like, const std::string& name) {
  return add_value(s.graph, Value{name, s.graph[like].type, s.graph[like].shape, nullptr, std::nullopt});
}

void set_input(Node& n, size_t i, ValueId v) {
  if (n.inputs.size() <= i) n.inputs.resize(i + 1, kNoValue);
  n.inputs[i] = v;
}

// Attribute `key`, a list of integers, becomes input i.
void to_input(Standard& s, Node& n, const std::string& key, size_t i) {
  set_input(n, i, add_ints(s, n, key, get_ints(n, key)));
  n.attributes.erase(key);
}

void add(Standard& s, Node n) { s.nodes.push_back(std::move(n)); }

// --- operators ---

void save_reshape(Standard& s, Node n) {
  if (get_ints(n, "shape") == s.graph[n.inputs[0]].shape) n.op = "Identity";
  else to_input(s, n, "shape", 1);
  n.attributes.clear();  // a zero in a shape belongs to a value without elements, and those are constants
  add(s, std::move(n));
}

void save_expand(Standard& s, Node n) { to_input(s, n, "shape", 1), add(s, std::move(n)); }
void save_tile(Standard& s, Node n) { to_input(s, n, "repeats", 1), add(s, std::move(n)); }
void save_split(Standard& s, Node n) { to_input(s, n, "split", 1), add(s, std::move(n)); }

void save_reduce(Standard& s, Node n) {
  if (n.op == "ReduceSum" || s.opset >= 18) to_input(s, n, "axes", 1);
  add(s, std::move(n));
}

void save_pad(Standard& s, Node n) {
  float value = get_float(n, "value");
  Tensor fill(s.graph[n.inputs[0]].type, {});
  visit_type(fill.type, [&]<class T>() { fill.as<T>()[0] = static_cast<T>(value); });
  to_input(s, n, "pads", 1);
  n.attributes.erase("value");
  if (value != 0) set_input(n, 2, add_constant(s.graph, n.name + "/value", std::move(fill)));
  add(s, std::move(n));
}

void save_slice(Standard& s, Node n) {
  const Shape &in = s.graph[n.inputs[0]].shape, &starts = get_ints(n, "starts"), &steps = get_ints(n, "steps"),
              &shape = get_ints(n, "shape");
  std::vector<int64_t> start, end, axis, step;
  for (size_t d = 0; d < in.size(); d++) {
    if (shape[d] == in[d] && steps[d] == 1) continue;
    int64_t behind = starts[d] + steps[d] * shape[d];
    start.push_back(starts[d]), axis.push_back(static_cast<int64_t>(d)), step.push_back(steps[d]);
    end.push_back(behind < 0 ? -in[d] - 1 : behind);  // -1 would count from the end
  }
  Node out{"Slice", n.name, {n.inputs[0]}, n.outputs, {}, {}};
  const std::pair<const char*, std::vector<int64_t>*> lists[] = {{"starts", &start}, {"ends", &end}, {"axes", &axis}, {"steps", &step}};
  for (auto& [what, values] : lists) out.inputs.push_back(add_ints(s, n, what, *values));
  add(s, std::move(out));
}

void save_cumsum(Standard& s, Node n) {
  int64_t axis = get_int(n, "axis");
  n.attributes.erase("axis");
  set_input(n, 1, add_constant(s.graph, n.name + "/axis", make_tensor<int64_t>({}, std::span<const int64_t>(&axis, 1))));
  add(s, std::move(n));
}

void save_one_hot(Standard& s, Node n) {
  n.inputs = {n.inputs[0], add_ints(s, n, "depth", {get_int(n, "depth")}), n.inputs[1]};
  n.attributes.erase("depth");
  add(s, std::move(n));
}

void save_clip(Standard& s, Node n) {
  float low = get_float(n, "min"), high = get_float(n, "max");
  n.attributes.clear();
  n.inputs.resize(1);
  if (std::isfinite(low)) set_input(n, 1, add_floats(s, n, "min", {}, {low}));
  if (std::isfinite(high)) set_input(n, 2, add_floats(s, n, "max", {}, {high}));
  if (n.inputs.size() == 1) n.op = "Identity";
  add(s, std::move(n));
}

// x Sigmoid(alpha x), which ONNX has since opset 24 only.
void save_swish(Standard& s, Node n) {
  ValueId x = n.inputs[0], scaled = x;
  if (n.op == "Swish" && get_float(n, "alpha") != 1) {
    scaled = add_like(s, x, n.name + "/scaled");
    add(s, {"Mul", n.name + "/scale", {x, add_floats(s, n, "alpha", {}, {get_float(n, "alpha")})}, {scaled}, {}, {}});
  }
  ValueId gate = add_like(s, x, n.name + "/gate");
  add(s, {"Sigmoid", n.name + "/Sigmoid", {scaled}, {gate}, {}, {}});
  add(s, {"Mul", n.name, {x, gate}, n.outputs, {}, {}});
}

void save_batch_norm(Standard& s, Node n) {
  if (get_int(n, "axis") != 1) refuse_save(n, "its channels are not dimension 1");
  n.attributes.erase("axis");
  add(s, std::move(n));
}

bool all_ones(const std::vector<int64_t>& values) {
  return std::all_of(values.begin(), values.end(), [](int64_t x) { return x == 1; });
}

void save_average_pool(Standard& s, Node n) {
  if (all_ones(get_ints(n, "dilations"))) n.attributes.erase("dilations");  // it has them since opset 19
  add(s, std::move(n));
}

// The size of the output is said by output_padding: what is missing behind the windows and the pads.
void save_conv_transpose(Standard& s, Node n) {
  const Shape in = s.graph[n.inputs[0]].shape, out = get_ints(n, "output_shape");
  const Shape &kernel = get_ints(n, "kernel_shape"), &strides = get_ints(n, "strides"), &dilations = get_ints(n, "dilations");
  Shape pads = get_ints(n, "pads"), padding;
  for (size_t i = 0; i < out.size(); i++) {
    int64_t& end = pads[out.size() + i];
    if (pads[i] < 0) refuse_save(n, "it has negative pads");
    int64_t windows = strides[i] * (in[i + 2] - 1) + (kernel[i] - 1) * dilations[i] + 1;
    end = std::max<int64_t>(end, 0);
    padding.push_back(out[i] - windows + pads[i] + end);
    // Less than the windows reach: more of the end is cut off.
    if (padding.back() < 0) end -= padding.back(), padding.back() = 0;
  }
  n.attributes["pads"] = pads;
  n.attributes.erase("output_shape");
  if (std::any_of(padding.begin(), padding.end(), [](int64_t p) { return p != 0; })) n.attributes["output_padding"] = padding;
  add(s, std::move(n));
}

// --- netsuke's own operators ---

// out = in weights^T + bias. A matrix product with more than two dimensions is MatMul and Add.
void save_dense(Standard& s, Node n) {
  if (s.graph[n.inputs[0]].shape.size() == 2) {
    n.op = "Gemm";
    n.attributes = {{"transB", int64_t{1}}};
    return add(s, std::move(n));
  }
  ValueId weights = n.inputs[1], transposed = add_value(s.graph, s.graph[weights]);
  const Tensor& w = *s.graph[weights].constant;
  Tensor t(w.type, {w.shape[1], w.shape[0]});
  for (int64_t o = 0; o < w.shape[0]; o++)
    for (int64_t i = 0; i < w.shape[1]; i++)
      t.as<float>()[static_cast<size_t>(i * w.shape[0] + o)] = w.as<float>()[static_cast<size_t>(o * w.shape[1] + i)];
  s.graph[transposed].shape = t.shape;
  s.graph[transposed].constant = std::make_shared<const Tensor>(std::move(t));
  if (auto& q = s.graph[transposed].quantization; q && q->axis == 0) q->axis = 1;
  bool has_bias = has_input(n, 2);
  ValueId product = has_bias ? add_like(s, n.outputs[0], n.name + "/product") : n.outputs[0];
  add(s, {"MatMul", has_bias ? n.name + "/MatMul" : n.name, {n.inputs[0], transposed}, {product}, {}, {}});
  if (has_bias) add(s, {"Add", n.name, {product, n.inputs[2]}, n.outputs, {}, {}});
}

// The Resize that the loader made it of, along one dimension.
void save_resample(Standard& s, Node n) {
  if (!has_attribute(n, "mode")) refuse_save(n, "it is not known what Resize it was made of");
  const Shape &in = s.graph[n.inputs[0]].shape, &out = s.graph[n.outputs[0]].shape;
  auto axis = static_cast<size_t>(get_int(n, "axis"));
  float scale = get_float(n, "scale");
  Node resize{"Resize", n.name, {n.inputs[0], kNoValue}, n.outputs, n.attributes, {}};
  for (const char* key : {"axis", "scale"}) resize.attributes.erase(key);
  if (get_string(n, "nearest_mode") == "simple") resize.attributes["nearest_mode"] = std::string(scale < 1 ? "ceil" : "floor");
  bool by_scale = static_cast<int64_t>(std::floor(scale * static_cast<float>(in[axis]))) == out[axis];
  std::vector<float> scales(in.size(), 1.0f);
  scales[axis] = scale;
  if (by_scale) resize.inputs.push_back(add_floats(s, n, "scales", {static_cast<int64_t>(in.size())}, scales));
  else resize.inputs.insert(resize.inputs.end(), {kNoValue, add_ints(s, n, "sizes", out)});
  add(s, std::move(resize));
}

// --- tables ---

struct Rule {
  std::string_view op;
  void (*save)(Standard&, Node);
};
constexpr Rule kRules[] = {
    {"Reshape", save_reshape}, {"Expand", save_expand}, {"Tile", save_tile}, {"Split", save_split},
    {"Pad", save_pad}, {"Slice", save_slice}, {"CumSum", save_cumsum}, {"OneHot", save_one_hot}, {"Clip", save_clip},
    {"Silu", save_swish}, {"Swish", save_swish}, {"BatchNormalization", save_batch_norm},
    {"AveragePool", save_average_pool}, {"ConvTranspose", save_conv_transpose}, {"Dense", save_dense},
    {"Resample", save_resample},
    {"ReduceSum", save_reduce}, {"ReduceMean", save_reduce}, {"ReduceMax", save_reduce}, {"ReduceMin", save_reduce},
    {"ReduceProd", save_reduce}, {"ReduceL1", save_reduce}, {"ReduceL2", save_reduce}, {"ReduceSumSquare", save_reduce},
    {"ReduceLogSum", save_reduce}, {"ReduceLogSumExp", save_reduce},
};

// Operators that are younger than opset 13.
constexpr std::pair<std::string_view, int> kSince[] = {
    {"HardSwish", 14}, {"LayerNormalization", 17}, {"BitwiseAnd", 18}, {"BitwiseOr", 18}, {"BitwiseXor", 18},
    {"BitwiseNot", 18}, {"Mish", 18}, {"Gelu", 20},
};

int since(const std::string& op) {
  for (auto [name, opset] : kSince)
    if (name == op) return opset;
  return kOldestSavedOpset;
}

// Since when ONNX has this node in the form it has here.
int opset_for(const Graph& g, const Node& n) {
  int opset = since(n.op);
  if (n.op == "Pad" && get_string(n, "mode") == "wrap") opset = 19;
  if (n.op == "AveragePool" && !all_ones(get_ints(n, "dilations"))) opset = 19;
  if (n.op == "Resample" && has_attribute(n, "coordinate_transformation_mode") &&
      get_string(n, "coordinate_transformation_mode") == "half_pixel_symmetric")
    opset = 19;
  if ((n.op == "ReduceMax" || n.op == "ReduceMin") && g[n.inputs[0]].type == DType::kBool) opset = 20;
  return opset;
}

// 16-bit grids came with opset 21.
int opset_for(const Value& v) {
  bool wide = v.quantization && (v.quantization->type == DType::kInt16 || v.quantization->type == DType::kUint16);
  return wide ? 21 : kOldestSavedOpset;
}

void save_plain(Standard& s, Node n) {
  NETSUKE_CHECK(!has_attribute(n, "layout"), "'{}' has gone through to-nhwc", n.name);
  for (const Rule& rule : kRules)
    if (rule.op == n.op) return rule.save(s, std::move(n));
  add(s, std::move(n));
}

// Rounding onto the output's grid saturates at least as tightly as the activations do.
bool grid_implies_activations(const Graph& g, const Node& n) {
  const std::optional<Quantization>& grid = g[n.outputs[0]].quantization;
  if (!grid || grid->axis >= 0 || !only_limits(n.activations)) return false;
  Limits limits = limits_of(n, *grid);
  IntegerRange range = integer_range(grid->type);
  return limits.low == range.low && limits.high == range.high;
}

// y = f(x) |> a |> b   ->   x1 = f(x); x2 = a(x1); y = b(x2)
void save_node(Standard& s, const Node& n) {
  std::vector<Activation> activations;
  if (!grid_implies_activations(s.graph, n)) activations = n.activations;
  Node plain = n;
  plain.activations.clear();
  ValueId result = n.outputs[0], x = result;
  if (!activations.empty()) plain.outputs[0] = x = add_like(s, result, n.name + "/linear");
  save_plain(s, std::move(plain));
  for (size_t i = 0; i < activations.size(); i++) {
    Node f = node_of(activations[i]);
    f.name = fmt::format("{}/{}", n.name, f.op);
    f.inputs = {x};
    x = i + 1 == activations.size() ? result : add_like(s, result, fmt::format("{}/{}", n.name, activations[i].function));
    f.outputs = {x};
    save_plain(s, std::move(f));
  }
}

}  // namespace

StandardGraph standard_form(const Graph& g) {
  StandardGraph result{g, kOldestSavedOpset};
  for (const Node& n : g.nodes) {
    result.opset = std::max(result.opset, opset_for(g, n));
    for (const Activation& a : n.activations) result.opset = std::max(result.opset, since(node_of(a).op));
    for (const auto* ids : {&n.inputs, &n.outputs})
      for (ValueId v : *ids)
        if (v != kNoValue) result.opset = std::max(result.opset, opset_for(g[v]));
  }
  std::vector<Node> nodes;
  Standard s{result.graph, nodes, result.opset};
  for (const Node& n : g.nodes) save_node(s, n);
  result.graph.nodes = std::move(nodes);
  return result;
}

}  // namespace netsuke
