// Observers: what values a place in the model took, and the range of a grid chosen from that.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "graph/quantization.hpp"

namespace netsuke {

// Counts in bins of equal width, with exact limits. Streaming: where a value lies outside, the bins become twice as
// wide, so memory does not grow with the data. Exact zeros are counted apart: every grid has a zero, so they cost nothing.
struct Histogram {
  static constexpr size_t kBins = 2048;
  double min = 0, max = 0;   // of what was seen, 0 included
  double origin = 0, width = 0;  // bin i is [origin + i width, origin + (i + 1) width); width 0: nothing seen but zeros
  std::vector<double> bins;
  double zeros = 0, others = 0, not_finite = 0;  // NaNs and infinities count for nothing else

  void add(std::span<const float> values);
  double centre(size_t bin) const { return origin + (static_cast<double>(bin) + 0.5) * width; }
};

enum class RangeMethod {
  kMse,         // least expected square error of rounding and clipping
  kMinMax,      // nothing is clipped
  kPercentile,  // a share of the values is clipped at each end
  kEntropy,     // least Kullback-Leibler divergence between the histograms before and after
};
std::optional<RangeMethod> range_method(std::string_view name);  // "mse", "min-max", "percentile", "entropy"

struct RealRange {
  double low = 0, high = 0;  // low <= 0 <= high
};

// `percentile`: the share that is kept, e.g. 99.99. `levels`: numbers of the grid, e.g. 256.
RealRange choose_range(const Histogram& h, RangeMethod method, double percentile, int64_t levels);

// The grid with `storage` that covers the range: asymmetric for 8 bits, symmetric with zero point 0 for int16. A range
// of nothing but 0 has scale 1.
Quantization grid_for(const RealRange& range, DType storage);

// A range that 8-bit pixels are known to fill when every value seen lies on its grid: [0,1] in steps of 1/255, [0,255]
// and [-128,127] in whole numbers. A grid of exactly this range makes no error at all. ([-1,1] is none of them: it has
// no zero.)
struct PixelGrid {
  std::vector<bool> possible = {true, true, true};
  void add(std::span<const float> values);
  std::optional<RealRange> range(const Histogram& seen) const;
};

}  // namespace netsuke
