// Small convolutional networks made from a seed, with what the passes look for planted in them.
#pragma once

#include <cstdint>
#include <set>

#include "graph/graph.hpp"

namespace netsuke::test {

struct RandomModel {
  uint32_t seed = 0;
  int layers = 6;
  double zero_filters = 0;      // probability that a filter is zero
  double zero_columns = 0;      // probability that a pointwise layer ignores an input channel
  std::set<std::string> extra;  // operators beyond Conv, Relu, pools, Reshape and Dense: "Add", "Concat" ...
};

// Canonical, as load_model would give it: input [1,3,9,8] or so, output [1,5].
Graph random_model(const RandomModel& options);

// Multiplications with weights, padding counted.
int64_t count_macs(const Graph& g);
// Elements of all weights, biases not counted.
int64_t count_weights(const Graph& g);

}  // namespace netsuke::test
