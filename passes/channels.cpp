#include "passes/channels.hpp"

#include <algorithm>
#include <cmath>

#include "graph/quantization.hpp"
#include "ops/activation.hpp"
#include "ops/helpers.hpp"
#include "passes/channel_search.hpp"
#include "passes/rewrite.hpp"

namespace netsuke {

using namespace channel_search;

namespace {

// What the node makes of one element from each operand.
Constant evaluate_one(const Node& n, const std::vector<Constant>& operands) {
  Graph g;
  Node one = n;
  std::vector<Tensor> tensors;
  bool batch_norm = n.op == "BatchNormalization";
  for (size_t i = 0; i < operands.size(); i++) {
    if (!operands[i]) return std::nullopt;
    float x = *operands[i];
    Shape shape = batch_norm && i == 0 ? Shape{1, 1} : Shape{1};
    one.inputs[i] = add_constant(g, n.name, make_tensor<float>(shape, std::span<const float>(&x, 1)));
  }
  one.outputs = {add_value(g, Value{n.name, DType::kFloat32, {1}, nullptr, std::nullopt})};
  if (!infer_and_fold(g, one)) return std::nullopt;
  return finite(double(g[one.outputs[0]].constant->as<float>()[0]));
}

// --- operators that work on each channel by itself ---

bool is_unary(const Node& n) {
  constexpr std::string_view kUnary[] = {"Abs", "Neg", "Exp", "Log", "Sqrt", "Reciprocal", "Floor", "Ceil", "Round",
                                         "Sign"};
  return !activation_of(n).function.empty() || std::find(std::begin(kUnary), std::end(kUnary), n.op) != std::end(kUnary);
}

bool is_pool(const Node& n) {
  return n.op == "MaxPool" || n.op == "AveragePool" || n.op == "GlobalMaxPool" || n.op == "GlobalAveragePool";
}

// Every window has an element that is not padding.
bool windows_touch_input(const Node& n) {
  const auto &kernel = get_ints(n, "kernel_shape"), &pads = get_ints(n, "pads");
  for (size_t i = 0; i < pads.size(); i++)
    if (pads[i] >= kernel[i % kernel.size()]) return false;
  return !has_any(n, "dilations", 1) || !has_any(n, "pads", 0);
}

Constant pooled(const Node& n, Constant c) {
  if (!c || n.op.starts_with("Global")) return c;
  if (!windows_touch_input(n)) return std::nullopt;
  bool counts_zeros = n.op == "AveragePool" && get_int(n, "count_include_pad") != 0 && has_any(n, "pads", 0);
  return counts_zeros && *c != 0 ? std::nullopt : c;
}

Constant padded(const Node& n, Constant c) {
  if (get_string(n, "mode") != "constant" || !has_any(n, "pads", 0)) return c;
  return c == get_float(n, "value") ? c : std::nullopt;
}

// Where the channel axis goes in an operator with one data input; nothing when it does not survive.
std::optional<size_t> carried_axis(const Search& s, const Node& n) {
  size_t axis = static_cast<size_t>(s.range(n.inputs[0]).axis), rank = s.shape(n.inputs[0]).size();
  if (n.outputs.size() != 1) return std::nullopt;
  if (is_unary(n)) return axis;
  if (is_pool(n) || (n.op == "BatchNormalization" && n.inputs.size() == 5))
    return axis == 1 ? std::optional(axis) : std::nullopt;
  if (n.op == "Pad") {
    const auto& pads = get_ints(n, "pads");
    return pads[axis] == 0 && pads[axis + rank] == 0 ? std::optional(axis) : std::nullopt;
  }
  if (n.op == "Transpose") {
    const auto& perm = get_ints(n, "perm");
    return static_cast<size_t>(std::find(perm.begin(), perm.end(), static_cast<int64_t>(axis)) - perm.begin());
  }
  return std::nullopt;
}

Constant carried_constant(const Search& s, const Node& n, int64_t channel, Constant c) {
  if (is_pool(n)) return activated(n, pooled(n, c));
  if (n.op == "Pad") return padded(n, c);
  if (n.op == "Transpose") return c;
  std::vector<Constant> operands{c};
  for (size_t i = 1; i < n.inputs.size(); i++) {
    const Tensor* t = constant_of(s.g, n.inputs[i]);
    operands.push_back(t ? Constant(t->as<float>()[static_cast<size_t>(channel)]) : std::nullopt);
  }
  return evaluate_one(n, operands);
}

void visit_carrying(Search& s, const Node& n, size_t axis) {
  const ChannelRange in = s.range(n.inputs[0]);
  ChannelRange out = add_cells(s, n.outputs[0], axis);
  for (int64_t c = 0; c < in.count; c++) {
    join(s, cell(in, c), cell(out, c));
    if (Constant known = s.cells.constant[cell(in, c)])
      s.cells.constant[cell(out, c)] = carried_constant(s, n, c, known);
  }
}

// --- two operands ---

// The operand's axis that broadcasting lays upon axis `out` of the result; -1 when it has none.
int64_t aligned(const Search& s, const Node& n, ValueId operand, int64_t out) {
  return out - static_cast<int64_t>(s.shape(n.outputs[0]).size() - s.shape(operand).size());
}

// The result's channel axis: that of an operand which is not broadcast along it.
int64_t binary_axis(const Search& s, const Node& n) {
  size_t rank = s.shape(n.outputs[0]).size();
  for (ValueId v : n.inputs) {
    const ChannelRange& r = s.range(v);
    int64_t axis = r.axis + static_cast<int64_t>(rank - s.shape(v).size());
    if (has_cells(r) && r.count == s.shape(n.outputs[0])[static_cast<size_t>(axis)]) return axis;
  }
  return -1;
}

// Joins the operand's channels with the result's and says what is known of them.
std::vector<Constant> visit_operand(Search& s, const Node& n, ValueId v, const ChannelRange& out) {
  std::vector<Constant> known(static_cast<size_t>(out.count));
  if (const Tensor* t = constant_of(s.g, v)) {
    std::vector<double> values = along_axis(t, s.shape(n.outputs[0]), static_cast<size_t>(out.axis));
    for (size_t c = 0; c < values.size(); c++) known[c] = static_cast<float>(values[c]);
    return known;
  }
  int64_t axis = aligned(s, n, v, out.axis);
  const ChannelRange in = s.range(v);
  if (has_cells(in) && in.axis == axis && in.count == out.count) {
    for (int64_t c = 0; c < out.count; c++) {
      join(s, cell(in, c), cell(out, c));
      known[static_cast<size_t>(c)] = s.cells.constant[cell(in, c)];
    }
    return known;
  }
  keep_all(s, v);
  bool broadcast = axis < 0 || s.shape(v)[static_cast<size_t>(axis)] == 1;
  if (!broadcast) keep_all(s, n.outputs[0]);
  return known;
}

void visit_binary(Search& s, const Node& n) {
  int64_t axis = s.g[n.outputs[0]].type == DType::kFloat32 ? binary_axis(s, n) : -1;
  if (axis < 0) {
    for (ValueId v : n.inputs) keep_all(s, v);
    return;
  }
  ChannelRange out = add_cells(s, n.outputs[0], static_cast<size_t>(axis));
  std::vector<Constant> a = visit_operand(s, n, n.inputs[0], out), b = visit_operand(s, n, n.inputs[1], out);
  for (size_t c = 0; c < a.size(); c++)
    if (a[c] && b[c]) s.cells.constant[out.first + c] = evaluate_one(n, {a[c], b[c]});
}

// --- operators that arrange elements anew ---

// Parts have their channels one after another, or (another axis) side by side under the same number.
void visit_concat(Search& s, const Node& n) {
  const ChannelRange first = s.range(n.inputs[0]);
  bool known = std::all_of(n.inputs.begin(), n.inputs.end(), [&](ValueId v) {
    return has_cells(s.range(v)) && s.range(v).axis == first.axis;
  });
  if (!known) {
    for (ValueId v : n.inputs) keep_all(s, v);
    return;
  }
  bool along = get_int(n, "axis") == first.axis;
  ChannelRange out = add_cells(s, n.outputs[0], static_cast<size_t>(first.axis));
  int64_t offset = 0;
  for (ValueId v : n.inputs) {
    const ChannelRange in = s.range(v);
    for (int64_t c = 0; c < in.count; c++) {
      size_t from = cell(in, c), to = cell(out, offset + c);
      join(s, from, to);
      bool agrees = along || v == n.inputs[0] || s.cells.constant[to] == s.cells.constant[from];
      s.cells.constant[to] = agrees ? s.cells.constant[from] : std::nullopt;
    }
    if (along) offset += in.count;
  }
}

// The output axis of a Reshape that the channels go to: as many elements before it as before theirs.
std::optional<size_t> reshaped_axis(const Shape& in, size_t axis, const Shape& out) {
  int64_t before = 1, prefix = 1;
  for (size_t i = 0; i < axis; i++) before *= in[i];
  for (size_t i = 0; i < out.size(); prefix *= out[i++])
    if (prefix == before && out[i] > 1)
      return out[i] % in[axis] == 0 || in[axis] % out[i] == 0 ? std::optional(i) : std::nullopt;
  return std::nullopt;
}

// One channel becomes several (flatten) or several become one (its inverse).
void visit_reshape(Search& s, const Node& n, size_t axis) {
  const ChannelRange in = s.range(n.inputs[0]);
  ChannelRange out = add_cells(s, n.outputs[0], axis);
  int64_t most = std::max(in.count, out.count);
  for (int64_t i = 0; i < most; i++) {
    size_t from = cell(in, i / (most / in.count)), to = cell(out, i / (most / out.count));
    bool first = i % (most / out.count) == 0;
    join(s, from, to);
    bool agrees = first || s.cells.constant[to] == s.cells.constant[from];
    s.cells.constant[to] = agrees ? s.cells.constant[from] : std::nullopt;
  }
}

void visit(Search& s, const Node& n) {
  if (is_weighted(s.g, n)) return visit_weighted(s, n);
  if (is_binary(n)) return visit_binary(s, n);
  if (n.op == "Concat" && n.activations.empty()) return visit_concat(s, n);
  bool known = !n.inputs.empty() && n.inputs[0] != kNoValue && has_cells(s.range(n.inputs[0]));
  if (known && n.op == "Reshape" && n.activations.empty()) {
    const ChannelRange& in = s.range(n.inputs[0]);
    auto axis = reshaped_axis(s.shape(n.inputs[0]), static_cast<size_t>(in.axis), s.shape(n.outputs[0]));
    if (axis) return visit_reshape(s, n, *axis);
  } else if (known) {
    if (auto axis = carried_axis(s, n)) return visit_carrying(s, n, *axis);
  }
  for (ValueId v : n.inputs) keep_all(s, v);
}

// A constant of a value that is rounded onto a grid is rounded, too.
void round_constants(Search& s, const Node& n) {
  for (ValueId v : n.outputs) {
    if (v == kNoValue || !has_cells(s.range(v)) || !s.g[v].quantization || s.g[v].quantization->axis >= 0) continue;
    const Quantization& q = *s.g[v].quantization;
    for (int64_t c = 0; c < s.range(v).count; c++)
      if (Constant& known = s.cells.constant[cell(s.range(v), c)]) known = to_real(to_stored(double(*known), q), q);
  }
}

}  // namespace

bool is_binary(const Node& n) {
  constexpr std::string_view kBinary[] = {"Add", "Sub", "Mul", "Div", "Pow", "Min", "Max", "PRelu"};
  return n.inputs.size() == 2 && std::find(std::begin(kBinary), std::end(kBinary), n.op) != std::end(kBinary);
}

Cells find_cells(const Graph& g) {
  Search s{g, {}};
  s.cells.ranges.resize(g.values.size());
  for (const Node& n : g.nodes) {
    visit(s, n);
    round_constants(s, n);
  }
  for (ValueId v : g.outputs) keep_all(s, v);
  return std::move(s.cells);
}

std::vector<bool> removable_cells(Cells& cells) {
  std::vector<bool> kept(cells.parent.size(), false);  // by root
  for (size_t i = 0; i < cells.parent.size(); i++)
    if (cells.kept[i]) kept[root(cells, i)] = true;
  for (const ChannelRange& r : cells.ranges) {
    bool any = r.count == 0;
    for (int64_t c = 0; c < r.count; c++) any = any || kept[root(cells, cell(r, c))];
    if (!any) kept[root(cells, r.first)] = true;
  }
  std::vector<bool> removable(cells.parent.size());
  for (size_t i = 0; i < removable.size(); i++) removable[i] = !kept[root(cells, i)];
  return removable;
}

}  // namespace netsuke
