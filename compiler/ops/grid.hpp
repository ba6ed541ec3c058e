// A grid as attributes of a node: `scales`, `zero_points`, `axis` (absent: per tensor), `storage`.
#pragma once

#include "graph/graph.hpp"

namespace netsuke {

void set_grid_attributes(Node& n, const Quantization& q);
Quantization grid_attributes(const Node& n);

// A node QuantizeLinear (real -> integers) or DequantizeLinear in its canonical form.
Node grid_node(std::string op, std::string name, ValueId in, ValueId out, const Quantization& q);

}  // namespace netsuke
