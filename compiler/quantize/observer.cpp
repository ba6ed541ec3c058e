#include "quantize/observer.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace netsuke {
namespace {

// Twice as wide bins, with more room below or above.
void widen(Histogram& h, bool below) {
  std::vector<double> wide(Histogram::kBins, 0.0);
  size_t shift = below ? Histogram::kBins / 2 : 0;
  for (size_t i = 0; i < Histogram::kBins; i++) wide[shift + i / 2] += h.bins[i];
  if (below) h.origin -= h.width * static_cast<double>(Histogram::kBins);
  h.width *= 2;
  h.bins = std::move(wide);
}

// The first values decide about the width: their range, rounded up to a power of two so that it does not depend on
// details, with 0 on the border of a bin.
void start(Histogram& h, double low, double high) {
  h.bins.assign(Histogram::kBins, 0.0);
  h.width = std::exp2(std::ceil(std::log2(std::max(high - low, 1e-30)))) / static_cast<double>(Histogram::kBins);
  h.origin = std::floor(low / h.width) * h.width;
}

void count(Histogram& h, double x) {
  constexpr double kCount = static_cast<double>(Histogram::kBins);
  while (x < h.origin) widen(h, true);
  while (x >= h.origin + h.width * kCount) widen(h, false);
  auto bin = static_cast<size_t>(std::clamp(std::floor((x - h.origin) / h.width), 0.0, kCount - 1));
  h.bins[bin] += 1;
}

// --- mean square error ---

// Sums over the bins below each border, of 1, x and x^2.
struct Moments {
  std::vector<double> n, x, xx;
  explicit Moments(const Histogram& h) : n(1, 0.0), x(1, 0.0), xx(1, 0.0) {
    for (size_t i = 0; i < h.bins.size(); i++) {
      double c = h.centre(i);
      n.push_back(n.back() + h.bins[i]);
      x.push_back(x.back() + h.bins[i] * c);
      xx.push_back(xx.back() + h.bins[i] * c * c);
    }
  }
  // Sum of (x - limit)^2 over bins [from, to).
  double clipped(size_t from, size_t to, double limit) const {
    return xx[to] - xx[from] - 2 * limit * (x[to] - x[from]) + limit * limit * (n[to] - n[from]);
  }
};

size_t border_at(const Histogram& h, double x) {
  return static_cast<size_t>(std::clamp(std::round((x - h.origin) / h.width), 0.0, static_cast<double>(Histogram::kBins)));
}

// Rounding to a grid of step s makes an error of s^2 / 12 on average (as if values were spread evenly between the
// points of the grid); what lies outside is moved to the limit.
double square_error(const Histogram& h, const Moments& m, const RealRange& r, int64_t levels) {
  size_t low = border_at(h, r.low), high = std::max(border_at(h, r.high), low);
  double step = (r.high - r.low) / static_cast<double>(levels - 1);
  return m.clipped(0, low, r.low) + m.clipped(high, Histogram::kBins, r.high) + step * step / 12 * (m.n[high] - m.n[low]);
}

RealRange least_square_error(const Histogram& h, int64_t levels) {
  constexpr int kCandidates = 128, kRounds = 3;
  Moments m(h);
  RealRange best{h.min, h.max};
  double least = square_error(h, m, best, levels);
  auto attempt = [&](RealRange r) {
    double error = square_error(h, m, r, levels);
    if (error < least) least = error, best = r;
  };
  for (int round = 0; round < kRounds; round++) {
    for (int i = 1; i <= kCandidates; i++) attempt({best.low, h.max * i / kCandidates});
    for (int i = 1; i <= kCandidates && h.min < 0; i++) attempt({h.min * i / kCandidates, best.high});
  }
  return best;
}

// --- percentile ---

RealRange percentile_range(const Histogram& h, double percentile) {
  double total = h.zeros + h.others, cut = total * (1 - percentile / 100) / 2, seen = 0;
  RealRange r{h.min, h.max};
  for (size_t i = 0; i < h.bins.size() && h.centre(i) < 0; i++)
    if ((seen += h.bins[i]) <= cut) r.low = std::min(h.origin + static_cast<double>(i + 1) * h.width, 0.0);
  // What is never negative is cut at the upper end only.
  if (h.min == 0) cut *= 2;
  seen = 0;
  for (size_t i = h.bins.size(); i-- > 0 && h.centre(i) > 0;)
    if ((seen += h.bins[i]) <= cut) r.high = std::max(h.origin + static_cast<double>(i) * h.width, 0.0);
  return r;
}

// --- entropy ---

// sum p log(p / q) where p is the histogram clipped to [from, to) and q the same with its bins merged to the grid's
// levels and spread evenly over those that were not empty (as in TensorRT's calibration).
double divergence(const Histogram& h, size_t from, size_t to, int64_t levels) {
  std::vector<double> p(h.bins.begin() + static_cast<std::ptrdiff_t>(from), h.bins.begin() + static_cast<std::ptrdiff_t>(to));
  std::vector<double> inside = p;
  p.front() += std::accumulate(h.bins.begin(), h.bins.begin() + static_cast<std::ptrdiff_t>(from), 0.0);
  p.back() += std::accumulate(h.bins.begin() + static_cast<std::ptrdiff_t>(to), h.bins.end(), 0.0);
  double total = std::accumulate(p.begin(), p.end(), 0.0), kept = std::accumulate(inside.begin(), inside.end(), 0.0), sum = 0;
  if (kept <= 0) return HUGE_VAL;
  auto parts = static_cast<size_t>(levels);
  for (size_t l = 0; l < parts; l++) {
    size_t a = l * p.size() / parts, b = (l + 1) * p.size() / parts;
    double mass = 0, filled = 0;
    for (size_t i = a; i < b; i++) mass += inside[i], filled += inside[i] > 0;
    for (size_t i = a; i < b; i++) {
      if (p[i] <= 0) continue;
      double q = inside[i] > 0 ? mass / filled / kept : 1e-9;
      sum += p[i] / total * std::log(p[i] / total / q);
    }
  }
  return sum;
}

RealRange least_divergence(const Histogram& h, int64_t levels) {
  constexpr int kCandidates = 64;
  RealRange best{h.min, h.max};
  double least = HUGE_VAL;
  for (int i = kCandidates / 8; i <= kCandidates; i++) {
    RealRange r{h.min * i / kCandidates, h.max * i / kCandidates};
    size_t from = border_at(h, r.low), to = border_at(h, r.high);
    if (to < from + static_cast<size_t>(std::min<int64_t>(levels, 256)) / 2) continue;  // too few bins to compare
    double d = divergence(h, from, to, std::min<int64_t>(levels, static_cast<int64_t>(to - from)));
    if (d < least) least = d, best = r;
  }
  return best;
}

}  // namespace

