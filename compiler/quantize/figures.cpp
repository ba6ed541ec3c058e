#include "quantize/figures.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "eval/eval.hpp"
#include "ops/helpers.hpp"
#include "passes/rewrite.hpp"
#include "quantize/tune.hpp"

namespace netsuke {
namespace {

struct Noise {
  double signal = 0, noise = 0, count = 0;
  void add(const Tensor& exact, const Tensor& rounded) {
    auto a = exact.as<float>(), b = rounded.as<float>();
    for (size_t i = 0; i < a.size(); i++) {
      double difference = static_cast<double>(a[i]) - static_cast<double>(b[i]);
      if (!std::isfinite(difference)) continue;
      signal += static_cast<double>(a[i]) * static_cast<double>(a[i]);
      noise += difference * difference;
    }
    count += static_cast<double>(a.size());
  }
  void add(const Noise& n) { signal += n.signal, noise += n.noise, count += n.count; }
  double db() const {
    if (noise <= 0) return kExact;
    return signal <= 0 ? 0 : std::clamp(10 * std::log10(signal / noise), -kExact, kExact);
  }
};

const Tensor& value_of(const Graph& g, const std::vector<Tensor>& values, ValueId v) {
  return g[v].constant ? *g[v].constant : values[static_cast<size_t>(v)];
}

std::vector<const Tensor*> inputs_of(const Graph& g, const Node& n, const std::vector<Tensor>& values) {
  std::vector<const Tensor*> in;
  for (ValueId v : n.inputs) in.push_back(v == kNoValue ? nullptr : &value_of(g, values, v));
  return in;
}

Noise output_noise(const Graph& reference, const Graph& g, const std::vector<Tensor>& exact, const std::vector<Tensor>& rounded) {
  Noise noise;
  for (size_t i = 0; i < g.outputs.size(); i++)
    if (g[g.outputs[i]].type == DType::kFloat32) noise.add(value_of(reference, exact, reference.outputs[i]), value_of(g, rounded, g.outputs[i]));
  return noise;
}

// Outside the grid by more than rounding.
double count_saturated(const Tensor& t, const Quantization& q) {
  auto [low, high] = integer_range(q.type);
  double step = static_cast<double>(q.scales[0]), count = 0;
  double least = static_cast<double>(low - q.zero_points[0]) * step, most = static_cast<double>(high - q.zero_points[0]) * step;
  for (float x : t.as<float>()) count += static_cast<double>(x) < least - step / 2 || static_cast<double>(x) > most + step / 2;
  return count;
}

bool has_weights(const Node& n) { return n.op == "Conv" || n.op == "ConvTranspose" || n.op == "Dense"; }

bool is_layer(const Graph& g, const Node& n) {
  if (n.outputs.empty() || n.outputs[0] == kNoValue || g[n.outputs[0]].type != DType::kFloat32) return false;
  return has_weights(n) || g[n.outputs[0]].quantization;
}

std::vector<size_t> layers_of(const Graph& g) {
  std::vector<size_t> layers;
  for (size_t i = 0; i < g.nodes.size(); i++)
    if (is_layer(g, g.nodes[i])) layers.push_back(i);
  return layers;
}

std::string precision_of(const Graph& g, const Node& n) {
  const auto& q = g[n.outputs[0]].quantization;
  if (!q || (has_weights(n) && !g[n.inputs[1]].quantization)) return "float";
  return q->type == DType::kInt16 ? "int16" : "int8";
}

struct LayerSums {
  Noise total, own;
  double saturated = 0;
};

// One sample: sums of every layer.
std::vector<LayerSums> layer_sums(const Graph& g, const std::vector<size_t>& layers,
                                  const std::vector<Tensor>& exact, const std::vector<Tensor>& rounded) {
  std::vector<LayerSums> sums(layers.size());
  for (size_t k = 0; k < layers.size(); k++) {
    const Node& n = g.nodes[layers[k]];
    const Tensor& y = exact[static_cast<size_t>(n.outputs[0])];
    sums[k].total.add(y, rounded[static_cast<size_t>(n.outputs[0])]);
    // The quantised node on exact inputs; its weights are those of g.
    std::vector<const Tensor*> in = inputs_of(g, n, exact);
    sums[k].own.add(y, eval_node(g, n, std::move(in))[0]);
    if (const auto& q = g[n.outputs[0]].quantization) sums[k].saturated = count_saturated(y, *q);
  }
  return sums;
}

// --- gains ---

// The node in full precision: its weights, and everything that has the grid of its output.
Graph without_rounding(const Graph& reference, const Graph& g, const Plan& plan, size_t node) {
  Graph result = g;
  result.nodes[node].inputs = reference.nodes[node].inputs;
  // Constants of the reference have the same ids there and here only if they are older than the grids.
  for (size_t i = 0; i < result.nodes[node].inputs.size(); i++) {
    ValueId v = reference.nodes[node].inputs[i];
    if (v != kNoValue && reference[v].constant) result.nodes[node].inputs[i] = add_constant(result, reference[v].name, *reference[v].constant);
  }
  ValueId out = g.nodes[node].outputs[0];
  for (size_t i = node; i < g.nodes.size(); i++)
    for (ValueId v : g.nodes[i].outputs)
      if (v != kNoValue && plan.group[static_cast<size_t>(v)] == plan.group[static_cast<size_t>(out)]) result[v].quantization.reset();
  return result;
}

using Samples = std::vector<std::vector<Tensor>>;

// In higher precision, too, the layer would get a bias that makes up for what the layers before it do to its mean.
void correct_bias(const Graph& reference, Graph& changed, size_t node, const Samples& exact, const Samples& rounded) {
  Node& n = changed.nodes[node];
  if (!has_weights(n)) return;
  std::vector<ChannelErrors> errors(exact.size());
  parallel_for(exact.size(), [&](size_t s) {
    errors[s].add(n, linear_output(reference, reference.nodes[node], inputs_of(reference, reference.nodes[node], exact[s])),
                  linear_output(changed, n, inputs_of(changed, n, rounded[s])));
  });
  std::vector<double> mean = mean_of(errors);
  std::vector<double> bias = bias_of(changed, n, static_cast<int64_t>(mean.size()));
  for (size_t c = 0; c < bias.size(); c++) bias[c] += mean[c];
  Shape shape{static_cast<int64_t>(bias.size())};
  n.inputs.resize(3, kNoValue);
  n.inputs[2] = add_floats(changed, n.name + "_bias", shape, bias);
}

// Values of the nodes from `node` on, computed anew.
Noise noise_from(const Graph& reference, const Graph& changed, size_t node, const std::vector<Tensor>& exact, std::vector<Tensor> values) {
  for (size_t i = node; i < changed.nodes.size(); i++) {
    const Node& n = changed.nodes[i];
    std::vector<Tensor> out = eval_node(changed, n, inputs_of(changed, n, values));
    for (size_t k = 0; k < out.size(); k++)
      if (n.outputs[k] != kNoValue) values[static_cast<size_t>(n.outputs[k])] = std::move(out[k]);
  }
  return output_noise(reference, changed, exact, values);
}

}  // namespace

Figures measure(const Graph& reference, const Graph& quantised, const CalibrationData& data, const std::vector<size_t>& samples) {
  std::vector<size_t> layers = layers_of(quantised);
  std::vector<std::vector<LayerSums>> sums(samples.size());
  std::vector<Noise> outputs(samples.size());
  parallel_for(samples.size(), [&](size_t i) {
    std::vector<Tensor> sample = data.sample(samples[i]);
    std::vector<Tensor> exact = evaluate_all(reference, sample), rounded = evaluate_all(quantised, sample);
    sums[i] = layer_sums(quantised, layers, exact, rounded);
    outputs[i] = output_noise(reference, quantised, exact, rounded);
  });
  Figures f;
  f.samples = samples.size();
  Noise output;
  for (const Noise& n : outputs) output.add(n);
  f.output_snr_db = output.db();
  f.output_mse = output.count > 0 ? output.noise / output.count : 0;
  for (size_t k = 0; k < layers.size(); k++) {
    const Node& n = quantised.nodes[layers[k]];
    LayerSums all;
    for (const auto& s : sums) all.total.add(s[k].total), all.own.add(s[k].own), all.saturated += s[k].saturated;
    LayerFigures l{n.name, n.op, precision_of(quantised, n), std::nullopt, 0, all.total.db(), all.own.db(), 0, std::nullopt};
    if (all.total.count > 0) l.saturated = all.saturated / all.total.count;
    if (const auto& q = quantised[n.outputs[0]].quantization) l.scale = q->scales[0], l.zero_point = q->zero_points[0];
    f.layers.push_back(std::move(l));
  }
  return f;
}

void measure_gains(Figures& figures, const Graph& reference, const Graph& quantised, const Plan& plan, const CalibrationData& data,
                   const std::vector<size_t>& samples, const std::function<void(const std::string& node)>& progress) {
  std::vector<size_t> layers = layers_of(quantised);
  std::vector<std::vector<Noise>> noise(layers.size(), std::vector<Noise>(samples.size()));
  Samples exact(samples.size()), rounded(samples.size());
  parallel_for(samples.size(), [&](size_t s) {
    exact[s] = evaluate_all(reference, data.sample(samples[s]));
    rounded[s] = evaluate_all(quantised, data.sample(samples[s]));
  });
  Noise now;
  for (size_t s = 0; s < samples.size(); s++) now.add(output_noise(reference, quantised, exact[s], rounded[s]));
  for (size_t k = 0; k < layers.size(); k++) {
    if (progress) progress(quantised.nodes[layers[k]].name);
    Graph changed = without_rounding(reference, quantised, plan, layers[k]);
    correct_bias(reference, changed, layers[k], exact, rounded);
    parallel_for(samples.size(), [&](size_t s) { noise[k][s] = noise_from(reference, changed, layers[k], exact[s], rounded[s]); });
    Noise then;
    for (const Noise& n : noise[k]) then.add(n);
    figures.layers[k].gain_db = then.db() - now.db();
  }
}

namespace {

int64_t class_of(const Tensor& t) {
  std::vector<double> x = to_doubles(t);
  if (x.size() == 1) return x[0] > 0.5;
  return std::max_element(x.begin(), x.end()) - x.begin();
}

}  // namespace

Accuracy measure_accuracy(const Graph& reference, const Graph& quantised, const CalibrationData& data,
                          const std::vector<int64_t>& labels, const std::function<void(size_t done)>& progress) {
  if (labels.size() != data.count)
    fail_data("bad-labels", "--metric", fmt::format("there are {} labels for {} samples", labels.size(), data.count), "give one label for each sample");
  constexpr size_t kChunk = 64;  // samples between two reports of progress
  std::vector<int64_t> before(labels.size()), after(labels.size());
  for (size_t begin = 0; begin < labels.size(); begin += kChunk) {
    parallel_for(std::min(kChunk, labels.size() - begin), [&](size_t i) {
      std::vector<Tensor> sample = data.sample(begin + i);
      before[begin + i] = class_of(evaluate(reference, sample).at(0));
      after[begin + i] = class_of(evaluate(quantised, sample).at(0));
    });
    if (progress) progress(std::min(begin + kChunk, labels.size()));
  }
  Accuracy a;
  std::map<std::array<int64_t, 3>, int64_t> changes;
  a.samples = static_cast<int64_t>(labels.size());
  for (size_t i = 0; i < labels.size(); i++) {
    a.right_before += before[i] == labels[i];
    a.right_after += after[i] == labels[i];
    if (before[i] != after[i]) changes[{labels[i], before[i], after[i]}]++;
  }
  for (const auto& [key, count] : changes) a.changes.push_back({key[0], key[1], key[2], count});
  std::stable_sort(a.changes.begin(), a.changes.end(), [](const auto& x, const auto& y) { return x.count > y.count; });
  return a;
}

}  // namespace netsuke
