// A layer with weights as a matrix product: output channel o is the sum over k of weights(o, k) x(k), for each group of
// channels by itself; x is what the window sees, or a row of the input.
#pragma once

#include <Eigen/Dense>

#include "graph/graph.hpp"

namespace netsuke {

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

struct LayerShape {
  int64_t groups, rows, columns;  // rows: output channels, columns: weights of each, of one group
};

// Of a Conv or Dense node. (A ConvTranspose has no such form here.)
bool has_matrix_form(const Node& n);
LayerShape layer_shape(const Graph& g, const Node& n);

// Up to `most` of the vectors x that one sample's input gives for a group, one in each row, spread over the map. `phase`
// chooses which.
Matrix layer_inputs(const Graph& g, const Node& n, const Tensor& in, int64_t group, int64_t most, size_t phase);

// The index of the output channel of each weight, in the order of the tensor.
int64_t channel_axis(const Node& n);  // 0, but 1 for ConvTranspose

}  // namespace netsuke
