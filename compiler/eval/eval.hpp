// The reference interpreter: what a Graph means, one node after another, nothing optimised.
#pragma once

#include "graph/graph.hpp"

namespace netsuke {

// Every value of the graph, by ValueId, for these inputs (in the order of g.inputs). Throws a usage
// Error ("bad-input-data") when an input's type or shape is not the graph's.
std::vector<Tensor> evaluate_all(const Graph& g, const std::vector<Tensor>& inputs);

// Just the outputs, in the order of g.outputs.
std::vector<Tensor> evaluate(const Graph& g, const std::vector<Tensor>& inputs);

// Inputs drawn uniformly: floats from [-1, 1), integers from a small range, the same on every machine.
std::vector<Tensor> random_inputs(const Graph& g, uint32_t seed);

}  // namespace netsuke
