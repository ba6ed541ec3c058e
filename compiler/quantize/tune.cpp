#include "quantize/tune.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <future>
#include <thread>

#include "ops/helpers.hpp"
#include "passes/rewrite.hpp"

namespace netsuke {
namespace {

// Values of all samples, of one of the two models; those that no node will read any more are empty.
using Maps = std::vector<std::vector<Tensor>>;  // [value][sample]

struct Walk {
  const Graph& reference;
  Graph& g;
  const Plan& plan;
  const TuneOptions& options;
  size_t samples;
  Maps exact, rounded;
};

std::vector<size_t> last_uses(const Graph& g) {
  std::vector<size_t> last(g.values.size(), 0);
  for (size_t i = 0; i < g.nodes.size(); i++)
    for (const auto* ids : {&g.nodes[i].inputs, &g.nodes[i].outputs})
      for (ValueId v : *ids)
        if (v != kNoValue) last[static_cast<size_t>(v)] = i;
  return last;
}

// Most bytes of one sample's values that are alive at once.
int64_t peak_bytes(const Graph& g) {
  std::vector<size_t> last = last_uses(g);
  int64_t live = 0, peak = 1;
  auto bytes = [&](ValueId v) { return g[v].constant ? 0 : count_of(g[v].shape) * size_of(g[v].type); };
  for (ValueId v : g.inputs) live += bytes(v);
  for (size_t i = 0; i < g.nodes.size(); i++) {
    for (ValueId v : g.nodes[i].outputs) live += v == kNoValue ? 0 : bytes(v);
    peak = std::max(peak, live);
    std::set<ValueId> read(g.nodes[i].inputs.begin(), g.nodes[i].inputs.end());
    for (ValueId v : read)
      if (v != kNoValue && last[static_cast<size_t>(v)] == i) live -= bytes(v);
  }
  return peak;
}

std::vector<const Tensor*> inputs_of(const Graph& g, const Node& n, const Maps& maps, size_t sample) {
  std::vector<const Tensor*> in;
  for (ValueId v : n.inputs) in.push_back(v == kNoValue ? nullptr : g[v].constant ? g[v].constant.get() : &maps[static_cast<size_t>(v)][sample]);
  return in;
}

void run_node(const Graph& g, const Node& n, Maps& maps, size_t samples) {
  for (ValueId v : n.outputs)
    if (v != kNoValue) maps[static_cast<size_t>(v)].resize(samples);
  parallel_for(samples, [&](size_t s) {
    std::vector<Tensor> out = eval_node(g, n, inputs_of(g, n, maps, s));
    for (size_t i = 0; i < out.size(); i++)
      if (n.outputs[i] != kNoValue) maps[static_cast<size_t>(n.outputs[i])][s] = std::move(out[i]);
  });
}

// --- weights ---

constexpr int64_t kMostColumns = 2048;      // the moments of more would need too much memory
constexpr double kMostOperations = 4e9;     // for the moments of one layer

int64_t rows_per_sample(const LayerShape& s, size_t samples) {
  double columns = static_cast<double>(s.columns), per_row = 2 * columns * columns * static_cast<double>(s.groups);
  double rows = std::max(kMostOperations / per_row / static_cast<double>(samples), 4.0);
  return static_cast<int64_t>(std::min(rows, 4096.0));
}

std::vector<InputMoments> input_moments(const Walk& w, const Node& n) {
  LayerShape s = layer_shape(w.g, n);
  std::vector<InputMoments> moments(static_cast<size_t>(s.groups));
  auto in = static_cast<size_t>(n.inputs[0]);
  int64_t rows = rows_per_sample(s, w.samples);
  parallel_for(moments.size(), [&](size_t group) {
    for (size_t i = 0; i < w.samples; i++)
      moments[group].add(layer_inputs(w.g, n, w.exact[in][i], static_cast<int64_t>(group), rows, i),
                         layer_inputs(w.g, n, w.rounded[in][i], static_cast<int64_t>(group), rows, i));
    moments[group].finish();
  });
  return moments;
}

std::vector<Vector> importance_of(const std::vector<InputMoments>& moments) {
  std::vector<Vector> importance;
  for (const InputMoments& m : moments) {
    double floor = 0.01 * m.yy.diagonal().mean() + 1e-30;  // weights of inputs that were never seen matter, too
    importance.push_back((m.yy.diagonal().array() + floor).matrix());
  }
  return importance;
}

// int32 has to hold the bias in steps of x_scale * w_scale; a filter of all but nothing may not make them too small.
void widen_for_bias(Quantization& q, const Tensor* bias, float x_scale) {
  if (!bias || q.scales.empty()) return;
  constexpr double kMostSteps = 1 << 30;
  for (size_t i = 0; i < bias->as<float>().size(); i++) {
    float& scale = q.scales[q.axis < 0 ? 0 : i];
    double least = std::fabs(static_cast<double>(bias->as<float>()[i])) / kMostSteps / static_cast<double>(x_scale);
    scale = std::max(scale, static_cast<float>(least));
  }
}

void set_weights(Walk& w, Node& n) {
  const Tensor weights = *w.g[n.inputs[1]].constant;
  const Quantization& x = *w.g[n.inputs[0]].quantization;
  bool tuned = w.options.weights.tune && has_matrix_form(n) && layer_shape(w.g, n).columns <= kMostColumns;
  std::vector<InputMoments> moments;
  if (tuned) moments = input_moments(w, n);
  int64_t axis = channel_axis(n);
  WeightOptions options = w.options.weights;
  // The output channels of a grouped ConvTranspose do not lie along one axis.
  options.per_tensor |= n.op == "ConvTranspose" && get_int(n, "group") != 1;
  Quantization q = weight_grid(weights, axis, tuned ? importance_of(moments) : std::vector<Vector>{}, options);
  widen_for_bias(q, has_input(n, 2) ? w.g[n.inputs[2]].constant.get() : nullptr, x.scales[0]);
  Tensor rounded = weights;
  if (tuned) rounded = rounded_weights(weights, q, layer_shape(w.g, n), moments);
  else snap(rounded, q);
  n.inputs[1] = add_constant(w.g, w.g[n.inputs[1]].name, std::move(rounded), std::move(q));
}

// --- biases ---

std::vector<double> mean_errors(const Walk& w, const Node& exact, const Node& rounded) {
  std::vector<ChannelErrors> errors(w.samples);
  parallel_for(w.samples, [&](size_t s) {
    errors[s].add(rounded, linear_output(w.reference, exact, inputs_of(w.reference, exact, w.exact, s)),
                  linear_output(w.g, rounded, inputs_of(w.g, rounded, w.rounded, s)));
  });
  return mean_of(errors);
}

// As the integer kernels add it: int32 with the scale of the products.
Quantization bias_grid(const Quantization& x, const Quantization& weights) {
  Quantization q{{}, std::vector<int32_t>(weights.scales.size(), 0), weights.axis < 0 ? -1 : 0, DType::kInt32};
  for (float s : weights.scales) q.scales.push_back(x.scales[0] * s);
  return q;
}

void set_bias(Walk& w, const Node& exact, Node& n) {
  int64_t channels = n.op == "Dense" ? w.g[n.outputs[0]].shape.back() : w.g[n.outputs[0]].shape[1];
  std::vector<double> bias = bias_of(w.g, n, channels);
  if (w.options.correct_bias) {
    std::vector<double> mean = mean_errors(w, exact, n);
    for (size_t c = 0; c < bias.size(); c++) bias[c] += mean[c];
  } else if (!has_input(n, 2)) {
    return;
  }
  Tensor t(DType::kFloat32, {channels});
  std::transform(bias.begin(), bias.end(), t.as<float>().begin(), [](double b) { return static_cast<float>(b); });
  Quantization q = bias_grid(*w.g[n.inputs[0]].quantization, *w.g[n.inputs[1]].quantization);
  snap(t, q);
  std::string name = has_input(n, 2) ? w.g[n.inputs[2]].name : n.name + "_bias";
  n.inputs.resize(3, kNoValue);
  n.inputs[2] = add_constant(w.g, std::move(name), std::move(t), std::move(q));
}

// Constant maps that are added, multiplied and so on are int8 as well; single numbers go into the operation.
void set_operands(Walk& w, Node& n) {
  static const std::set<std::string_view> kBinary = {"Add", "Sub", "Mul", "Div", "Max", "Min", "Concat", "PRelu"};
  if (!kBinary.contains(n.op) || !w.plan.quantised[static_cast<size_t>(n.outputs[0])]) return;
  for (ValueId& v : n.inputs) {
    const Tensor* t = constant_of(w.g, v);
    if (!t || t->type != DType::kFloat32 || t->count() <= 1 || w.g[v].quantization) continue;
    RealRange range;
    for (float x : t->as<float>()) range = {std::min(range.low, static_cast<double>(x)), std::max(range.high, static_cast<double>(x))};
    Quantization q = grid_for(range, DType::kInt8);
    Tensor rounded = *t;
    snap(rounded, q);
    v = add_constant(w.g, w.g[v].name, std::move(rounded), std::move(q));
  }
}

}  // namespace

void parallel_for(size_t count, const std::function<void(size_t)>& f) {
  std::atomic<size_t> next{0};
  std::vector<std::future<void>> workers;
  size_t threads = std::min<size_t>(std::max(1u, std::thread::hardware_concurrency()), count);
  for (size_t t = 0; t < threads; t++)
    workers.push_back(std::async(std::launch::async, [&] {
      for (size_t i = next++; i < count; i = next++) f(i);
    }));
  for (auto& w : workers) w.get();
}

Tensor linear_output(const Graph& g, const Node& n, std::vector<const Tensor*> inputs) {
  Evaluation e{g, n, std::move(inputs), {Tensor(DType::kFloat32, g[n.outputs[0]].shape)}};
  op_of(n).eval(e);
  return std::move(e.out[0]);
}

void ChannelErrors::add(const Node& n, const Tensor& exact, const Tensor& rounded) {
  size_t axis = n.op == "Dense" ? exact.shape.size() - 1 : 1, inner = 1;
  auto channels = static_cast<size_t>(exact.shape[axis]);
  for (size_t d = axis + 1; d < exact.shape.size(); d++) inner *= static_cast<size_t>(exact.shape[d]);
  sums.resize(channels, 0.0);
  auto a = exact.as<float>(), b = rounded.as<float>();
  for (size_t i = 0; i < a.size(); i++) sums[i / inner % channels] += static_cast<double>(a[i]) - static_cast<double>(b[i]);
  count += static_cast<double>(a.size() / channels);
}

std::vector<double> mean_of(const std::vector<ChannelErrors>& samples) {
  std::vector<double> mean(samples.at(0).sums.size(), 0.0);
  double count = 0;
  for (const ChannelErrors& e : samples) {
    for (size_t c = 0; c < mean.size(); c++) mean[c] += e.sums[c];
    count += e.count;
  }
  for (double& m : mean) m = count > 0 && std::isfinite(m) ? m / count : 0.0;
  return mean;
}

void quantize_weights(const Graph& reference, Graph& g, const Plan& plan, const CalibrationData& data, const std::vector<size_t>& samples,
                      const TuneOptions& options, const std::function<void(const std::string& node)>& progress) {
  NETSUKE_CHECK(reference.nodes.size() == g.nodes.size());
  auto fit = static_cast<size_t>(std::max<int64_t>(options.most_bytes / (2 * peak_bytes(g)), 1));
  size_t count = std::min({samples.size(), options.most_samples, fit});
  Walk w{reference, g, plan, options, count, Maps(g.values.size()), Maps(g.values.size())};
  for (size_t i = 0; i < count; i++) {
    std::vector<Tensor> sample = data.sample(samples[i * samples.size() / count]);
    for (size_t k = 0; k < sample.size(); k++) {
      w.exact[static_cast<size_t>(g.inputs[k])].push_back(sample[k]);
      w.rounded[static_cast<size_t>(g.inputs[k])].push_back(std::move(sample[k]));
    }
  }
  std::vector<size_t> last = last_uses(g);
  for (size_t i = 0; i < g.nodes.size(); i++) {
    Node& n = g.nodes[i];
    if (progress) progress(n.name);
    set_operands(w, n);
    if (plan.is_weighted(reference, reference.nodes[i])) {
      set_weights(w, n);
      set_bias(w, reference.nodes[i], n);
    }
    run_node(reference, reference.nodes[i], w.exact, count);
    run_node(g, n, w.rounded, count);
    for (ValueId v : reference.nodes[i].inputs)
      if (v != kNoValue && last[static_cast<size_t>(v)] == i) w.exact[static_cast<size_t>(v)].clear(), w.rounded[static_cast<size_t>(v)].clear();
  }
}

}  // namespace netsuke
