#include "quantize/equalize.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "ops/op.hpp"

namespace netsuke {
namespace {

// Values whose channels have to be scaled by the same factors, and the layers at the border.
struct Group {
  int64_t channels = 0;
  std::vector<size_t> writers, readers;  // nodes
  std::vector<ValueId> values;
};

struct Groups {
  std::vector<int> parent;        // by value
  std::vector<int64_t> channels;  // by value; 0: it has none
  std::vector<bool> fixed;

  int root(ValueId v) {
    int i = v;
    while (parent[static_cast<size_t>(i)] != i) i = parent[static_cast<size_t>(i)];
    return i;
  }
  void fix(ValueId v) {
    if (v != kNoValue) fixed[static_cast<size_t>(root(v))] = true;
  }
  void join(ValueId a, ValueId b) {
    int ra = root(a), rb = root(b);
    if (channels[static_cast<size_t>(ra)] != channels[static_cast<size_t>(rb)]) return fix(a), fix(b);
    fixed[static_cast<size_t>(ra)] = fixed[static_cast<size_t>(ra)] || fixed[static_cast<size_t>(rb)];
    parent[static_cast<size_t>(rb)] = ra;
  }
};

// f(s x) = s f(x) for s > 0.
bool keeps_factors(const std::vector<Activation>& activations) {
  return std::all_of(activations.begin(), activations.end(),
                     [](const Activation& a) { return a.function == "relu" || a.function == "leaky_relu"; });
}

enum class Layer { kNone, kFull, kDepthwise };

Layer layer_of(const Graph& g, const Node& n) {
  if (n.op == "Dense") return g[n.outputs[0]].shape.size() == 2 ? Layer::kFull : Layer::kNone;
  if (n.op != "Conv") return Layer::kNone;
  int64_t group = get_int(n, "group"), in_c = g[n.inputs[0]].shape[1], out_c = g[n.outputs[0]].shape[1];
  if (group == 1) return Layer::kFull;
  return group == in_c && group == out_c ? Layer::kDepthwise : Layer::kNone;
}

// Output channel c is made of input channel c alone, and scales with it.
bool passes_channels(const Graph& g, const Node& n) {
  static const std::set<std::string_view> kPassing = {"Relu", "LeakyRelu", "PRelu", "MaxPool", "AveragePool",
                                                      "GlobalMaxPool", "GlobalAveragePool"};
  const Shape &in = g[n.inputs[0]].shape, &out = g[n.outputs[0]].shape;
  if (in.size() < 2 || out.size() < 2 || n.outputs.size() != 1) return false;
  if (n.op == "Pad") {
    const auto& pads = get_ints(n, "pads");
    return get_string(n, "mode") == "constant" && get_float(n, "value") == 0 && pads[1] == 0 && pads[in.size() + 1] == 0;
  }
  // A flattened map has the pixels of one channel after those of another.
  if (n.op == "Reshape") return in[0] == out[0] && (in[1] == out[1] || (out.size() == 2 && count_of(out) == count_of(in)));
  return kPassing.contains(n.op);
}

bool adds_maps(const Graph& g, const Node& n) {
  return (n.op == "Add" || n.op == "Sub") && !g[n.inputs[0]].constant && !g[n.inputs[1]].constant &&
         g[n.inputs[0]].shape == g[n.inputs[1]].shape && g[n.inputs[0]].shape.size() >= 2;
}

Groups group_values(const Graph& g) {
  Groups groups;
  for (size_t i = 0; i < g.values.size(); i++) {
    groups.parent.push_back(static_cast<int>(i));
    groups.channels.push_back(g.values[i].shape.size() >= 2 ? g.values[i].shape[1] : 0);
    groups.fixed.push_back(g.values[i].constant || g.values[i].type != DType::kFloat32);
  }
  // A flattened map has as many channels as the map.
  for (const Node& n : g.nodes)
    if (n.op == "Reshape" && passes_channels(g, n)) groups.channels[static_cast<size_t>(n.outputs[0])] = groups.channels[static_cast<size_t>(n.inputs[0])];
  for (ValueId v : g.inputs) groups.fix(v);
  for (ValueId v : g.outputs) groups.fix(v);
  for (const Node& n : g.nodes) {
    bool passes = keeps_factors(n.activations) && (passes_channels(g, n) || adds_maps(g, n));
    if (layer_of(g, n) != Layer::kNone) {
      if (!keeps_factors(n.activations)) groups.fix(n.outputs[0]);
    } else if (passes) {
      groups.join(n.inputs[0], n.outputs[0]);
      if (adds_maps(g, n)) groups.join(n.inputs[1], n.outputs[0]);
    } else {
      for (ValueId v : n.inputs) groups.fix(v);
      for (ValueId v : n.outputs) groups.fix(v);
    }
  }
  return groups;
}

// --- weights ---

// Largest |weight| that makes each output channel.
std::vector<double> row_ranges(const Tensor& w) {
  std::vector<double> ranges(static_cast<size_t>(w.shape[0]), 0.0);
  size_t inner = w.as<float>().size() / ranges.size();
  for (size_t i = 0; i < w.as<float>().size(); i++)
    ranges[i / inner] = std::max(ranges[i / inner], std::fabs(static_cast<double>(w.as<float>()[i])));
  return ranges;
}

// Which of `channels` input channels weight i multiplies.
size_t column_of(const Tensor& w, size_t i, Layer layer, int64_t channels) {
  auto inner = static_cast<size_t>(w.count() / w.shape[0]);
  if (layer == Layer::kDepthwise) return i / inner;
  return i % inner / (inner / static_cast<size_t>(channels));
}

std::vector<double> column_ranges(const Tensor& w, Layer layer, int64_t channels) {
  std::vector<double> ranges(static_cast<size_t>(channels), 0.0);
  for (size_t i = 0; i < w.as<float>().size(); i++) {
    double& r = ranges[column_of(w, i, layer, channels)];
    r = std::max(r, std::fabs(static_cast<double>(w.as<float>()[i])));
  }
  return ranges;
}

// Layers may share constants; from here on this one has its own.
void own_constants(Graph& g, Node& n) {
  for (size_t k : {1u, 2u})
    if (has_input(n, k)) n.inputs[k] = add_value(g, Value(g[n.inputs[k]]));
}

void set_constant(Graph& g, ValueId v, Tensor t) { g[v].constant = std::make_shared<const Tensor>(std::move(t)); }

void divide_rows(Graph& g, const Node& n, const std::vector<double>& s) {
  for (size_t k : {1u, 2u}) {
    if (!has_input(n, k)) continue;
    Tensor t = *g[n.inputs[k]].constant;
    size_t inner = t.as<float>().size() / s.size();
    for (size_t i = 0; i < t.as<float>().size(); i++) t.as<float>()[i] = static_cast<float>(static_cast<double>(t.as<float>()[i]) / s[i / inner]);
    set_constant(g, n.inputs[k], std::move(t));
  }
}

void multiply_columns(Graph& g, const Node& n, const std::vector<double>& s) {
  Tensor t = *g[n.inputs[1]].constant;
  Layer layer = layer_of(g, n);
  for (size_t i = 0; i < t.as<float>().size(); i++)
    t.as<float>()[i] = static_cast<float>(static_cast<double>(t.as<float>()[i]) * s[column_of(t, i, layer, static_cast<int64_t>(s.size()))]);
  set_constant(g, n.inputs[1], std::move(t));
}

std::vector<double> merged(std::vector<double> a, const std::vector<double>& b) {
  if (a.empty()) return b;
  for (size_t i = 0; i < a.size(); i++) a[i] = std::max(a[i], b[i]);
  return a;
}

// Beyond this, floats would lose what they have to say.
constexpr double kMost = 1e4;

double factor(double writes, double reads) {
  return writes > 0 && reads > 0 ? std::clamp(std::sqrt(writes / reads), 1 / kMost, kMost) : 1.0;
}

std::vector<double> weight_factors(const Graph& g, const Group& group) {
  std::vector<double> out, in, s;
  for (size_t w : group.writers) out = merged(out, row_ranges(*g[g.nodes[w].inputs[1]].constant));
  for (size_t r : group.readers)
    in = merged(in, column_ranges(*g[g.nodes[r].inputs[1]].constant, layer_of(g, g.nodes[r]), group.channels));
  for (size_t i = 0; i < out.size(); i++) s.push_back(factor(out[i], in[i]));
  return s;
}

// Column ranges relative to what their rows' scales have to cover anyway.
std::vector<double> relative_column_ranges(const Tensor& w, Layer layer, int64_t channels) {
  std::vector<double> rows = row_ranges(w), ranges(static_cast<size_t>(channels), 0.0);
  size_t inner = w.as<float>().size() / rows.size();
  for (size_t i = 0; i < w.as<float>().size(); i++) {
    double row = rows[i / inner], &r = ranges[column_of(w, i, layer, channels)];
    if (row > 0) r = std::max(r, std::fabs(static_cast<double>(w.as<float>()[i])) / row);
  }
  return ranges;
}

// What the activations get of the factors; the rest goes to the weights' columns. More than half, because the rounding of
// weights is fitted afterwards. Between 0.5 and 1 it makes little difference on MLPerf Tiny's models.
constexpr double kActivationShare = 0.7;

std::vector<double> activation_factors(const Graph& g, const Group& group, const Equalisation& e) {
  std::vector<double> out, in, s;
  for (ValueId v : group.values) out = merged(out, e.channel_ranges[static_cast<size_t>(v)]);
  for (size_t r : group.readers)
    if (layer_of(g, g.nodes[r]) == Layer::kFull)
      in = merged(in, relative_column_ranges(*g[g.nodes[r].inputs[1]].constant, Layer::kFull, group.channels));
  double widest = *std::max_element(out.begin(), out.end());
  for (size_t i = 0; i < out.size(); i++) {
    double range = out[i] / std::max(widest, 1e-30);
    // A channel that is hardly ever used stays small: its range is a guess.
    range = std::max(range, 0.02);
    double columns = in.empty() || in[i] == 0 ? 1 : std::pow(in[i], 1 - kActivationShare);
    s.push_back(in.empty() ? range : std::clamp(std::pow(range, kActivationShare) / columns, 1 / kMost, kMost));
  }
  return s;
}

std::vector<Group> find_groups(const Graph& g) {
  Groups values = group_values(g);
  std::map<int, Group> groups;
  for (size_t i = 0; i < g.nodes.size(); i++) {
    const Node& n = g.nodes[i];
    if (layer_of(g, n) == Layer::kNone) continue;
    groups[values.root(n.inputs[0])].readers.push_back(i);
    groups[values.root(n.outputs[0])].writers.push_back(i);
  }
  for (size_t v = 0; v < g.values.size(); v++)
    if (auto it = groups.find(values.root(static_cast<ValueId>(v))); it != groups.end() && g.values[v].shape[1] == values.channels[static_cast<size_t>(it->first)])
      it->second.values.push_back(static_cast<ValueId>(v));
  std::vector<Group> result;
  for (auto& [root, group] : groups) {
    group.channels = values.channels[static_cast<size_t>(root)];
    if (!values.fixed[static_cast<size_t>(root)] && !group.writers.empty() && !group.readers.empty()) result.push_back(std::move(group));
  }
  return result;
}

void rescale(Graph& g, const Group& group, const std::vector<double>& s, Equalisation& e) {
  for (size_t w : group.writers) divide_rows(g, g.nodes[w], s);
  for (size_t r : group.readers) multiply_columns(g, g.nodes[r], s);
  if (e.per_tensor) return;
  for (ValueId v : group.values)
    for (size_t c = 0; c < e.channel_ranges[static_cast<size_t>(v)].size(); c++) e.channel_ranges[static_cast<size_t>(v)][c] /= s[c];
}

}  // namespace

int equalize(Graph& g, Equalisation e) {
  constexpr int kMostRounds = 40;
  constexpr double kSettled = 1.01;  // factors that change nothing any more
  std::vector<Group> groups = find_groups(g);
  std::set<size_t> layers;
  for (const Group& group : groups)
    for (const auto* side : {&group.writers, &group.readers}) layers.insert(side->begin(), side->end());
  for (size_t i : layers) own_constants(g, g.nodes[i]);
  double largest = HUGE_VAL;
  for (int round = 0; round < kMostRounds && largest > kSettled; round++) {
    largest = 1;
    for (const Group& group : groups) {
      std::vector<double> s = e.per_tensor ? weight_factors(g, group) : activation_factors(g, group, e);
      for (double f : s) largest = std::max({largest, f, 1 / f});
      rescale(g, group, s, e);
    }
    // Relative to each other, activations are equalised at once.
    if (!e.per_tensor) break;
  }
  return static_cast<int>(groups.size());
}

}  // namespace netsuke
