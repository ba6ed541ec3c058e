// Measures what values take while samples run through the float model, and chooses their grids.
#include <algorithm>
#include <cmath>
#include <future>
#include <thread>

#include "eval/eval.hpp"
#include "ops/op.hpp"
#include "quantize/plan.hpp"

namespace netsuke {
namespace {

struct Observed {
  Histogram histogram;
  PixelGrid pixels;
};

// Functions whose results have limits that are known: range of the whole of them, for 8 bits a step that is a power of
// two. Softmax and Sigmoid have 1/256, as TensorFlow Lite and ONNX's QOperators have; 1 itself is clipped to 255/256.
std::optional<RealRange> fixed_range(const Node& n) {
  if (!n.activations.empty()) return std::nullopt;
  if (n.op == "Softmax" || n.op == "Sigmoid" || n.op == "HardSigmoid" || n.op == "Hardmax") return RealRange{0, 255.0 / 256};
  if (n.op == "Tanh" || n.op == "Softsign" || n.op == "Erf" || n.op == "Sin" || n.op == "Cos" || n.op == "Sign")
    return RealRange{-1, 127.0 / 128};
  return std::nullopt;
}

int64_t levels_of(DType storage) { return storage == DType::kInt16 ? 65535 : 256; }

// Concat copies where its parts and its output have one grid; else it has to scale each number. A grid for all of them
// costs little where the ranges are alike.
void join_concats(const Graph& g, const Plan& plan, std::vector<std::optional<RealRange>>& ranges) {
  constexpr double kAlike = 1.5;
  for (const Node& n : g.nodes) {
    if (n.op != "Concat") continue;
    std::vector<ValueId> parts = n.inputs;
    parts.push_back(n.outputs[0]);
    RealRange all;
    double least = HUGE_VAL;
    bool known = true;
    for (ValueId v : parts) {
      const auto& r = ranges[static_cast<size_t>(plan.group[static_cast<size_t>(v)])];
      known = known && plan.quantised[static_cast<size_t>(v)] && r && plan.storage[static_cast<size_t>(v)] == plan.storage[static_cast<size_t>(parts[0])];
      if (!known) break;
      all = {std::min(all.low, r->low), std::max(all.high, r->high)};
      least = std::min(least, r->high - r->low);
    }
    if (!known || all.high - all.low > kAlike * least) continue;
    for (ValueId v : parts) ranges[static_cast<size_t>(plan.group[static_cast<size_t>(v)])] = all;
  }
}

std::vector<bool> rounded_inputs(const Graph& g) {
  std::vector<bool> is_input(g.values.size(), false);
  for (const Node& n : g.nodes)
    if (n.op == "Reshape" && std::find(g.inputs.begin(), g.inputs.end(), n.inputs[0]) != g.inputs.end())
      is_input[static_cast<size_t>(n.outputs[0])] = true;
  return is_input;
}

std::vector<std::optional<RealRange>> choose_ranges(const Graph& g, const Plan& plan, const std::vector<Observed>& seen,
                                                    const RangeOptions& options) {
  std::vector<std::optional<RealRange>> ranges(g.values.size());
  std::vector<bool> is_input = rounded_inputs(g);
  for (size_t i = 0; i < g.values.size(); i++) {
    if (!plan.quantised[i] || plan.group[i] != static_cast<ValueId>(i)) continue;
    ranges[i] = choose_range(seen[i].histogram, options.method, options.percentile, levels_of(plan.storage[i]));
    if (auto pixels = seen[i].pixels.range(seen[i].histogram); pixels && is_input[i]) ranges[i] = pixels;
  }
  for (const Node& n : g.nodes)
    for (ValueId v : n.outputs)
      if (auto fixed = fixed_range(n); fixed && v != kNoValue && plan.group[static_cast<size_t>(v)] == v) ranges[static_cast<size_t>(v)] = fixed;
  join_concats(g, plan, ranges);
  return ranges;
}

}  // namespace

void for_each_sample(const Graph& g, const CalibrationData& data, const std::vector<size_t>& samples,
                     const std::function<void(size_t i, const std::vector<Tensor>& values)>& see) {
  size_t threads = std::max(1u, std::thread::hardware_concurrency());
  for (size_t begin = 0; begin < samples.size(); begin += threads) {
    std::vector<std::future<std::vector<Tensor>>> running;
    for (size_t i = begin; i < std::min(begin + threads, samples.size()); i++)
      running.push_back(std::async(std::launch::async, [&, i] { return evaluate_all(g, data.sample(samples[i])); }));
    for (size_t i = 0; i < running.size(); i++) see(begin + i, running[i].get());
  }
}

std::vector<std::vector<double>> channel_ranges(const Graph& g, const CalibrationData& data, const std::vector<size_t>& samples) {
  std::vector<std::vector<double>> ranges(g.values.size());
  for_each_sample(g, data, samples, [&](size_t, const std::vector<Tensor>& values) {
    for (size_t v = 0; v < g.values.size(); v++) {
      const Shape& shape = g.values[v].shape;
      if (g.values[v].constant || g.values[v].type != DType::kFloat32 || shape.size() < 2) continue;
      auto channels = static_cast<size_t>(shape[1]);
      size_t inner = 1;
      for (size_t d = 2; d < shape.size(); d++) inner *= static_cast<size_t>(shape[d]);
      std::vector<double> largest(channels, 0.0);
      auto x = values[v].as<float>();
      for (size_t i = 0; i < x.size(); i++)
        if (std::isfinite(x[i])) largest[i / inner % channels] = std::max(largest[i / inner % channels], std::fabs(static_cast<double>(x[i])));
      ranges[v].resize(channels, 0.0);
      for (size_t c = 0; c < channels; c++) ranges[v][c] += largest[c] / static_cast<double>(samples.size());
    }
  });
  return ranges;
}

std::set<std::string> set_activation_grids(Graph& g, const Plan& plan, const CalibrationData& data,
                                           const std::vector<size_t>& samples, const RangeOptions& options,
                                           const std::function<void(size_t done)>& progress) {
  std::vector<Observed> seen(g.values.size());  // by group
  for_each_sample(g, data, samples, [&](size_t i, const std::vector<Tensor>& values) {
    for (size_t v = 0; v < g.values.size(); v++) {
      if (!plan.quantised[v] || !plan.observed[v]) continue;
      Observed& o = seen[static_cast<size_t>(plan.group[v])];
      o.histogram.add(values[v].as<float>());
      o.pixels.add(values[v].as<float>());
    }
    if (progress) progress(i + 1);
  });
  std::vector<std::optional<RealRange>> ranges = choose_ranges(g, plan, seen, options);
  std::set<std::string> not_finite;
  for (const Node& n : g.nodes)
    for (ValueId v : n.outputs) {
      if (v == kNoValue || !plan.quantised[static_cast<size_t>(v)]) continue;
      auto group = static_cast<size_t>(plan.group[static_cast<size_t>(v)]);
      g[v].quantization = grid_for(*ranges[group], plan.storage[static_cast<size_t>(v)]);
      if (seen[group].histogram.not_finite > 0) not_finite.insert(n.name);
    }
  return not_finite;
}

}  // namespace netsuke
