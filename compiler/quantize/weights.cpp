#include "quantize/weights.hpp"

#include <algorithm>
#include <cmath>

namespace netsuke {
namespace {

constexpr double kMost = 127;  // symmetric: -128 is not used, so that -w is as good as w

struct Weighted {
  double weight, importance;
};

// Sum of importance (w - s round(w / s))^2.
double rounding_error(const std::vector<Weighted>& weights, double scale) {
  double sum = 0;
  for (const Weighted& w : weights) {
    double q = std::clamp(std::nearbyint(w.weight / scale), -kMost, kMost);
    sum += w.importance * (w.weight - scale * q) * (w.weight - scale * q);
  }
  return sum;
}

double best_scale(const std::vector<Weighted>& weights, RangeMethod method) {
  constexpr int kSteps = 100, kLeast = 40;  // clips down to 0.4 of the largest weight
  double largest = 0;
  for (const Weighted& w : weights) largest = std::max(largest, std::fabs(w.weight));
  // All zeros: any scale will do. The smallest normal float keeps scales positive.
  if (largest == 0) return 1;
  double best = std::max(largest / kMost, 1.2e-38);
  if (method == RangeMethod::kMinMax) return best;
  double whole = best, least = rounding_error(weights, best);
  for (int i = kSteps - 1; i >= kLeast; i--) {
    double scale = whole * i / kSteps, error = rounding_error(weights, static_cast<double>(static_cast<float>(scale)));
    if (error < least) least = error, best = scale;
  }
  return best;
}

// Rows of one group as a matrix.
Matrix rows_of(const Tensor& weights, const LayerShape& s, int64_t group) {
  Matrix m(s.rows, s.columns);
  for (int64_t r = 0; r < s.rows; r++)
    for (int64_t k = 0; k < s.columns; k++)
      m(r, k) = static_cast<double>(weights.as<float>()[static_cast<size_t>((group * s.rows + r) * s.columns + k)]);
  return m;
}

// One row: q minimises  s^2 q^T H q - 2 s q^T c,  H = E[y y^T] + damping, c = E[y x^T] w + damping w.
Vector descend(const Vector& w, double scale, const Matrix& h, const Vector& c) {
  constexpr int kMostSweeps = 20;
  Vector q = (w / scale).unaryExpr([](double x) { return std::clamp(std::nearbyint(x), -kMost, kMost); });
  Vector gradient = scale * (h * q) - c;  // half of it, over s
  for (int sweep = 0; sweep < kMostSweeps; sweep++) {
    bool changed = false;
    for (Eigen::Index k = 0; k < q.size(); k++) {
      if (h(k, k) <= 0) continue;
      double best = std::clamp(std::nearbyint(q[k] - gradient[k] / (scale * h(k, k))), -kMost, kMost), step = best - q[k];
      // Only what helps by more than rounding errors of the sums.
      double gain = -(scale * step * step * h(k, k) + 2 * step * gradient[k]);
      if (step == 0 || gain <= 1e-12 * std::fabs(scale * h(k, k))) continue;
      q[k] = best;
      gradient += scale * step * h.col(k);
      changed = true;
    }
    if (!changed) break;
  }
  return q;
}

}  // namespace

void InputMoments::add(const Matrix& x, const Matrix& y) {
  if (count == 0) {
    yy = yx = Matrix::Zero(y.cols(), y.cols());
    y_mean = x_mean = Vector::Zero(y.cols());
  }
  yy.noalias() += y.transpose() * y;
  yx.noalias() += y.transpose() * x;
  y_mean += y.colwise().sum().transpose();
  x_mean += x.colwise().sum().transpose();
  count += static_cast<double>(y.rows());
}

void InputMoments::finish() {
  if (count == 0) return;
  y_mean /= count;
  x_mean /= count;
  yy = yy / count - y_mean * y_mean.transpose();
  yx = yx / count - y_mean * x_mean.transpose();
}

Quantization weight_grid(const Tensor& weights, int64_t axis, const std::vector<Vector>& importance, const WeightOptions& options) {
  int64_t channels = options.per_tensor ? 1 : weights.shape[static_cast<size_t>(axis)];
  int64_t inner = 1;
  for (size_t d = static_cast<size_t>(axis) + 1; d < weights.shape.size(); d++) inner *= weights.shape[d];
  std::vector<std::vector<Weighted>> parts(static_cast<size_t>(channels));
  for (int64_t i = 0; i < weights.count(); i++) {
    int64_t channel = i / inner % weights.shape[static_cast<size_t>(axis)];
    double weight = 1;
    if (!importance.empty()) {
      auto group = static_cast<size_t>(channel * static_cast<int64_t>(importance.size()) / weights.shape[static_cast<size_t>(axis)]);
      weight = importance[group][i % importance[group].size()];
    }
    parts[static_cast<size_t>(options.per_tensor ? 0 : channel)].push_back({static_cast<double>(weights.as<float>()[static_cast<size_t>(i)]), weight});
  }
  Quantization q{{}, std::vector<int32_t>(static_cast<size_t>(channels), 0), options.per_tensor ? -1 : axis, DType::kInt8};
  for (const auto& part : parts) q.scales.push_back(static_cast<float>(best_scale(part, options.method)));
  return q;
}

Tensor rounded_weights(const Tensor& weights, const Quantization& grid, const LayerShape& s, const std::vector<InputMoments>& moments) {
  // Of the mean variance of the inputs. Less fits the calibration data better and other data worse: on MLPerf Tiny's
  // models, 0.3 was best for inputs that calibration had not seen.
  constexpr double kDamping = 0.3;
  Tensor result = weights;
  for (int64_t g = 0; g < s.groups; g++) {
    const InputMoments& m = moments[static_cast<size_t>(g)];
    double damping = kDamping * m.yy.diagonal().mean() + 1e-30;
    Matrix w = rows_of(weights, s, g), h = m.yy;
    h.diagonal().array() += damping;
    for (int64_t r = 0; r < s.rows; r++) {
      auto channel = static_cast<size_t>(g * s.rows + r);
      double scale = static_cast<double>(grid.scales[grid.axis < 0 ? 0 : channel]);
      Vector row = w.row(r).transpose();
      Vector q = descend(row, scale, h, m.yx * row + damping * row);
      for (int64_t k = 0; k < s.columns; k++)
        result.as<float>()[channel * static_cast<size_t>(s.columns) + static_cast<size_t>(k)] =
            to_real(static_cast<int64_t>(q[k]), grid, grid.axis < 0 ? 0 : channel);
    }
  }
  return result;
}

}  // namespace netsuke
