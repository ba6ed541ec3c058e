#pragma once

#include "graph/graph.hpp"

namespace netsuke {

// Cross-layer equalisation (Nagel et al., Data-Free Quantization through Weight Equalization and Bias Correction, 2019).
//
//   y = relu(A x + b); z = B y   ==   y' = relu(A/s x + b/s); z = (B s) y'     for any positive numbers s, one a channel
//
// It goes through whatever keeps positive factors: Relu, LeakyRelu, pools, padding with zeros, Add with another map (all
// layers that write into or read from a residual stream are one group). Exact but for rounding of floats.
//
// What s is best depends on the grids. Weights with one scale for a whole tensor: the largest weight of each channel
// becomes equal on both sides. Weights with a scale for each output channel: the rows of A scale for free, what is to be
// shared out is the range of the activations, which have one scale, against the columns of B (as in SmoothQuant, Xiao
// et al. 2023); a depthwise B scales for free, too.
struct Equalisation {
  bool per_tensor = true;
  // Largest |y| of each channel of each value, measured; needed unless per_tensor.
  std::vector<std::vector<double>> channel_ranges;
};
// Returns the number of groups that were equalised.
int equalize(Graph& g, Equalisation e);

}  // namespace netsuke
