// How good a quantised model is, and which layer is to blame.
#pragma once

#include "quantize/plan.hpp"

namespace netsuke {

struct LayerFigures {
  std::string node, op;
  std::string precision;       // "int8", "int16" or "float"
  std::optional<float> scale;  // of its output
  int32_t zero_point = 0;
  double snr_db = 0;           // of its output in the quantised model, against the float model
  double own_snr_db = 0;       // the same when its inputs are exact: what this layer alone does
  double saturated = 0;        // share of its outputs that lie outside the grid
  std::optional<double> gain_db;  // what the model's output would gain if its weights and output were not rounded
};

struct Figures {
  size_t samples = 0;  // that these figures come from
  double output_snr_db = 0, output_mse = 0;
  std::vector<LayerFigures> layers;  // nodes with weights or with an output that is rounded, in execution order
};

// Signal-to-noise ratios are 10 log10(sum of squares of the float values / sum of squares of the differences); exact
// values have kExact.
inline constexpr double kExact = 200;

Figures measure(const Graph& reference, const Graph& quantised, const CalibrationData& data,
                const std::vector<size_t>& samples);
// Adds gain_db to each layer.
void measure_gains(Figures& figures, const Graph& reference, const Graph& quantised, const Plan& plan, const CalibrationData& data,
                   const std::vector<size_t>& samples, const std::function<void(const std::string& node)>& progress);

struct Accuracy {
  struct Change {
    int64_t label, before, after;  // classes
    int64_t count;
  };
  int64_t samples = 0, right_before = 0, right_after = 0;
  std::vector<Change> changes;  // the most frequent first
};

// Classes of the first output: the index of its largest number; of a single number, whether it is above 0.5.
Accuracy measure_accuracy(const Graph& reference, const Graph& quantised, const CalibrationData& data,
                          const std::vector<int64_t>& labels, const std::function<void(size_t done)>& progress);

}  // namespace netsuke
