#include "rows/random_maps.hpp"

#include <random>

#include "ops/helpers.hpp"

namespace netsuke::test {
namespace {

struct Maker {
  std::mt19937 random;
  size_t spatial = 2;
  Graph g;
  std::vector<ValueId> maps;  // made so far

  int64_t between(int64_t low, int64_t high) { return low + static_cast<int64_t>(random() % static_cast<uint32_t>(high - low + 1)); }
  bool happens(int percent) { return between(1, 100) <= percent; }
  const Shape& shape(ValueId v) const { return g[v].shape; }
};

ValueId add(Maker& m, std::string op, std::vector<ValueId> inputs, std::map<std::string, Attribute> attributes = {},
            std::vector<Activation> activations = {}) {
  std::string name = fmt::format("{}_{}", op, m.g.nodes.size());
  ValueId out = add_value(m.g, Value{name, DType::kFloat32, {}, nullptr, std::nullopt});
  m.g.nodes.push_back(Node{std::move(op), std::move(name), std::move(inputs), {out}, std::move(attributes), std::move(activations)});
  op_of(m.g.nodes.back()).infer(m.g, m.g.nodes.back());
  return out;
}

ValueId constant(Maker& m, Shape shape) {
  Tensor t(DType::kFloat32, std::move(shape));
  for (float& x : t.as<float>()) x = static_cast<float>(m.between(-64, 64)) / 64;
  return add_constant(m.g, fmt::format("constant_{}", m.g.values.size()), std::move(t));
}

// Numbers for each spatial dimension, begin and end, such that a window fits.
struct Windows {
  std::vector<int64_t> kernel, pads, strides, dilations;
  std::map<std::string, Attribute> attributes() const {
    return {{"kernel_shape", kernel}, {"pads", pads}, {"strides", strides}, {"dilations", dilations}};
  }
};

Windows windows(Maker& m, ValueId x, bool small_pads) {
  Windows w;
  std::vector<int64_t> ends;
  for (size_t d = 0; d < m.spatial; d++) {
    int64_t size = m.shape(x)[d + 2], kernel = m.happens(50) ? 3 : m.between(1, 5), dilation = m.happens(80) ? 1 : m.between(2, 3);
    int64_t most = small_pads ? kernel - 1 : (kernel - 1) * dilation + m.between(0, 1);
    int64_t begin = m.happens(60) ? std::min(most, (kernel - 1) * dilation / 2) : m.between(0, most), end = m.happens(60) ? begin : m.between(0, most);
    while (size + begin + end < (kernel - 1) * dilation + 1) {
      if (dilation > 1) dilation = 1;
      else kernel--;
    }
    if (small_pads) begin = std::min(begin, kernel - 1), end = std::min(end, kernel - 1), dilation = 1;
    w.kernel.push_back(kernel);
    w.pads.push_back(begin);
    ends.push_back(end);
    w.strides.push_back(size > 6 && m.happens(30) ? m.between(2, 3) : 1);
    w.dilations.push_back(dilation);
  }
  w.pads.insert(w.pads.end(), ends.begin(), ends.end());
  return w;
}

ValueId conv(Maker& m, ValueId x, Windows w, int64_t out_c, int64_t group) {
  int64_t in_c = m.shape(x)[1];
  Shape shape{out_c, in_c / group};
  shape.insert(shape.end(), w.kernel.begin(), w.kernel.end());
  std::vector<ValueId> inputs{x, constant(m, shape)};
  if (m.happens(70)) inputs.push_back(constant(m, {out_c}));
  auto attributes = w.attributes();
  attributes["group"] = group;
  return add(m, "Conv", inputs, attributes);
}

ValueId any_conv(Maker& m, ValueId x) {
  int64_t c = m.shape(x)[1];
  if (m.happens(30)) {
    std::vector<int64_t> ones(m.spatial, 1), none(2 * m.spatial, 0);
    return conv(m, x, {ones, none, ones, ones}, m.happens(40) ? c : m.between(1, 6), 1);
  }
  if (m.happens(40)) return conv(m, x, windows(m, x, false), c, c);
  return conv(m, x, windows(m, x, false), m.between(1, 6), 1);
}

ValueId pool(Maker& m, ValueId x) {
  auto attributes = windows(m, x, true).attributes();
  attributes["ceil_mode"] = int64_t{0};
  if (m.happens(50)) return add(m, "MaxPool", {x}, attributes);
  attributes["count_include_pad"] = m.between(0, 1);
  return add(m, "AveragePool", {x}, attributes);
}

// Every spatial dimension twice (or three times) as long.
ValueId enlarge(Maker& m, ValueId x) {
  int64_t times = m.happens(80) ? 2 : 3;
  for (size_t d = 0; d < m.spatial; d++) {
    int64_t size = m.shape(x)[d + 2];
    Tensor indices(DType::kInt32, {size * times, 1});
    for (int64_t i = 0; i < size * times; i++) indices.as<int32_t>()[static_cast<size_t>(i)] = static_cast<int32_t>(i / times);
    ValueId table = add_constant(m.g, fmt::format("indices_{}", m.g.values.size()), std::move(indices));
    x = add(m, "Resample", {x, table}, {{"axis", static_cast<int64_t>(d + 2)}});
  }
  return x;
}

ValueId slice(Maker& m, ValueId x) {
  Shape starts(m.spatial + 2, 0), steps(m.spatial + 2, 1), shape = m.shape(x);
  size_t d = static_cast<size_t>(m.between(1, static_cast<int64_t>(m.spatial) + 1));
  if (shape[d] > 2) {
    starts[d] = m.between(0, shape[d] / 2 - 1);
    steps[d] = m.between(1, 2);
    shape[d] = (shape[d] - starts[d] - m.between(0, 1) + steps[d] - 1) / steps[d];
  }
  return add(m, "Slice", {x}, {{"starts", starts}, {"steps", steps}, {"shape", shape}});
}

ValueId padded(Maker& m, ValueId x) {
  std::vector<int64_t> pads(2 * (m.spatial + 2), 0);
  for (size_t d = 2; d < m.spatial + 2; d++) {
    pads[d] = m.between(0, 2);
    pads[m.spatial + 2 + d] = m.between(0, 2);
  }
  return add(m, "Pad", {x}, {{"pads", pads}, {"mode", std::string("constant")}, {"value", m.happens(50) ? 0.0f : 1.5f}});
}

// A map made before, of the same shape, or only of the same spatial dimensions.
ValueId partner(Maker& m, ValueId x, bool same_channels) {
  std::vector<ValueId> found;
  for (ValueId v : m.maps) {
    Shape a = m.shape(v), b = m.shape(x);
    if (!same_channels) a[1] = b[1];
    if (v != x && a == b) found.push_back(v);
  }
  return found.empty() ? kNoValue : found[static_cast<size_t>(m.between(0, static_cast<int64_t>(found.size()) - 1))];
}

bool too_large(const Maker& m, ValueId x) { return count_of(m.shape(x)) > 6000; }

ValueId per_channel(Maker& m, ValueId x) {
  Shape shape(m.spatial + 1, 1);
  shape[0] = m.shape(x)[1];
  return constant(m, shape);
}

ValueId layer(Maker& m, ValueId x) {
  int64_t kind = m.between(1, 100);
  if (kind <= 50) x = any_conv(m, x);
  else if (kind <= 60) x = pool(m, x);
  else if (kind <= 64 && !too_large(m, x)) x = enlarge(m, x);
  else if (kind <= 68) x = slice(m, x);
  else if (kind <= 72 && !too_large(m, x)) x = padded(m, x);
  else if (kind <= 76) x = add(m, "Mul", {x, per_channel(m, x)});
  else if (ValueId other = partner(m, x, true); kind <= 92 && other != kNoValue) x = add(m, m.happens(70) ? "Add" : "Mul", {x, other});
  else if (kind > 96 && other != kNoValue && !too_large(m, x)) x = add(m, "Concat", {x, other}, {{"axis", int64_t{2}}});
  else if (ValueId beside = partner(m, x, false); beside != kNoValue) x = add(m, "Concat", {x, beside}, {{"axis", int64_t{1}}});
  if (m.happens(40)) x = add(m, "Relu", {x});
  if (m.happens(4)) x = add(m, "Softmax", {x}, {{"axis", int64_t{1}}});
  return x;
}

}  // namespace

Graph random_maps(uint32_t seed, int64_t layers) {
  Maker m{std::mt19937(seed), 2, {}, {}};
  if (m.happens(25)) m.spatial = 1;
  m.g.name = fmt::format("maps_{}", seed);
  Shape shape{1, m.between(1, 4)};
  for (size_t d = 0; d < m.spatial; d++) shape.push_back(m.between(5, 16));
  ValueId x = add_value(m.g, Value{"x", DType::kFloat32, shape, nullptr, std::nullopt});
  m.g.inputs = {x};
  m.maps = {x};
  int64_t few = m.between(3, 14);
  if (layers == 0) layers = few;
  for (int64_t i = 0; i < layers; i++) {
    // Now and then a branch starts from an earlier map.
    ValueId from = layers > 20 || m.happens(85) ? m.maps.back() : m.maps[static_cast<size_t>(m.between(0, static_cast<int64_t>(m.maps.size()) - 1))];
    m.maps.push_back(layer(m, from));
  }
  x = m.maps.back();
  if (m.happens(40)) x = add(m, m.happens(70) ? "GlobalAveragePool" : "GlobalMaxPool", {x});
  m.g.outputs = {x};
  if (m.happens(25)) {
    ValueId other = m.maps[static_cast<size_t>(m.between(1, static_cast<int64_t>(m.maps.size()) - 1))];
    if (other != x) m.g.outputs.push_back(other);
  }
  verify(m.g, "random_maps");
  return std::move(m.g);
}

}  // namespace netsuke::test
