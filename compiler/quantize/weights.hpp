// Weights -> integers.
#pragma once

#include "quantize/layer.hpp"
#include "quantize/observer.hpp"

namespace netsuke {

struct WeightOptions {
  bool per_tensor = false;
  RangeMethod method = RangeMethod::kMse;  // kMinMax: nothing is clipped; all others: least square error
  bool tune = true;                        // choose the rounding by what the layer makes of its inputs
};

// What a layer's inputs were, of one group of channels: x in the float model, y in the quantised one.
struct InputMoments {
  Matrix yy, yx;         // mean of y y^T and of y x^T, without the means' product
  Vector y_mean, x_mean;
  double count = 0;

  // Sums first; finish() makes means of them.
  void add(const Matrix& x, const Matrix& y);
  void finish();
};

// The grid of the weights: symmetric int8, scales by least square error, where each weight's error counts as much as its
// input is large (`importance`, one number for each column; empty: all alike). One scale for each index of `axis`.
Quantization weight_grid(const Tensor& weights, int64_t axis, const std::vector<Vector>& importance, const WeightOptions& options);

// Rounds weights of a Conv or Dense onto the grid so that the layer's outputs, not the weights, are as close as can be:
// for each row w it looks for integers q with least E[(w x - s q y)^2], changing one at a time until none helps (cyclic
// coordinate descent; the bias takes care of the mean). Starts at the nearest integers and is drawn to them, so that few
// samples do no harm.
Tensor rounded_weights(const Tensor& weights, const Quantization& grid, const LayerShape& shape,
                       const std::vector<InputMoments>& moments);

}  // namespace netsuke
