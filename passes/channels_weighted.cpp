// Channels through operators with weights: Conv, ConvTranspose and Dense.
#include <algorithm>
#include <cmath>

#include "ops/helpers.hpp"
#include "passes/channel_search.hpp"
#include "passes/rewrite.hpp"

namespace netsuke {
namespace channel_search {
namespace {

size_t weighted_axis(const Search& s, const Node& n) {
  return n.op == "Dense" ? s.shape(n.outputs[0]).size() - 1 : 1;
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

}  // namespace

bool is_weighted(const Graph& g, const Node& n) {
  return (n.op == "Conv" || n.op == "ConvTranspose" || n.op == "Dense") && constant_of(g, n.inputs[1]) &&
         g[n.inputs[1]].type == DType::kFloat32 && (!has_input(n, 2) || constant_of(g, n.inputs[2]));
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

}  // namespace channel_search

using channel_search::has_any;
using channel_search::is_weighted;

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

}  // namespace netsuke
