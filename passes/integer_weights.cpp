#include "passes/integer_weights.hpp"

#include <algorithm>
#include <cmath>

#include "graph/quantization.hpp"
#include "passes/rewrite.hpp"

namespace netsuke {
namespace {

// Which output channel the weight at a flat offset belongs to.
struct OutputChannels {
  bool transposed;  // ConvTranspose: [in, out / group, kernel...]; others [out, in / group, kernel...]
  int64_t rows, columns, taps, group;
  int64_t count() const { return transposed ? columns * group : rows; }
  size_t of(size_t i) const {
    auto flat = static_cast<int64_t>(i);
    int64_t row = flat / (columns * taps), column = flat / taps % columns;
    return static_cast<size_t>(transposed ? row / (rows / group) * columns + column : row);
  }
};

OutputChannels output_channels(const Graph& g, const Node& n) {
  const Shape& s = g[n.inputs[1]].shape;
  return {n.op == "ConvTranspose", s[0], s[1], count_of({s.begin() + 2, s.end()}), has_attribute(n, "group") ? get_int(n, "group") : 1};
}

// Real weights and biases, and the integers and scales that are to stand for them.
struct Channels {
  OutputChannels index;
  std::vector<double> weights, bias;   // real
  std::vector<double> scale;           // by output channel
  std::vector<int64_t> stored;         // integers
};

bool has_channel_grid(const Graph& g, const Node& n, const OutputChannels& index) {
  const auto& q = g[n.inputs[1]].quantization;
  if (!q || q->type == DType::kInt32) return false;
  if (q->axis < 0) return true;
  return q->axis == (index.transposed ? 1 : 0) && static_cast<int64_t>(q->scales.size()) == index.count();
}

void take_grid(const Graph& g, const Node& n, Channels& c) {
  const Value& w = g[n.inputs[1]];
  const Quantization& q = *w.quantization;
  Tensor stored = to_grid(*w.constant, q);
  c.stored = to_int64s(stored);
  for (size_t i = 0; i < c.stored.size(); i++) c.stored[i] -= q.zero_points[q.axis < 0 ? 0 : c.index.of(i)];
  c.scale.clear();
  for (size_t o = 0; o < static_cast<size_t>(c.index.count()); o++) c.scale.push_back(double(q.scales[q.axis < 0 ? 0 : o]));
}

// Sums of `terms` products and a bias must stay below 2^31, with room for the zero point's part.
constexpr double kMostSum = 1 << 30;

std::vector<double> channel_sums(const Channels& c) {
  std::vector<double> sums(static_cast<size_t>(c.index.count()));
  for (size_t i = 0; i < c.weights.size(); i++) sums[c.index.of(i)] += std::fabs(c.weights[i]);
  return sums;
}

// The finest scale of 16-bit weights for which sums and bias fit; 0 for a channel of zeros. It is not much finer than
// `coarsest`, the largest of the layer: a nearly dead filter needs no digits of its own.
double finest_scale(double largest_weight, double sum, double bias, double in_scale, double in_reach, double coarsest) {
  if (largest_weight == 0 && bias == 0) return 0;
  double by_type = largest_weight / 32767, by_sum = sum * in_reach / kMostSum, by_bias = std::fabs(bias) / in_scale / kMostSum;
  return std::max({by_type, by_sum, by_bias, coarsest / 4096});
}

// Channels whose integers do not fit 32-bit sums (all of nearly dead ones, say) and weights without a grid.
void round_anew(Channels& c, const Quantization& in, bool only_overflowing) {
  std::vector<double> sums = channel_sums(c), largest(sums.size());
  for (size_t i = 0; i < c.weights.size(); i++) largest[c.index.of(i)] = std::max(largest[c.index.of(i)], std::fabs(c.weights[i]));
  std::vector<bool> anew(sums.size(), true);
  double in_scale = double(in.scales[0]), in_reach = reach_of(in), coarsest = 0;
  for (size_t o = 0; o < sums.size(); o++)
    coarsest = std::max(coarsest, only_overflowing ? std::fabs(c.scale[o]) : largest[o] / 32767);
  for (size_t o = 0; o < sums.size(); o++) {
    double scale = only_overflowing ? std::fabs(c.scale[o]) : 0;
    bool fits = scale > 0 && sums[o] > 0 && sums[o] / scale * in_reach <= kMostSum && std::fabs(c.bias[o]) / (in_scale * scale) <= kMostSum;
    anew[o] = !only_overflowing || !fits;
    if (anew[o]) c.scale[o] = finest_scale(largest[o], sums[o], c.bias[o], in_scale, in_reach, coarsest);
  }
  for (size_t i = 0; i < c.weights.size(); i++)
    if (size_t o = c.index.of(i); anew[o]) c.stored[i] = c.scale[o] == 0 ? 0 : std::lround(c.weights[i] / c.scale[o]);
}

Tensor stored_weights(const Channels& c, const Shape& shape) {
  bool narrow = std::all_of(c.stored.begin(), c.stored.end(), [](int64_t w) { return w >= -128 && w <= 127; });
  Tensor t(narrow ? DType::kInt8 : DType::kInt16, shape);
  for (size_t i = 0; i < c.stored.size(); i++)
    if (narrow) t.as<int8_t>()[i] = static_cast<int8_t>(c.stored[i]);
    else t.as<int16_t>()[i] = static_cast<int16_t>(c.stored[i]);
  return t;
}

Quantization channel_grid(const Channels& c, DType storage) {
  bool uniform = std::all_of(c.scale.begin(), c.scale.end(), [&](double s) { return s == c.scale[0]; });
  Quantization q{{}, {}, uniform ? -1 : c.index.transposed ? 1 : 0, storage};
  for (size_t o = 0; o < (uniform ? 1 : c.scale.size()); o++) q.scales.push_back(static_cast<float>(c.scale[o]));
  q.zero_points.assign(q.scales.size(), 0);
  return q;
}

}  // namespace

std::optional<IntegerWeights> integer_weights(const Graph& g, const Node& n, const Quantization& in) {
  Channels c{output_channels(g, n), to_doubles(*g[n.inputs[1]].constant), {}, {}, {}};
  c.bias = bias_of(g, n, c.index.count());
  for (double w : c.weights)
    if (!std::isfinite(w)) return std::nullopt;
  bool has_grid = has_channel_grid(g, n, c.index);
  c.scale.assign(static_cast<size_t>(c.index.count()), 1);
  c.stored.assign(c.weights.size(), 0);
  if (has_grid) take_grid(g, n, c);
  round_anew(c, in, has_grid);
  IntegerWeights result{stored_weights(c, g[n.inputs[1]].shape), {}, std::nullopt};
  result.grid = channel_grid(c, result.weights.type);
  if (!has_input(n, 2)) return result;
  result.bias = Tensor(DType::kInt32, {c.index.count()});
  for (size_t o = 0; o < c.bias.size(); o++) {
    if (c.bias[o] == 0) continue;
    double steps = std::nearbyint(c.bias[o] / (double(in.scales[0]) * double(static_cast<float>(c.scale[o]))));
    if (!(std::fabs(steps) < 2147483648.0)) return std::nullopt;
    result.bias->as<int32_t>()[o] = static_cast<int32_t>(steps);
  }
  return result;
}

}  // namespace netsuke
