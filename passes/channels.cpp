#include "passes/channels.hpp"

#include <algorithm>
#include <cmath>

#include "graph/quantization.hpp"
#include "ops/activation.hpp"
#include "ops/helpers.hpp"
#include "passes/rewrite.hpp"

namespace netsuke {
namespace {

using Constant = std::optional<float>;

struct Search {
  const Graph& g;
  Cells cells;

  const ChannelRange& range(ValueId v) const { return cells.range(v); }
  const Shape& shape(ValueId v) const { return g[v].shape; }
};

size_t cell(const ChannelRange& r, int64_t channel) { return r.first + static_cast<size_t>(channel); }
bool has_cells(const ChannelRange& r) { return r.axis >= 0; }

size_t root(Cells& c, size_t i) {
  while (c.parent[i] != i) i = c.parent[i] = c.parent[c.parent[i]];
  return i;
}

void join(Search& s, size_t a, size_t b) { s.cells.parent[root(s.cells, a)] = root(s.cells, b); }

void keep_all(Search& s, ValueId v) {
  if (v == kNoValue) return;
  const ChannelRange r = s.range(v);
  for (int64_t c = 0; c < r.count; c++) s.cells.kept[cell(r, c)] = true;
}

// Gives the value cells along `axis`, nothing known of them yet.
ChannelRange add_cells(Search& s, ValueId v, size_t axis) {
  ChannelRange r{static_cast<int64_t>(axis), s.shape(v)[axis], s.cells.parent.size()};
  s.cells.ranges[static_cast<size_t>(v)] = r;
  for (int64_t c = 0; c < r.count; c++) s.cells.parent.push_back(cell(r, c));
  s.cells.constant.resize(s.cells.parent.size());
  s.cells.kept.resize(s.cells.parent.size(), false);
  return r;
}

Constant finite(double x) { return std::isfinite(x) ? Constant(static_cast<float>(x)) : std::nullopt; }

Constant activated(const Node& n, Constant c) {
  for (const Activation& a : n.activations)
    if (c) c = finite(double(evaluate(a, *c)));
  return c;
}

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

// --- operators with weights ---

size_t weighted_axis(const Search& s, const Node& n) {
  return n.op == "Dense" ? s.shape(n.outputs[0]).size() - 1 : 1;
}

bool is_weighted(const Graph& g, const Node& n) {
  return (n.op == "Conv" || n.op == "ConvTranspose" || n.op == "Dense") && constant_of(g, n.inputs[1]) &&
         g[n.inputs[1]].type == DType::kFloat32 && (!has_input(n, 2) || constant_of(g, n.inputs[2]));
}

// A constant input channel that adds the same number to every output element. With padding only 0 does.
Constant absorbable(const Node& n, Constant c) { return c && (*c == 0 || sees_all_taps(n)) ? c : std::nullopt; }

// The constants of the input's channels.
std::vector<Constant> input_constants(const Search& s, const Node& n, int64_t channels) {
  std::vector<Constant> known(static_cast<size_t>(channels));
  const ChannelRange& in = s.range(n.inputs[0]);
  if (in.axis != static_cast<int64_t>(weighted_axis(s, n))) return known;
  for (int64_t c = 0; c < in.count; c++) known[static_cast<size_t>(c)] = s.cells.constant[cell(in, c)];
  return known;
}

// Output channel `o` of a Conv that pads, where input channels first_in and on are constant maps: evaluated
// as a model of its own. Sums at the border differ, but a Relu may make them equal.
Constant bordered_output(const Search& s, const Node& n, const WeightSums& w, std::span<const Constant> in, int64_t o,
                         double bias) {
  Graph g;
  Node one = n;
  Shape map = s.shape(n.inputs[0]), filter = s.shape(n.inputs[1]);
  map[0] = filter[0] = 1;
  map[1] = w.in;
  Tensor x(DType::kFloat32, map), weights(DType::kFloat32, filter);
  auto taps = static_cast<size_t>(weights.count() / w.in), size = static_cast<size_t>(x.count() / w.in);
  auto source = s.g[n.inputs[1]].constant->as<float>().subspan(static_cast<size_t>(o) * taps * in.size());
  for (size_t i = 0; i < in.size(); i++) {
    if (w.zero[w.at(o, static_cast<int64_t>(i))]) continue;
    std::fill_n(x.as<float>().begin() + static_cast<std::ptrdiff_t>(i * size), size, *in[i]);
    std::copy_n(source.begin() + static_cast<std::ptrdiff_t>(i * taps), taps,
                weights.as<float>().begin() + static_cast<std::ptrdiff_t>(i * taps));
  }
  one.inputs = {add_constant(g, "x", std::move(x)), add_constant(g, "weights", std::move(weights)),
                add_floats(g, "bias", {1}, {bias})};
  one.outputs = {add_value(g, Value{n.name, DType::kFloat32, {}, nullptr, std::nullopt})};
  one.attributes["group"] = int64_t{1};
  infer_and_fold(g, one);
  auto uniform = uniform_constant(g, one.outputs[0]);
  return uniform ? finite(double(*uniform)) : std::nullopt;
}

// Output channel `o`; `in` are the constants of its group's input channels.
Constant weighted_output(const Search& s, const Node& n, const WeightSums& w, std::span<const Constant> in, int64_t o,
                         double bias) {
  double sum = bias;
  bool bordered = false;
  for (size_t i = 0; i < in.size(); i++) {
    size_t at = w.at(o, static_cast<int64_t>(i));
    if (w.zero[at]) continue;
    if (!in[i]) return std::nullopt;
    sum += double(*in[i]) * w.sum[at];
    bordered = bordered || !absorbable(n, in[i]);
  }
  if (!bordered) return activated(n, finite(sum));
  return n.op == "Conv" ? bordered_output(s, n, w, in, o, bias) : std::nullopt;
}

// Input channels that neither are absorbed nor meet only zeros.
void keep_needed_inputs(Search& s, const Node& n, const WeightSums& w, const std::vector<Constant>& known) {
  const ChannelRange in = s.range(n.inputs[0]);
  if (in.axis != static_cast<int64_t>(weighted_axis(s, n))) return keep_all(s, n.inputs[0]);
  for (int64_t i = 0; i < in.count; i++) {
    if (absorbable(n, known[static_cast<size_t>(i)])) continue;
    bool read = false;
    for (int64_t o = 0; o < w.out && !read; o++) read = !w.zero[w.at(o, i)];
    if (read) s.cells.kept[cell(in, i)] = true;
  }
}

void visit_weighted(Search& s, const Node& n) {
  WeightSums w = sum_weights(s.g, n);
  int64_t group = has_attribute(n, "group") ? get_int(n, "group") : 1;
  std::vector<Constant> known = input_constants(s, n, w.in * group);
  std::vector<double> bias = bias_of(s.g, n, w.out);
  ChannelRange out = add_cells(s, n.outputs[0], weighted_axis(s, n));
  if (n.op == "ConvTranspose" && group != 1) {  // its weights are laid out the other way round
    keep_all(s, n.inputs[0]);
    return keep_all(s, n.outputs[0]);
  }
  for (int64_t o = 0; o < w.out; o++) {
    std::span<const Constant> in{known.data() + o / (w.out / group) * w.in, static_cast<size_t>(w.in)};
    s.cells.constant[cell(out, o)] = weighted_output(s, n, w, in, o, bias[static_cast<size_t>(o)]);
  }
  const ChannelRange in = s.range(n.inputs[0]);
  if (mixes_channels(s.g, n)) return keep_needed_inputs(s, n, w, known);
  if (is_depthwise(s.g, n) && in.axis == 1) {
    for (int64_t o = 0; o < w.out; o++) join(s, cell(out, o), cell(in, o / (w.out / group)));
    return;
  }
  keep_all(s, n.inputs[0]);
  keep_all(s, n.outputs[0]);
}

// --- operators that work on each channel by itself ---

bool is_unary(const Node& n) {
  constexpr std::string_view kUnary[] = {"Abs", "Neg", "Exp", "Log", "Sqrt", "Reciprocal", "Floor", "Ceil", "Round",
                                         "Sign"};
  return !activation_of(n).function.empty() || std::find(std::begin(kUnary), std::end(kUnary), n.op) != std::end(kUnary);
}

bool has_any(const Node& n, const std::string& key, int64_t other_than) {
  if (!has_attribute(n, key)) return false;
  const auto& values = get_ints(n, key);
  return std::any_of(values.begin(), values.end(), [&](int64_t v) { return v != other_than; });
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

WeightSums sum_weights(const Graph& g, const Node& n) {
  const Tensor& t = *g[n.inputs[1]].constant;
  auto weights = t.as<float>();
  bool transposed = n.op == "ConvTranspose";
  int64_t rows = t.shape[0], columns = t.shape[1], taps = count_of({t.shape.begin() + 2, t.shape.end()});
  WeightSums w{transposed ? rows : columns, transposed ? columns : rows, {}, {}};
  w.sum.assign(static_cast<size_t>(rows * columns), 0);
  w.zero.assign(static_cast<size_t>(rows * columns), true);
  double largest = 0;
  for (float x : weights) largest = std::max(largest, std::fabs(double(x)));
  for (size_t i = 0; i < weights.size(); i++) {
    int64_t row = static_cast<int64_t>(i) / taps / columns, column = static_cast<int64_t>(i) / taps % columns;
    size_t at = transposed ? w.at(column, row) : w.at(row, column);
    w.sum[at] += double(weights[i]);
    if (!(std::fabs(double(weights[i])) <= kZeroWeight * largest)) w.zero[at] = false;
  }
  return w;
}

bool mixes_channels(const Graph& g, const Node& n) {
  return is_weighted(g, n) && (n.op == "Dense" || get_int(n, "group") == 1);
}

bool is_depthwise(const Graph& g, const Node& n) {
  return n.op == "Conv" && is_weighted(g, n) && get_int(n, "group") > 1 && g[n.inputs[1]].shape[1] == 1;
}

bool sees_all_taps(const Node& n) { return n.op != "ConvTranspose" && !has_any(n, "pads", 0); }

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
