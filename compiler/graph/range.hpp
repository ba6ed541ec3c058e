// What differences between outputs are measured against.
#pragma once

#include "graph/tensor.hpp"

namespace netsuke {

// The range of what was seen, 0 included.
struct Range {
  double low = 0, high = 0;
};
void widen(Range& range, const Tensor& t);  // infinities and NaNs do not count
double width_of(const Range& range);        // 1 when there was nothing but zeros

}  // namespace netsuke
