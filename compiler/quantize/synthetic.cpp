// Inputs for a model that comes without data. Its BatchNormalization nodes hold the mean and variance that each of their
// input channels had in training; inputs are chosen so that these come out again.
#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "eval/eval.hpp"
#include "quantize/quantize.hpp"

namespace netsuke {
namespace {

// The same numbers on every machine: splitmix64, and a sum of twelve uniform ones for a normal one.
struct Random {
  uint64_t state;
  double uniform() {
    uint64_t z = state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1p-53;
  }
  double normal() {
    double sum = -6;
    for (int i = 0; i < 12; i++) sum += uniform();
    return sum;
  }
};

// Noise of mean 0 and deviation about 1 over the last two dimensions. Smooth noise is a sum of white noise on grids that
// are 1, 2, 4 ... pixels wide: natural images have a spectrum like that.
void fill_noise(std::span<float> map, int64_t h, int64_t w, bool smooth, Random& random) {
  std::fill(map.begin(), map.end(), 0.0f);
  int64_t widest = smooth ? std::max<int64_t>(std::min(h, w), 1) : 1;
  double octaves = 0;
  for (int64_t cell = 1; cell <= widest; cell *= 2, octaves += 1)
    for (int64_t y0 = 0; y0 < h; y0 += cell)
      for (int64_t x0 = 0; x0 < w; x0 += cell) {
        auto value = static_cast<float>(random.normal());
        for (int64_t y = y0; y < std::min(h, y0 + cell); y++)
          for (int64_t x = x0; x < std::min(w, x0 + cell); x++) map[static_cast<size_t>(y * w + x)] += value;
      }
  for (float& x : map) x /= static_cast<float>(std::sqrt(octaves));
}

Tensor noise_for(const Value& v, bool smooth, Random& random) {
  Tensor t(v.type, v.shape);
  if (v.type != DType::kFloat32) {
    visit_type(t.type, [&]<class T>() {
      for (T& x : t.as<T>()) x = static_cast<T>(random.uniform() * 2);
    });
    return t;
  }
  bool is_map = v.shape.size() >= 3;
  int64_t w = v.shape.empty() ? 1 : v.shape.back(), h = is_map ? v.shape[v.shape.size() - 2] : 1;
  for (size_t at = 0; at < t.as<float>().size(); at += static_cast<size_t>(h * w))
    fill_noise(t.as<float>().subspan(at, static_cast<size_t>(h * w)), h, w, smooth && is_map, random);
  return t;
}

struct Statistics {
  std::vector<double> mean, variance;
};

// Per channel (dimension 1) over all samples.
Statistics statistics(const std::vector<std::vector<Tensor>>& values, ValueId v) {
  const Shape& shape = values[0][static_cast<size_t>(v)].shape;
  auto channels = static_cast<size_t>(shape[1]);
  size_t inner = 1;
  for (size_t d = 2; d < shape.size(); d++) inner *= static_cast<size_t>(shape[d]);
  std::vector<double> sum(channels), squares(channels);
  double count = 0;
  for (const auto& sample : values) {
    auto x = sample[static_cast<size_t>(v)].as<float>();
    for (size_t i = 0; i < x.size(); i++) {
      sum[i / inner % channels] += static_cast<double>(x[i]);
      squares[i / inner % channels] += static_cast<double>(x[i]) * static_cast<double>(x[i]);
    }
    count += static_cast<double>(x.size() / channels);
  }
  for (size_t c = 0; c < channels; c++) {
    sum[c] /= count;
    squares[c] = std::max(squares[c] / count - sum[c] * sum[c], 0.0);
  }
  return {sum, squares};
}

struct Norm {
  ValueId input;
  std::vector<double> mean, variance;
};

std::vector<Norm> norms_of(const Graph& g) {
  std::vector<Norm> norms;
  for (const Node& n : g.nodes)
    if (n.op == "BatchNormalization" && !g[n.inputs[0]].constant)
      norms.push_back({n.inputs[0], to_doubles(*g[n.inputs[3]].constant), to_doubles(*g[n.inputs[4]].constant)});
  return norms;
}

using Samples = std::vector<std::vector<Tensor>>;

std::vector<std::vector<Tensor>> run(const Graph& g, const Samples& samples) {
  std::vector<std::vector<Tensor>> values;
  for (const auto& s : samples) values.push_back(evaluate_all(g, s));
  return values;
}

// All float inputs: offset[channel] + gain x.
Samples moved(const Graph& g, Samples samples, const Eigen::VectorXd& offset, double gain) {
  for (auto& sample : samples)
    for (size_t i = 0; i < sample.size(); i++) {
      const Shape& shape = g[g.inputs[i]].shape;
      if (sample[i].type != DType::kFloat32) continue;
      size_t inner = 1;
      for (size_t d = 2; d < shape.size(); d++) inner *= static_cast<size_t>(shape[d]);
      for (size_t k = 0; k < sample[i].as<float>().size(); k++) {
        float& x = sample[i].as<float>()[k];
        Eigen::Index c = offset.size() == 1 ? 0 : static_cast<Eigen::Index>(k / inner) % offset.size();
        x = static_cast<float>(offset[c] + gain * static_cast<double>(x));
      }
    }
  return samples;
}

// What lies in front of the first BatchNormalization is a linear layer in nearly all models, so its means are linear in
// the offsets of the input channels, its variances in the square of the gain: two least-squares problems.
Samples fitted(const Graph& g, const Norm& first, const Samples& noise, Eigen::Index channels) {
  auto count = static_cast<Eigen::Index>(first.mean.size());
  Eigen::VectorXd zero = Eigen::VectorXd::Zero(channels);
  std::vector<double> at_zero = statistics(run(g, moved(g, {noise[0]}, zero, 0)), first.input).mean;
  Eigen::MatrixXd response(count, channels);
  Eigen::VectorXd wanted(count);
  for (Eigen::Index c = 0; c < channels; c++) {
    Eigen::VectorXd one = zero;
    one[c] = 1;
    std::vector<double> mean = statistics(run(g, moved(g, {noise[0]}, one, 0)), first.input).mean;
    for (Eigen::Index o = 0; o < count; o++) {
      auto i = static_cast<size_t>(o);
      double deviation = std::sqrt(first.variance[i] + 1e-12);
      response(o, c) = (mean[i] - at_zero[i]) / deviation;
      wanted[o] = (first.mean[i] - at_zero[i]) / deviation;
    }
  }
  Eigen::MatrixXd normal = response.transpose() * response;
  normal.diagonal().array() += 1e-6 * normal.trace() / static_cast<double>(channels) + 1e-12;
  Eigen::VectorXd offset = normal.ldlt().solve(response.transpose() * wanted);
  std::vector<double> spread = statistics(run(g, moved(g, noise, zero, 1)), first.input).variance;
  double ratio = 0, squares = 0;
  for (size_t i = 0; i < spread.size(); i++) {
    double r = spread[i] / (first.variance[i] + 1e-12);
    ratio += r, squares += r * r;
  }
  return moved(g, noise, offset, squares > 0 ? std::sqrt(ratio / squares) : 1);
}

// How far the statistics of all norms are from those wanted, in deviations.
double misfit(const Graph& g, const std::vector<Norm>& norms, const Samples& samples) {
  std::vector<std::vector<Tensor>> values = run(g, samples);
  double sum = 0;
  for (const Norm& n : norms) {
    Statistics s = statistics(values, n.input);
    double of_norm = 0;
    for (size_t c = 0; c < n.mean.size(); c++) {
      double variance = n.variance[c] + 1e-12, shift = s.mean[c] - n.mean[c];
      of_norm += std::min(shift * shift / variance, 100.0) + std::min(std::pow(std::sqrt(s.variance[c] / variance) - 1, 2), 100.0);
    }
    sum += of_norm / static_cast<double>(n.mean.size());
  }
  return sum;
}

}  // namespace

Synthetic synthetic_inputs(const Graph& g, size_t count) {
  constexpr int64_t kMostChannels = 16;  // with more, one offset for all
  constexpr size_t kTried = 4;           // samples to compare kinds of noise by
  std::vector<Norm> norms = norms_of(g);
  std::optional<Samples> best;
  double least = HUGE_VAL;
  for (bool smooth : {true, false}) {
    Random random{smooth ? 1u : 2u};
    Samples noise(count);
    for (auto& sample : noise)
      for (ValueId v : g.inputs) sample.push_back(noise_for(g[v], smooth, random));
    if (norms.empty()) return {calibration_of(noise), false};
    const Shape& shape = g[g.inputs[0]].shape;
    bool by_channel = g.inputs.size() == 1 && shape.size() >= 3 && shape[1] <= kMostChannels;
    Samples samples = fitted(g, norms[0], noise, by_channel ? shape[1] : 1);
    double error = misfit(g, norms, {samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(std::min(kTried, count))});
    if (!best || error < least) least = error, best = std::move(samples);
  }
  return {calibration_of(*best), true};
}

}  // namespace netsuke
