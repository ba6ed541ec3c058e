// Which channels of which values are constant, and which can go together.
//
// A channel is one index of a value's channel axis: dimension 1 of a feature map (channels first), the last
// dimension of what a Dense makes, and whatever that becomes through reshapes and transposes. Each channel
// of each value that has such an axis is a cell. Three things are known of the cells:
//   constant   the one value that all its elements have, whatever the input of the model is
//   joined     cells that can only be removed together: a depthwise convolution's input and output, the
//              operands and the result of an addition, the parts of a Concat ...
//   kept       cells that some operator needs, or that its producer cannot leave out
#pragma once

#include <optional>

#include "graph/graph.hpp"

namespace netsuke {

struct ChannelRange {
  int64_t axis = -1;   // -1: the value has no cells
  int64_t count = 0;
  size_t first = 0;    // index of the cell of channel 0
};

struct Cells {
  std::vector<ChannelRange> ranges;           // by ValueId
  std::vector<std::optional<float>> constant; // by cell
  std::vector<size_t> parent;                 // by cell; a union-find forest
  std::vector<bool> kept;                     // by cell

  const ChannelRange& range(ValueId v) const { return ranges[static_cast<size_t>(v)]; }
};

// Smallest weight that counts, as a part of the layer's largest: folding a BatchNormalization into a filter
// that training has switched off leaves 1e-16 and the like.
inline constexpr double kZeroWeight = 1e-12;

// The weights of a Conv, ConvTranspose or Dense by output and input channel, summed over the kernel.
struct WeightSums {
  int64_t in = 0, out = 0;  // `in` within the group
  std::vector<double> sum;  // [out][in]
  std::vector<bool> zero;   // [out][in]: every tap is below kZeroWeight
  size_t at(int64_t o, int64_t i) const { return static_cast<size_t>(o * in + i); }
};
WeightSums sum_weights(const Graph& g, const Node& n);

// Conv and ConvTranspose of one group and Dense: input and output channels can be removed independently.
bool mixes_channels(const Graph& g, const Node& n);
// Conv in which input channel c makes output channels c * multiplier and the next ones, and nothing else.
bool is_depthwise(const Graph& g, const Node& n);
// Every output sees all taps: a constant input channel adds the same number to every output element.
bool sees_all_taps(const Node& n);
// Add, Mul, PRelu ...: two operands, broadcast, element by element.
bool is_binary(const Node& n);

// Needs a graph that has not gone through to-nhwc.
Cells find_cells(const Graph& g);

// By cell: whether its whole component can go. Leaves each value at least one channel.
std::vector<bool> removable_cells(Cells& cells);

}  // namespace netsuke
