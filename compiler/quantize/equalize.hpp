#pragma once

#include "graph/graph.hpp"

namespace netsuke {

// Cross-layer equalisation (Nagel et al., Data-Free Quantization through Weight Equalization and Bias Correction, 2019).
//
//   y = relu(A x + b); z = B y   ==   y' = relu(A/s x + b/s); z = (B s) y'     for any positive numbers s, one a channel
//
// s makes the largest weight of each channel equal on both sides, so that one scale for a whole tensor of weights fits
// all its channels. It goes through whatever keeps positive factors: Relu, LeakyRelu, pools, padding with zeros, Add
// with another map (all layers that write into or read from a residual stream are one group). Exact but for rounding of
// floats. Returns the number of groups that were equalised.
int equalize(Graph& g);

}  // namespace netsuke
