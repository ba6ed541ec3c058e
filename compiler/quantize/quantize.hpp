// Post-training quantisation on one page: float model and calibration data in, quantised model and its figures out.
// Everything is closed-form or coordinate-wise; nothing is trained. docs/quantization.md says how to use it.
#pragma once

#include "quantize/figures.hpp"
#include "quantize/plan.hpp"

namespace netsuke {

struct QuantizeOptions {
  std::filesystem::path calibration;  // empty: synthetic inputs, with a warning
  size_t most_samples = 512;          // of the calibration data, evenly spread
  RangeOptions ranges;
  bool per_tensor = false;            // one scale for all weights of a layer, instead of one for each output channel
  bool equalize = true;               // cross-layer equalisation
  bool correct_bias = true;
  bool tune_rounding = true;
  Precision precision;
  size_t keep_float_worst = 0;        // so many layers whose rounding costs most stay in float
  std::filesystem::path labels;       // of all samples; empty: no accuracy
  bool measure_gains = false;         // for the report; takes an evaluation for each layer
  std::function<void(const std::string&)> progress;
};

struct QuantizeResult {
  Graph reference;  // the float model with the same nodes
  Graph quantised;  // values carry grids (graph/quantization.hpp)
  size_t samples = 0, samples_given = 0;
  int equalized = 0;  // groups of layers
  Figures figures;
  std::optional<Accuracy> accuracy;
  std::vector<std::string> warnings;
};

// `loaded` is the model as it was loaded, `g` the same after the float passes, channels still first. Throws usage Errors
// about the data and options, and the model Error "already-quantized".
QuantizeResult quantize(const Graph& loaded, const Graph& g, const QuantizeOptions& options);

// Inputs made up for a model that comes without data: smooth noise whose mean and spread fit what the model's
// BatchNormalization nodes say about the data that it was trained with. `fits` tells whether there were any.
struct Synthetic {
  CalibrationData data;
  bool fits = false;
};
Synthetic synthetic_inputs(const Graph& loaded, size_t count);

}  // namespace netsuke