void Histogram::add(std::span<const float> values) {
  double low = 0, high = 0;
  for (float x : values) {
    if (!std::isfinite(x)) continue;
    low = std::min(low, static_cast<double>(x));
    high = std::max(high, static_cast<double>(x));
  }
  min = std::min(min, low);
  max = std::max(max, high);
  if (width == 0 && high > low) start(*this, low, high);
  for (float x : values) {
    if (!std::isfinite(x)) not_finite += 1;
    else if (x == 0) zeros += 1;
    else count(*this, static_cast<double>(x)), others += 1;
  }
}

std::optional<RangeMethod> range_method(std::string_view name) {
  if (name == "mse") return RangeMethod::kMse;
  if (name == "min-max") return RangeMethod::kMinMax;
  if (name == "percentile") return RangeMethod::kPercentile;
  if (name == "entropy") return RangeMethod::kEntropy;
  return std::nullopt;
}

RealRange choose_range(const Histogram& h, RangeMethod method, double percentile, int64_t levels) {
  if (h.width == 0) return {h.min, h.max};
  switch (method) {
    case RangeMethod::kMinMax: return {h.min, h.max};
    case RangeMethod::kPercentile: return percentile_range(h, percentile);
    case RangeMethod::kEntropy: return least_divergence(h, levels);
    case RangeMethod::kMse: break;
  }
  return least_square_error(h, levels);
}

Quantization grid_for(const RealRange& range, DType storage) {
  auto [low, high] = integer_range(storage);
  double reach = std::max(-range.low, range.high);
  if (reach <= 0) return per_tensor_grid(1, 0, storage);
  if (storage == DType::kInt16) return per_tensor_grid(static_cast<float>(reach / static_cast<double>(high)), 0, storage);
  // Smaller than any float's grid could be: the smallest normal float keeps the scale positive.
  double scale = std::max((range.high - range.low) / static_cast<double>(high - low), 1.2e-38);
  double zero = std::clamp(std::nearbyint(static_cast<double>(low) - range.low / scale), static_cast<double>(low), static_cast<double>(high));
  return per_tensor_grid(static_cast<float>(scale), static_cast<int32_t>(zero), storage);
}

namespace {

constexpr std::array<RealRange, 3> kPixelRanges = {{{0, 1}, {0, 255}, {-128, 127}}};

bool is_on(double x, const RealRange& r) {
  double steps = (x - r.low) / (r.high - r.low) * 255;
  // float32 has much to spare at 255 steps.
  return steps > -0.01 && steps < 255.01 && std::fabs(steps - std::nearbyint(steps)) < 1e-3;
}

}  // namespace

void PixelGrid::add(std::span<const float> values) {
  for (size_t i = 0; i < kPixelRanges.size(); i++)
    possible[i] = possible[i] && std::all_of(values.begin(), values.end(),
                                             [&](float x) { return is_on(static_cast<double>(x), kPixelRanges[i]); });
}

std::optional<RealRange> PixelGrid::range(const Histogram& seen) const {
  for (size_t i = 0; i < kPixelRanges.size(); i++) {
    const RealRange& r = kPixelRanges[i];
    // A few numbers, or a range that is hardly used, may lie on the grid by chance.
    if (possible[i] && seen.others > 16 && seen.max > r.high / 2 && (r.low == 0 || seen.min < r.low / 2)) return r;
  }
  return std::nullopt;
}

}  // namespace netsuke
