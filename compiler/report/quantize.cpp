#include "report/quantize.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "report/html.hpp"
#include "support/version.hpp"

namespace netsuke {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kWeakest = 5;

std::string db(double x) { return x >= kExact ? "exact" : fmt::format("{:.1f} dB", x); }
double percent(int64_t part, int64_t all) { return 100.0 * static_cast<double>(part) / static_cast<double>(all); }

std::string samples_text(const QuantizeResult& r) {
  return r.samples == r.samples_given ? fmt::format("{} samples", r.samples) : fmt::format("{} of {} samples", r.samples, r.samples_given);
}

int64_t changed_answers(const Accuracy& a) {
  int64_t sum = 0;
  for (const auto& c : a.changes) sum += c.count;
  return sum;
}

std::string accuracy_text(const Accuracy& a) {
  return fmt::format("{:.2f} % before, {:.2f} % after ({} samples, {} answers changed)", percent(a.right_before, a.samples),
                     percent(a.right_after, a.samples), a.samples, changed_answers(a));
}

// Those that lose most by themselves come first.
std::vector<const LayerFigures*> weakest(const Figures& f) {
  std::vector<const LayerFigures*> layers;
  for (const LayerFigures& l : f.layers)
    if (l.own_snr_db < kExact) layers.push_back(&l);
  std::stable_sort(layers.begin(), layers.end(), [](auto* a, auto* b) {
    if (a->gain_db && b->gain_db) return *a->gain_db > *b->gain_db;
    return a->own_snr_db < b->own_snr_db;
  });
  if (layers.size() > kWeakest) layers.resize(kWeakest);
  return layers;
}

std::string html_row(const LayerFigures& l) {
  return fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{:.2f} %</td><td>{}</td></tr>\n",
                     escaped(l.node), escaped(l.op), l.precision, l.scale ? fmt::format("{:.6g} / {}", *l.scale, l.zero_point) : "",
                     db(l.snr_db), db(l.own_snr_db), 100 * l.saturated, l.gain_db ? fmt::format("{:+.2f} dB", *l.gain_db) : "");
}

}  // namespace

std::string quantize_text(const std::string& model, const QuantizeResult& r) {
  std::string text = fmt::format("{}: int8, calibrated with {}{}\n", model, samples_text(r),
                                 r.equalized ? fmt::format(", {} groups of layers equalised", r.equalized) : "");
  text += fmt::format("  outputs   {} against float, mean square error {:.3g}\n", db(r.figures.output_snr_db), r.figures.output_mse);
  if (r.accuracy) text += fmt::format("  accuracy  {}\n", accuracy_text(*r.accuracy));
  text += "  layers that lose most:\n";
  for (const LayerFigures* l : weakest(r.figures))
    text += fmt::format("    {:<30} {:<12} {:<6} {:>9} with all before it, {:>9} alone, {:.2f} % saturated{}\n", l->node, l->op, l->precision,
                        db(l->snr_db), db(l->own_snr_db), 100 * l->saturated, l->gain_db ? fmt::format(", {:+.2f} dB to gain", *l->gain_db) : "");
  return text;
}

std::string quantize_json(const std::string& model, const QuantizeResult& r) {
  Json j{{"schema", "netsuke.quantize/1"}, {"version", kVersion}, {"model", model}, {"samples", r.samples},
         {"samples_given", r.samples_given}, {"equalized_groups", r.equalized},
         {"outputs", {{"snr_db", r.figures.output_snr_db}, {"mean_square_error", r.figures.output_mse}, {"samples", r.figures.samples}}}};
  if (const auto& a = r.accuracy) {
    Json changes = Json::array();
    for (const auto& c : a->changes) changes.push_back({{"label", c.label}, {"before", c.before}, {"after", c.after}, {"count", c.count}});
    j["accuracy"] = {{"samples", a->samples}, {"right_before", a->right_before}, {"right_after", a->right_after}, {"changes", changes}};
  }
  j["layers"] = Json::array();
  for (const LayerFigures& l : r.figures.layers) {
    Json layer{{"node", l.node}, {"op", l.op}, {"precision", l.precision}, {"snr_db", l.snr_db}, {"own_snr_db", l.own_snr_db}, {"saturated", l.saturated}};
    if (l.scale) layer["scale"] = *l.scale, layer["zero_point"] = l.zero_point;
    if (l.gain_db) layer["gain_db"] = *l.gain_db;
    j["layers"].push_back(std::move(layer));
  }
  j["warnings"] = r.warnings;
  return j.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string quantize_html(const std::string& model, const QuantizeResult& r) {
  std::string html = fmt::format("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{0}, quantised</title><style>{1}</style>\n"
                                 "<h1>{0}, quantised to int8</h1>\n<p>Calibrated with {2}. Outputs: {3} against float, mean square error {4:.3g}.</p>\n",
                                 escaped(model), kReportStyle, samples_text(r), db(r.figures.output_snr_db), r.figures.output_mse);
  for (const std::string& w : r.warnings) html += fmt::format("<p><b>Warning:</b> {}</p>\n", escaped(w));
  if (r.accuracy) {
    html += fmt::format("<p>Accuracy: {}.</p>\n", accuracy_text(*r.accuracy));
    if (!r.accuracy->changes.empty()) html += "<table><tr><th>label</th><th>float says</th><th>int8 says</th><th>samples</th></tr>\n";
    for (const auto& c : r.accuracy->changes) html += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n", c.label, c.before, c.after, c.count);
    if (!r.accuracy->changes.empty()) html += "</table>\n";
  }
  html += "<h2>Layers</h2>\n<table><tr><th>node</th><th>operator</th><th>precision</th><th>scale / zero point</th><th>SNR</th>"
          "<th>SNR alone</th><th>saturated</th><th>gain if exact</th></tr>\n";
  for (const LayerFigures& l : r.figures.layers) html += html_row(l);
  return html + "</table>\n<p>SNR: signal-to-noise ratio of the output against the float model, with everything before the layer quantised; "
                "alone: with exact inputs. Gain: what the model's outputs would gain if this layer's weights and output were not rounded.</p></html>\n";
}

}  // namespace netsuke
