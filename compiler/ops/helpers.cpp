#include "ops/helpers.hpp"

#include <algorithm>

#include "graph/quantization.hpp"
#include "ops/activation.hpp"
#include "ops/integer.hpp"

namespace netsuke {

void refuse(const Node& n, std::string reason) {
  std::string_view limits = op_of(n).limits;
  fail("op-unsupported", n.name, fmt::format("{}: {}", n.op, reason), limits.empty() ? "change the model, see `netsuke ops` for what is supported" : std::string(limits));
}

void mismatch(const Node& n, std::string reason, std::string hint) {
  if (hint.empty()) hint = "correct the shapes or attributes in the model, or export it again";
  fail("shape-mismatch", n.name, fmt::format("{}: {}", n.op, reason), std::move(hint));
}

namespace {

const Tensor& required_constant(const Canonicaliser& c, size_t i, const std::string& key) {
  const Tensor* t = constant_of(c.graph, c.node.inputs[i]);
  if (!t)
    fail("not-constant", c.node.name,
         fmt::format("{}: input '{}' ({}) is computed at run time", c.node.op, c.graph[c.node.inputs[i]].name, key),
         "make it an initialiser or a value that can be computed from constants and shapes");
  return *t;
}

void drop_input(Node& n, size_t i) {
  n.inputs[i] = kNoValue;
  while (!n.inputs.empty() && n.inputs.back() == kNoValue) n.inputs.pop_back();
}

}  // namespace

void input_to_ints(Canonicaliser& c, size_t i, const std::string& key) {
  if (!has_input(c.node, i)) return;
  const Tensor& t = required_constant(c, i, key);
  if (!is_integer(t.type)) refuse(c.node, fmt::format("input {} has type {}, it must have integers", key, name_of(t.type)));
  c.node.attributes[key] = to_int64s(t);
  drop_input(c.node, i);
}

void input_to_float(Canonicaliser& c, size_t i, const std::string& key) {
  if (!has_input(c.node, i)) return;
  std::vector<double> values = to_doubles(required_constant(c, i, key));
  if (values.size() != 1) mismatch(c.node, fmt::format("input {} must have one element, it has {}", key, values.size()));
  c.node.attributes[key] = static_cast<float>(values[0]);
  drop_input(c.node, i);
}

int64_t normal_axis(const Node& n, int64_t axis, int64_t rank) {
  if (axis < -rank || axis >= rank)
    fail("bad-axis", n.name, fmt::format("{}: axis {} is outside [{}, {}]", n.op, axis, -rank, rank - 1),
         "correct the axis in the model");
  return axis < 0 ? axis + rank : axis;
}

void normalise_axes(Canonicaliser& c, const std::string& key, int64_t rank) {
  auto it = c.node.attributes.find(key);
  if (it == c.node.attributes.end()) return;
  if (auto* axis = std::get_if<int64_t>(&it->second)) {
    *axis = normal_axis(c.node, *axis, rank);
    return;
  }
  for (int64_t& axis : std::get<std::vector<int64_t>>(it->second)) axis = normal_axis(c.node, axis, rank);
}

const Shape& shape_of(const Graph& g, const Node& n, size_t input) { return g[n.inputs[input]].shape; }
DType type_of(const Graph& g, const Node& n, size_t input) { return g[n.inputs[input]].type; }
int64_t rank_of(const Graph& g, const Node& n, size_t input) {
  return static_cast<int64_t>(shape_of(g, n, input).size());
}

ValueId add_preceding(Canonicaliser& c, std::string op, std::vector<ValueId> inputs,
                      std::map<std::string, Attribute> attributes) {
  std::string name = fmt::format("{}/{}{}", c.node.name, op, c.preceding.size());
  ValueId out = add_value(c.graph, Value{name, DType::kUndefined, {}, nullptr, std::nullopt});
  c.preceding.push_back(Node{std::move(op), std::move(name), std::move(inputs), {out}, std::move(attributes), {}});
  return out;
}

void become_reshape(Canonicaliser& c, Shape shape) {
  c.node.op = "Reshape";
  c.node.inputs.resize(1);
  c.node.attributes = {{"shape", std::move(shape)}, {"allowzero", int64_t{1}}};  // every 0 in it is a real one by now
}

void flatten_rows(Canonicaliser& c, int64_t axis) {
  Node& n = c.node;
  const Shape in = shape_of(c.graph, n, 0);
  int64_t rows = count_of({in.begin(), in.begin() + axis});
  Shape matrix{rows, rows ? count_of(in) / rows : 0};
  ValueId flat = add_preceding(c, "Reshape", {n.inputs[0]}, {{"shape", matrix}, {"allowzero", int64_t{1}}});
  n.inputs = {add_preceding(c, n.op, {flat}, {{"axis", int64_t{1}}})};
  become_reshape(c, in);
}

Shape reduced_shape(const Shape& in, const std::vector<int64_t>& axes, bool keep) {
  Shape out;
  for (size_t i = 0; i < in.size(); i++) {
    bool folded = std::find(axes.begin(), axes.end(), static_cast<int64_t>(i)) != axes.end();
    if (!folded || keep) out.push_back(folded ? 1 : in[i]);
  }
  return out;
}

void set_output(Graph& g, Node& n, size_t i, DType type, Shape shape) {
  if (i >= n.outputs.size() || n.outputs[i] == kNoValue) return;
  count_of(shape);  // refuses what is too large, here where the node is known
  g[n.outputs[i]].type = type;
  g[n.outputs[i]].shape = std::move(shape);
}

void infer_same(Graph& g, Node& n) { set_output(g, n, 0, type_of(g, n, 0), shape_of(g, n, 0)); }

Shape broadcast(const Node& n, const Shape& a, const Shape& b) {
  Shape out(std::max(a.size(), b.size()));
  for (size_t i = 0; i < out.size(); i++) {
    int64_t da = i < a.size() ? a[a.size() - 1 - i] : 1;
    int64_t db = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (da != db && da != 1 && db != 1)
      mismatch(n, fmt::format("shapes {} and {} do not broadcast", to_string(a), to_string(b)),
               "each pair of dimensions, from the last, must be equal or contain a 1");
    out[out.size() - 1 - i] = da == 1 ? db : da;
  }
  return out;
}

void require_type(const Graph& g, const Node& n, size_t input, std::initializer_list<DType> allowed) {
  if (!has_input(n, input)) return;
  DType type = type_of(g, n, input);
  if (std::find(allowed.begin(), allowed.end(), type) == allowed.end())
    refuse(n, fmt::format("input '{}' has type {}", g[n.inputs[input]].name, name_of(type)));
}

void for_each_index(const Shape& shape, const std::function<void(const Shape&)>& f) {
  if (count_of(shape) == 0) return;
  Shape index(shape.size(), 0);
  while (true) {
    f(index);
    size_t d = shape.size();
    while (d > 0 && ++index[d - 1] == shape[d - 1]) index[--d] = 0;
    if (d == 0) return;
  }
}

int64_t broadcast_offset(const Shape& index, const Shape& shape) {
  int64_t offset = 0;
  size_t skip = index.size() - shape.size();
  for (size_t i = 0; i < shape.size(); i++) offset = offset * shape[i] + (shape[i] == 1 ? 0 : index[skip + i]);
  return offset;
}

void apply_activations(const Node& n, Tensor& t) {
  for (const Activation& a : n.activations) {
    NETSUKE_CHECK(t.type == DType::kFloat32, "activation on {} in '{}'", name_of(t.type), n.name);
    for (float& x : t.as<float>()) x = evaluate(a, x);
  }
}

DoubleInputs double_inputs(const Evaluation& e) {
  DoubleInputs d;
  d.tensors.reserve(e.in.size());
  for (size_t i = 0; i < e.in.size(); i++) {
    d.pointers.push_back(nullptr);
    if (!e.in[i]) continue;
    std::vector<double> values = to_doubles(*e.in[i]);
    const auto& grid = e.graph[e.node.inputs[i]].quantization;
    if (grid && e.in[i]->type != DType::kFloat32)
      for (double& x : values) x -= double(grid->zero_points[0]);
    d.tensors.push_back(make_tensor<double>(e.in[i]->shape, values));
    d.pointers.back() = &d.tensors.back();
  }
  return d;
}

void eval_sums(Evaluation& e) {
  DoubleInputs inputs = double_inputs(e);
  Tensor sums = op_of(e.node).sums(Evaluation{e.graph, e.node, inputs.pointers, {}});
  auto out = e.out[0].as<float>();
  for (size_t i = 0; i < out.size(); i++) out[i] = static_cast<float>(sums.as<double>()[i]);
}

std::vector<Tensor> eval_node(const Graph& g, const Node& n, std::vector<const Tensor*> inputs) {
  const Op& op = op_of(n);
  NETSUKE_CHECK(op.eval, "operator '{}' has no reference meaning", n.op);
  Evaluation e{g, n, std::move(inputs), {}};
  for (ValueId v : n.outputs) e.out.push_back(v == kNoValue ? Tensor() : Tensor(g[v].type, g[v].shape));
  if (is_integer_node(g, n)) {
    eval_integer(e);
    return std::move(e.out);
  }
  op.eval(e);
  if (!n.activations.empty()) apply_activations(n, e.out[0]);
  for (size_t i = 0; i < e.out.size(); i++)
    if (n.outputs[i] != kNoValue && e.out[i].type == DType::kFloat32 && g[n.outputs[i]].quantization)
      snap(e.out[i], *g[n.outputs[i]].quantization);
  return std::move(e.out);
}

namespace {

// A computed constant that is larger cannot be meant for a microcontroller; this keeps a damaged size in a model
// from taking all memory of the host.
constexpr int64_t kMostConstantBytes = int64_t{256} << 20;

void check_constant_size(const Graph& g, const Node& n) {
  for (ValueId v : n.outputs)
    if (v != kNoValue && count_of(g[v].shape) * size_of(g[v].type) > kMostConstantBytes)
      fail("tensor-too-large", n.name,
           fmt::format("{}: it computes a constant {}{} of more than {} bytes", n.op, name_of(g[v].type), to_string(g[v].shape),
                       kMostConstantBytes),
           "check the sizes given in the model and with --shape");
}

}  // namespace

bool infer_and_fold(Graph& g, Node& n) {
  const Op& op = op_of(n);
  NETSUKE_CHECK(op.infer, "operator '{}' has no shape inference", n.op);
  op.infer(g, n);
  std::vector<const Tensor*> inputs;
  for (ValueId v : n.inputs) {
    inputs.push_back(constant_of(g, v));
    if (v != kNoValue && !inputs.back()) return false;
  }
  check_constant_size(g, n);
  std::vector<Tensor> outputs = eval_node(g, n, std::move(inputs));
  for (size_t i = 0; i < outputs.size(); i++)
    if (n.outputs[i] != kNoValue)
      g[n.outputs[i]].constant = std::make_shared<const Tensor>(std::move(outputs[i]));
  return true;
}

}  // namespace netsuke
