// What is quantised: which values get a grid, of which type, and which share one.
#pragma once

#include <functional>
#include <set>

#include "graph/graph.hpp"
#include "quantize/data.hpp"
#include "quantize/observer.hpp"

namespace netsuke {

// Makes the graph ready for grids: an activation other than relu and clip becomes a node of its own, since integers need
// a grid in front of it, too; every float input gets a copy that can be rounded. Does not change what is computed.
void prepare(Graph& g);

struct Precision {
  std::set<std::string> keep_float, int16;  // names of nodes
};

struct Plan {
  // By value:
  std::vector<bool> quantised;
  std::vector<DType> storage;    // kInt8 or kInt16
  std::vector<ValueId> group;    // values with the same number share a grid: that of the value with this id
  std::vector<bool> observed;    // its numbers count for the range of its group
  Precision precision;

  // The node's weights become integers.
  bool is_weighted(const Graph& g, const Node& n) const;
};

// Throws the usage Error "unknown-node" for a name that no node has.
void check_names(const Graph& g, const Precision& p);
Plan make_plan(const Graph& g, const Precision& p);

struct RangeOptions {
  RangeMethod method = RangeMethod::kMse;
  double percentile = 99.99;
};

// Runs the samples through the graph, `threads` at a time, and hands every value to `see` in the order of the samples.
void for_each_sample(const Graph& g, const CalibrationData& data, const std::vector<size_t>& samples,
                     const std::function<void(size_t i, const std::vector<Tensor>& values)>& see);

// Largest magnitude in each channel (dimension 1) of each float value, averaged over the samples, which keeps out what
// happens once. Empty for values without channels.
std::vector<std::vector<double>> channel_ranges(const Graph& g, const CalibrationData& data, const std::vector<size_t>& samples);

// Gives every quantised value its grid. Memory does not grow with the number of samples. Returns the nodes whose
// outputs were NaN or infinite for some sample.
std::set<std::string> set_activation_grids(Graph& g, const Plan& plan, const CalibrationData& data,
                                           const std::vector<size_t>& samples, const RangeOptions& options,
                                           const std::function<void(size_t done)>& progress);

}  // namespace netsuke
