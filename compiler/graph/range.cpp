#include "graph/range.hpp"

#include <algorithm>
#include <cmath>

namespace netsuke {

void widen(Range& range, const Tensor& t) {
  for (double x : to_doubles(t)) {
    if (!std::isfinite(x)) continue;
    range.low = std::min(range.low, x);
    range.high = std::max(range.high, x);
  }
}

double width_of(const Range& range) { return range.high > range.low ? range.high - range.low : 1; }

}  // namespace netsuke
