// Networks of feature maps made from a seed, to try row schedules on: chains, residuals, pyramids, several
// outputs, odd strides, dilation, asymmetric padding, one and two spatial dimensions.
#pragma once

#include "graph/graph.hpp"

namespace netsuke::test {

// Canonical and channels-first, as load_model would give it.
// `layers`: how many; 0: a few.
Graph random_maps(uint32_t seed, int64_t layers = 0);

}  // namespace netsuke::test
