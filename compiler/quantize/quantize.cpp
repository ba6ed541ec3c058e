#include "quantize/quantize.hpp"

#include <algorithm>
#include <set>

#include "quantize/equalize.hpp"
#include "quantize/tune.hpp"

namespace netsuke {
namespace {

constexpr size_t kSyntheticSamples = 32;
constexpr size_t kFigureSamples = 32, kGainSamples = 16, kEqualizeSamples = 32;

std::vector<size_t> spread(size_t count, size_t most) {
  std::vector<size_t> picked;
  for (size_t i = 0; i < std::min(count, most); i++) picked.push_back(i * count / std::min(count, most));
  return picked;
}

void refuse_quantised(const Graph& g) {
  for (const Value& v : g.values)
    if (v.quantization)
      fail("already-quantized", v.name, "the model is quantised already: this value has a grid",
           "quantise the float model that it was made of, or compile it as it is");
}

bool has_reals(const Graph& g) {
  return std::any_of(g.nodes.begin(), g.nodes.end(), [&](const Node& n) { return g[n.outputs[0]].type == DType::kFloat32; });
}

CalibrationData calibration(const Graph& loaded, const QuantizeOptions& o, QuantizeResult& r) {
  if (!o.calibration.empty()) return load_calibration(o.calibration, loaded);
  Synthetic s = synthetic_inputs(loaded, kSyntheticSamples);
  r.warnings.push_back(s.fits ? "there is no calibration data: ranges come from made-up inputs that fit the model's BatchNormalization "
                                "statistics; give real inputs with --calibration"
                              : "there is no calibration data and the model has no BatchNormalization that would tell about its inputs: "
                                "they are taken to have mean 0 and deviation 1; give real inputs with --calibration");
  return std::move(s.data);
}

struct Run {
  const QuantizeOptions& options;
  const CalibrationData& data;
  QuantizeResult& result;
  std::vector<size_t> samples;

  void progress(const std::string& text) const {
    if (options.progress) options.progress(text);
  }
};

void equalize_layers(Run& run) {
  Equalisation e{run.options.per_tensor, {}};
  std::vector<size_t> samples = spread(run.data.count, kEqualizeSamples);
  run.progress("equalising layers");
  if (!e.per_tensor) e.channel_ranges = channel_ranges(run.result.reference, run.data, samples);
  run.result.equalized = equalize(run.result.reference, std::move(e));
}

// Grids for the activations, then weights and biases, with these layers in higher precision.
Plan assign(Run& run, const Precision& precision) {
  const QuantizeOptions& o = run.options;
  QuantizeResult& r = run.result;
  r.quantised = r.reference;
  Plan plan = make_plan(r.quantised, precision);
  auto not_finite = set_activation_grids(r.quantised, plan, run.data, run.samples, o.ranges, [&](size_t done) {
    run.progress(fmt::format("measuring ranges, sample {} of {}", done, run.samples.size()));
  });
  r.warnings.erase(std::remove_if(r.warnings.begin(), r.warnings.end(), [](const std::string& w) { return w.starts_with("NaN"); }), r.warnings.end());
  for (const std::string& node : not_finite) r.warnings.push_back(fmt::format("NaN or infinity came out of '{}'; such values were left out", node));
  TuneOptions tune{{o.per_tensor, o.ranges.method, o.tune_rounding}, o.correct_bias};
  quantize_weights(r.reference, r.quantised, plan, run.data, run.samples, tune,
                   [&](const std::string& node) { run.progress("fitting " + node); });
  verify(r.quantised, "quantize");
  return plan;
}

void measure_all(Run& run, const Plan& plan, bool gains) {
  QuantizeResult& r = run.result;
  run.progress("comparing with the float model");
  r.figures = measure(r.reference, r.quantised, run.data, spread(run.data.count, kFigureSamples));
  if (gains)
    measure_gains(r.figures, r.reference, r.quantised, plan, run.data, spread(run.data.count, kGainSamples),
                  [&](const std::string& node) { run.progress("what would be gained by " + node); });
}

// The layers whose rounding costs most, of those that can do without it: with weights of their own, or at the end. (What
// any other layer makes is rounded for those that read it.)
Precision with_worst(const QuantizeResult& r, Precision p, size_t count) {
  std::set<std::string> possible;
  for (const Node& n : r.quantised.nodes) {
    bool ends = std::find(r.quantised.outputs.begin(), r.quantised.outputs.end(), n.outputs[0]) != r.quantised.outputs.end();
    if (n.op == "Conv" || n.op == "ConvTranspose" || n.op == "Dense" || ends) possible.insert(n.name);
  }
  std::vector<const LayerFigures*> worst;
  for (const LayerFigures& l : r.figures.layers)
    if (possible.contains(l.node)) worst.push_back(&l);
  std::stable_sort(worst.begin(), worst.end(), [](auto* a, auto* b) { return a->gain_db.value_or(0) > b->gain_db.value_or(0); });
  for (size_t i = 0; i < std::min(count, worst.size()); i++) p.keep_float.insert(worst[i]->node);
  return p;
}

}  // namespace

QuantizeResult quantize(const Graph& loaded, const Graph& g, const QuantizeOptions& o) {
  refuse_quantised(g);
  if (!has_reals(g)) fail("nothing-to-quantize", g.name, "the model computes nothing in float32", "compile it as it is");
  QuantizeResult r;
  const CalibrationData data = calibration(loaded, o, r);
  std::vector<int64_t> labels;
  if (!o.labels.empty()) labels = load_labels(o.labels);
  r.reference = g;
  prepare(r.reference);
  check_names(r.reference, o.precision);
  r.samples_given = data.count;
  r.samples = std::min(data.count, o.most_samples);
  Run run{o, data, r, spread(data.count, o.most_samples)};
  if (o.equalize) equalize_layers(run);
  Plan plan = assign(run, o.precision);
  measure_all(run, plan, o.measure_gains || o.keep_float_worst > 0);
  if (o.keep_float_worst > 0) {
    plan = assign(run, with_worst(r, o.precision, o.keep_float_worst));
    measure_all(run, plan, o.measure_gains);
  }
  if (!labels.empty())
    r.accuracy = measure_accuracy(r.reference, r.quantised, data, labels,
                                  [&](size_t done) { run.progress(fmt::format("counting right answers, sample {} of {}", done, data.count)); });
  return r;
}

}  // namespace netsuke
