#include "passes/random_models.hpp"

#include <random>

#include "ops/helpers.hpp"

namespace netsuke::test {
namespace {

struct Maker {
  RandomModel options;
  std::mt19937 random;  // the same numbers on every machine; the standard's distributions are not
  Graph g;
  std::vector<ValueId> maps;  // feature maps made so far, for branches

  int64_t between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(random() % static_cast<uint32_t>(high - low + 1));
  }
  double unit() { return static_cast<double>(random() >> 8) / static_cast<double>(1 << 24); }
  bool happens(double probability) { return unit() < probability; }
  float weight() { return static_cast<float>(unit() * 2 - 1); }
  bool has(const std::string& op) const { return options.extra.contains(op); }
};

ValueId add(Maker& m, std::string op, std::vector<ValueId> inputs, std::map<std::string, Attribute> attributes = {}) {
  std::string name = fmt::format("{}_{}", op, m.g.nodes.size());
  ValueId out = add_value(m.g, Value{name, DType::kFloat32, {}, nullptr, std::nullopt});
  m.g.nodes.push_back(Node{std::move(op), std::move(name), std::move(inputs), {out}, std::move(attributes), {}});
  op_of(m.g.nodes.back()).infer(m.g, m.g.nodes.back());
  return out;
}

ValueId random_constant(Maker& m, Shape shape) {
  Tensor t(DType::kFloat32, std::move(shape));
  for (float& x : t.as<float>()) x = m.weight();
  return add_constant(m.g, fmt::format("constant_{}", m.g.values.size()), std::move(t));
}

// Plants zero filters and ignored input channels.
ValueId weights(Maker& m, Shape shape) {
  ValueId v = random_constant(m, shape);
  Tensor t = *m.g[v].constant;
  int64_t row = t.count() / shape[0], taps = row / shape[1];
  for (int64_t o = 0; o < shape[0]; o++)
    if (m.happens(m.options.zero_filters))  // what a folded batch norm leaves of a filter that is off
      for (int64_t i = 0; i < row; i++) t.as<float>()[static_cast<size_t>(o * row + i)] = i % 2 ? 0 : 1e-15f;
  for (int64_t c = 0; c < shape[1]; c++)
    if (shape[1] > 1 && m.happens(m.options.zero_columns))
      for (int64_t o = 0; o < shape[0]; o++)
        for (int64_t i = 0; i < taps; i++) t.as<float>()[static_cast<size_t>(o * row + c * taps + i)] = 0;
  m.g[v].constant = std::make_shared<const Tensor>(std::move(t));
  return v;
}

ValueId conv(Maker& m, ValueId x, int64_t out_c, bool depthwise) {
  int64_t in_c = m.g[x].shape[1], kernel = depthwise || m.happens(0.3) ? 3 : 1;
  int64_t pad = kernel == 3 && m.happens(0.7) ? 1 : 0, stride = m.happens(0.15) ? 2 : 1;
  if (m.g[x].shape[2] < 3 || m.g[x].shape[3] < 3) pad = kernel == 3 ? 1 : 0;
  int64_t group = depthwise ? in_c : 1;
  if (depthwise) out_c = in_c * (m.happens(0.2) ? 2 : 1);
  std::vector<ValueId> inputs{x, weights(m, {out_c, in_c / group, kernel, kernel})};
  if (m.happens(0.8)) inputs.push_back(random_constant(m, {out_c}));
  std::vector<int64_t> twice(2, kernel), pads(4, pad), strides(2, stride), ones(2, 1);
  return add(m, "Conv", inputs,
             {{"kernel_shape", twice}, {"pads", pads}, {"strides", strides}, {"dilations", ones}, {"group", group}});
}

ValueId batch_norm(Maker& m, ValueId x) {
  int64_t c = m.g[x].shape[1];
  std::vector<ValueId> inputs{x};
  for (int i = 0; i < 4; i++) inputs.push_back(random_constant(m, {c}));
  Tensor variance = *m.g[inputs[4]].constant;
  for (float& v : variance.as<float>()) v = v * v + 0.5f;
  m.g[inputs[4]].constant = std::make_shared<const Tensor>(std::move(variance));
  return add(m, "BatchNormalization", inputs, {{"epsilon", 1e-3f}});
}

// A map made before, of the same shape, to add to or to put beside.
ValueId partner(Maker& m, ValueId x, bool same_channels) {
  for (ValueId v : m.maps) {
    Shape a = m.g[v].shape, b = m.g[x].shape;
    if (!same_channels) a[1] = b[1];
    if (v != x && a == b) return v;
  }
  return kNoValue;
}

ValueId pool(Maker& m, ValueId x) {
  std::vector<int64_t> twice(2, 3), pads(4, 1), ones(2, 1);
  std::map<std::string, Attribute> attributes{
      {"kernel_shape", twice}, {"pads", pads}, {"strides", ones}, {"dilations", ones}, {"ceil_mode", int64_t{0}}};
  if (m.happens(0.5)) return add(m, "MaxPool", {x}, attributes);
  attributes["count_include_pad"] = m.between(0, 1);
  return add(m, "AveragePool", {x}, attributes);
}

ValueId layer(Maker& m, ValueId x) {
  x = conv(m, x, m.between(3, 8), m.happens(0.4));
  if (m.has("BatchNormalization") && m.happens(0.5)) x = batch_norm(m, x);
  if (m.has("Mul") && m.happens(0.3)) x = add(m, "Mul", {x, random_constant(m, {m.g[x].shape[1], 1, 1})});
  if (m.happens(0.7)) x = add(m, "Relu", {x});
  ValueId other = partner(m, x, true);
  if (m.has("Add") && other != kNoValue && m.happens(0.6)) x = add(m, "Add", {x, other});
  ValueId beside = partner(m, x, false);
  if (m.has("Concat") && beside != kNoValue && m.happens(0.3)) x = add(m, "Concat", {x, beside}, {{"axis", int64_t{1}}});
  if (m.happens(0.2)) x = pool(m, x);
  m.maps.push_back(x);
  return x;
}

}  // namespace

Graph random_model(const RandomModel& options) {
  Maker m{options, std::mt19937(options.seed), {}, {}};
  m.g.name = fmt::format("random_{}", options.seed);
  ValueId x = add_value(m.g, Value{"x", DType::kFloat32, {1, 3, 9, 8}, nullptr, std::nullopt});
  m.g.inputs = {x};
  for (int i = 0; i < options.layers; i++) x = layer(m, x);
  if (m.happens(0.5)) x = add(m, "GlobalAveragePool", {x});
  int64_t size = count_of(m.g[x].shape);
  x = add(m, "Reshape", {x}, {{"shape", Shape{1, size}}, {"allowzero", int64_t{1}}});
  x = add(m, "Dense", {x, weights(m, {5, size}), random_constant(m, {5})});
  m.g.outputs = {x};
  verify(m.g, "random_model");
  return std::move(m.g);
}

int64_t count_macs(const Graph& g) {
  int64_t macs = 0;
  for (const Node& n : g.nodes) {
    if (n.op != "Conv" && n.op != "Dense") continue;
    int64_t out = count_of(g[n.outputs[0]].shape), out_c = g[n.inputs[1]].shape[0];
    macs += out / out_c * count_of(g[n.inputs[1]].shape);
  }
  return macs;
}

int64_t count_weights(const Graph& g) {
  int64_t weights = 0;
  for (const Node& n : g.nodes)
    if (n.op == "Conv" || n.op == "Dense") weights += count_of(g[n.inputs[1]].shape);
  return weights;
}

}  // namespace netsuke::test
