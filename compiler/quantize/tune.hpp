// Walks through the model layer by layer, float and quantised side by side, and fits each layer to what it really gets.
#pragma once

#include "quantize/plan.hpp"
#include "quantize/weights.hpp"

namespace netsuke {

struct TuneOptions {
  WeightOptions weights;
  bool correct_bias = true;
  size_t most_samples = 64;                   // fewer where they would not fit into memory
  int64_t most_bytes = int64_t{512} << 20;    // for the maps of all samples between two layers
};

// `reference` is the float model, `g` the same nodes with grids on the activations. Gives the weights and biases of g
// their grids and values:
//   - weights on int8 grids, rounded so that the layer's outputs come close (rounded_weights);
//   - biases such that the mean of each output channel, before its activation, is that of the float model (empirical
//     bias correction), then rounded to int32 with the scale of the products.
// Layers are done in order, each with the inputs that the quantised layers before it give it.
void quantize_weights(const Graph& reference, Graph& g, const Plan& plan, const CalibrationData& data, const std::vector<size_t>& samples,
                      const TuneOptions& options, const std::function<void(const std::string& node)>& progress);

// What a node computes before its activations and before it is rounded.
Tensor linear_output(const Graph& g, const Node& n, std::vector<const Tensor*> inputs);

// Sums of (exact - rounded) for each output channel (dimension 1; the last one of Dense) of one sample.
struct ChannelErrors {
  std::vector<double> sums;
  double count = 0;
  void add(const Node& n, const Tensor& exact, const Tensor& rounded);
};
std::vector<double> mean_of(const std::vector<ChannelErrors>& samples);

// Calls f(i) for i < count on all processors.
void parallel_for(size_t count, const std::function<void(size_t)>& f);

}  // namespace netsuke
