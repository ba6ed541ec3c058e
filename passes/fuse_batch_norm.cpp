// y = Conv(x, W, b); z = s * y + t, s and t per channel   →   z = Conv(x, s W, s b + t)
// y = s * x + t; z = Conv(y, W, b), no padding or t = 0    →   z = Conv(x, W s, b + W t)
//
// "s * y + t" is an inference BatchNormalization, or Mul, Div, Add or Sub with a constant that varies at
// most along the channels; chains of them go one by one. Conv stands for Conv, ConvTranspose and Dense (a
// matrix product by then, see dense_from_matmul.cpp). Needs y to have no other reader and, in the first
// rule, no activation behind the Conv. Keeps results to float rounding: weights are computed in double and
// rounded once. Breaks bit-equality with the unfused model.
#include <algorithm>
#include <cmath>

#include "graph/quantization.hpp"
#include "passes/passes.hpp"
#include "passes/rewrite.hpp"

namespace netsuke {
namespace {

// out = scale * x + shift along the channel axis of x.
struct Affine {
  ValueId x;
  std::vector<double> scale, shift;
};

std::optional<Affine> affine_of_batch_norm(const Graph& g, const Node& n) {
  std::vector<double> parameter[4];  // scale, shift, mean, variance
  for (size_t i = 0; i < 4; i++) {
    const Tensor* t = constant_of(g, n.inputs[i + 1]);
    if (!t) return std::nullopt;
    parameter[i] = to_doubles(*t);
  }
  auto& [scale, shift, mean, variance] = parameter;
  for (size_t c = 0; c < scale.size(); c++) {
    scale[c] /= std::sqrt(variance[c] + double(get_float(n, "epsilon")));
    shift[c] -= scale[c] * mean[c];
  }
  return Affine{n.inputs[0], scale, shift};
}

// k op x or x op k, with `k` on side `constant_side`.
std::optional<Affine> affine_of_binary(const Graph& g, const Node& n, size_t axis, size_t constant_side) {
  ValueId x = n.inputs[1 - constant_side];
  if (g[x].shape != g[n.outputs[0]].shape || axis >= g[x].shape.size()) return std::nullopt;
  std::vector<double> k = along_axis(constant_of(g, n.inputs[constant_side]), g[x].shape, axis);
  if (k.empty() || g[x].constant) return std::nullopt;
  Affine a{x, std::vector<double>(k.size(), 1), std::vector<double>(k.size(), 0)};
  for (size_t c = 0; c < k.size(); c++) {
    if (n.op == "Mul") a.scale[c] = k[c];
    if (n.op == "Div") a.scale[c] = 1 / k[c];
    if (n.op == "Add") a.shift[c] = k[c];
    if (n.op == "Sub") a.shift[c] = constant_side == 1 ? -k[c] : k[c];
    if (n.op == "Sub" && constant_side == 0) a.scale[c] = -1;
  }
  return a;
}

// The node as an affine function along dimension `axis` of its input; activations are not looked at.
std::optional<Affine> affine_of(const Graph& g, const Node& n, size_t axis) {
  std::optional<Affine> a;
  if (n.op == "BatchNormalization" && n.inputs.size() == 5 && n.outputs.size() == 1 && axis == 1)
    a = affine_of_batch_norm(g, n);
  if (n.op == "Mul" || n.op == "Div" || n.op == "Add" || n.op == "Sub")
    for (size_t side : {1u, 0u})
      if (!a && !(n.op == "Div" && side == 0)) a = affine_of_binary(g, n, axis, side);
  if (!a || g[a->x].type != DType::kFloat32) return std::nullopt;
  for (size_t c = 0; c < a->scale.size(); c++)
    if (!std::isfinite(a->scale[c]) || !std::isfinite(a->shift[c])) return std::nullopt;
  return a;
}

bool is_weighted(const Graph& g, const Node& n) {
  return (n.op == "Conv" || n.op == "ConvTranspose" || n.op == "Dense") && constant_of(g, n.inputs[1]) &&
         g[n.inputs[1]].type == DType::kFloat32 && (!has_input(n, 2) || constant_of(g, n.inputs[2]));
}

// The dimension of input and output that the weights mix.
size_t channel_axis(const Graph& g, const Node& n) {
  return n.op == "Dense" ? g[n.outputs[0]].shape.size() - 1 : 1;
}

// Which channel of input and output the weight at flat offset `i` joins.
struct WeightIndex {
  bool transposed;              // ConvTranspose has [in, out / group, kernel...], the others [out, in / group, ...]
  int64_t rows, columns, taps;  // dimensions of the weights, all kernel positions as one
  int64_t group;
  size_t across(int64_t i, bool output) const {
    int64_t row = i / (columns * taps), column = i / taps % columns;
    if (output != transposed) return static_cast<size_t>(row);
    return static_cast<size_t>(row / (rows / group) * columns + column);
  }
  size_t out(int64_t i) const { return across(i, true); }
  size_t in(int64_t i) const { return across(i, false); }
  int64_t channels_out() const { return transposed ? columns * group : rows; }
};

WeightIndex weight_index(const Graph& g, const Node& n) {
  const Tensor& w = *g[n.inputs[1]].constant;
  int64_t rows = w.shape[0], columns = w.shape[1], count = w.count();
  return {n.op == "ConvTranspose", rows, columns, count > 0 ? count / (rows * columns) : 0,
          has_attribute(n, "group") ? get_int(n, "group") : 1};
}

// `axis`, `factors`: what the weights have been multiplied by, for their grid.
void set_weights(Graph& g, Node& n, const std::vector<double>& weights, const std::vector<double>& bias, size_t axis,
                 const std::vector<double>& factors) {
  const std::string name = g[n.inputs[1]].name;
  Shape shape = g[n.inputs[1]].shape;
  n.inputs.resize(3, kNoValue);
  std::string bias_name = has_input(n, 2) ? g[n.inputs[2]].name : name + "_bias";
  std::optional<Quantization> grid = g[n.inputs[1]].quantization;
  n.inputs[1] = add_floats(g, name, shape, weights);
  bool by_filter = factors.size() == static_cast<size_t>(shape[axis]);  // in groups, channels of one side are not dimensions
  if (grid && by_filter) g[n.inputs[1]].quantization = scaled(*grid, axis, factors);
  if (has_input(n, 2) || std::any_of(bias.begin(), bias.end(), [](double b) { return b != 0; }))
    n.inputs[2] = add_floats(g, bias_name, {static_cast<int64_t>(bias.size())}, bias);
  else
    n.inputs.resize(2);
}

// z = affine(Conv(x)): the Conv takes the place of `n`.
bool fuse_behind(Graph& g, const Links& links, Node& n) {
  for (ValueId y : n.inputs) {
    const Node* conv = producer_of(g, links, y);
    if (!conv || !is_weighted(g, *conv) || !conv->activations.empty() || !has_one_reader(links, y)) continue;
    std::optional<Affine> a = affine_of(g, n, channel_axis(g, *conv));
    if (!a || a->x != y) continue;
    Node fused = *conv;
    WeightIndex index = weight_index(g, fused);
    std::vector<double> weights = to_doubles(*g[fused.inputs[1]].constant);
    std::vector<double> bias = bias_of(g, fused, index.channels_out());
    for (size_t i = 0; i < weights.size(); i++) weights[i] *= a->scale[index.out(static_cast<int64_t>(i))];
    for (size_t c = 0; c < bias.size(); c++) bias[c] = bias[c] * a->scale[c] + a->shift[c];
    set_weights(g, fused, weights, bias, index.transposed ? 1 : 0, a->scale);
    fused.outputs = n.outputs;
    fused.activations = n.activations;
    n = std::move(fused);
    return true;
  }
  return false;
}

bool has_padding(const Node& n) {
  if (!has_attribute(n, "pads")) return false;
  const auto& pads = get_ints(n, "pads");
  return std::any_of(pads.begin(), pads.end(), [](int64_t p) { return p != 0; });
}

// z = Conv(affine(x)): `n`, the Conv, reads x.
bool fuse_before(Graph& g, const Links& links, Node& n) {
  if (!is_weighted(g, n)) return false;
  const Node* before = producer_of(g, links, n.inputs[0]);
  if (!before || !before->activations.empty() || !has_one_reader(links, n.inputs[0])) return false;
  std::optional<Affine> a = affine_of(g, *before, channel_axis(g, n));
  if (!a) return false;
  bool shifts = std::any_of(a->shift.begin(), a->shift.end(), [](double t) { return t != 0; });
  // At a padded border, and in a ConvTranspose everywhere, not every output sees all taps.
  if (shifts && (has_padding(n) || n.op == "ConvTranspose")) return false;
  WeightIndex index = weight_index(g, n);
  std::vector<double> weights = to_doubles(*g[n.inputs[1]].constant);
  std::vector<double> bias = bias_of(g, n, index.channels_out());
  for (size_t i = 0; i < weights.size(); i++) {
    auto flat = static_cast<int64_t>(i);
    if (shifts) bias[index.out(flat)] += weights[i] * a->shift[index.in(flat)];
    weights[i] *= a->scale[index.in(flat)];
  }
  set_weights(g, n, weights, bias, index.transposed ? 0 : 1, a->scale);
  n.inputs[0] = a->x;
  return true;
}

// Applies `rule` to every node until nothing changes; each success may enable the next of a chain.
bool repeat(Graph& g, const PassOptions& options, bool (*rule)(Graph&, const Links&, Node&)) {
  bool changed = false;
  Links links = link(g);
  for (size_t i = 0; i < g.nodes.size(); i++)
    if (rule(g, links, g.nodes[i])) {
      changed = true;
      remove_dead_code(g, options);  // the fused Conv no longer reads what it did
      links = link(g);
      i = static_cast<size_t>(-1);
    }
  return changed;
}

}  // namespace

bool fuse_batch_norm(Graph& g, const PassOptions& options) {
  bool changed = repeat(g, options, fuse_behind);
  return repeat(g, options, fuse_before) || changed;
}

}  // namespace netsuke
