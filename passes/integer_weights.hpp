// Weights and biases as the integers that kernels multiply and add.
#pragma once

#include "graph/graph.hpp"

namespace netsuke {

struct IntegerWeights {
  Tensor weights;       // int8, or int16 where a distance from the zero point does not fit
  Quantization grid;    // zero points 0; one scale, or one for each output channel
  std::optional<Tensor> bias;  // int32, in steps of input scale times weight scale
};

// Conv, ConvTranspose or Dense `n`, whose input has grid `in`. Weights that have a grid by output channel or for the
// whole tensor keep its integers; others get as many bits as the sums have room for. Nothing if a bias fits no grid.
std::optional<IntegerWeights> integer_weights(const Graph& g, const Node& n, const Quantization& in);

}  // namespace netsuke
