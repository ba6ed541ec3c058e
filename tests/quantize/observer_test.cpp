// Histograms, ranges, grids.
#include "quantize/observer.hpp"
#include "support/models.hpp"

using namespace netsuke;

namespace {

// Twelve uniform numbers make a normal one.
std::vector<float> normal_numbers(size_t count, uint32_t seed) {
  std::vector<float> values;
  uint32_t state = seed;
  for (size_t i = 0; i < count; i++) {
    double sum = -6;
    for (int k = 0; k < 12; k++) sum += double((state = state * 1664525u + 1013904223u) >> 8) / double(1 << 24);
    values.push_back(static_cast<float>(sum));
  }
  return values;
}

double square_error(const std::vector<float>& values, const Quantization& q) {
  double sum = 0;
  for (float x : values) sum += std::pow(double(x) - double(to_real(to_stored(double(x), q), q)), 2);
  return sum / double(values.size());
}

}  // namespace

TEST_CASE("A histogram keeps the limits and the count, however the numbers come") {
  Histogram h;
  h.add(std::vector<float>{0, 1, -1});
  h.add(std::vector<float>{1000, -0.001f, std::nanf(""), INFINITY});
  CHECK(h.min == -1);
  CHECK(h.max == 1000);
  CHECK(h.zeros == 1);
  CHECK(h.others == 4);
  CHECK(h.not_finite == 2);
  double sum = 0;
  for (double n : h.bins) sum += n;
  CHECK(sum == 4);
  CHECK(h.origin <= -1);
  CHECK(h.origin + h.width * double(Histogram::kBins) >= 1000);
}

TEST_CASE("Least square error clips what is rare, and never does worse than min-max") {
  std::vector<float> values = normal_numbers(100000, 1), heavy = values;
  for (float& x : heavy) x = x * x * x;
  Histogram h;
  h.add(heavy);
  RealRange all = choose_range(h, RangeMethod::kMinMax, 0, 256), best = choose_range(h, RangeMethod::kMse, 0, 256);
  CHECK(best.high < 0.9 * all.high);
  CHECK(square_error(heavy, grid_for(best, DType::kInt8)) < square_error(heavy, grid_for(all, DType::kInt8)));
  Histogram n;
  values.push_back(60.0f);
  n.add(values);
  CHECK(choose_range(n, RangeMethod::kMinMax, 0, 256).high == 60);
  RealRange share = choose_range(n, RangeMethod::kPercentile, 99.9, 256);
  CHECK(share.high == Approx(3.3).margin(0.2));
  CHECK(share.low == Approx(-3.3).margin(0.2));
  RealRange entropy = choose_range(n, RangeMethod::kEntropy, 0, 256);
  CHECK(entropy.high > 2);
  CHECK(entropy.high < 60);
}

TEST_CASE("Grids: zero is always on them") {
  Quantization relu = grid_for({0, 6}, DType::kInt8);
  CHECK(relu.zero_points[0] == -128);
  CHECK(relu.scales[0] == Approx(6.0 / 255));
  Quantization both = grid_for({-1, 3}, DType::kInt8);
  CHECK(to_real(both.zero_points[0], both) == 0);
  CHECK(grid_for({-5, 0}, DType::kInt8).zero_points[0] == 127);
  Quantization wide = grid_for({-1, 3}, DType::kInt16);
  CHECK(wide.zero_points[0] == 0);
  CHECK(wide.scales[0] == Approx(3.0 / 32767));
  CHECK(grid_for({0, 0}, DType::kInt8).scales[0] == 1);  // nothing but zeros
  CHECK(grid_for({0, 1e-44}, DType::kInt8).scales[0] > 0);
}

TEST_CASE("Pixels are recognised") {
  std::vector<float> bytes, units, reals;
  for (int i = 0; i < 256; i += 3) {
    bytes.push_back(float(i)), units.push_back(float(i) / 255), reals.push_back(float(i) / 200);
  }
  auto range = [](const std::vector<float>& values) {
    PixelGrid p;
    Histogram h;
    p.add(values), h.add(values);
    return p.range(h);
  };
  CHECK(range(bytes)->high == 255);
  CHECK(range(units)->high == 1);
  CHECK(!range(reals));
  Quantization q = grid_for(*range(units), DType::kInt8);
  for (float x : units) CHECK(std::fabs(to_real(to_stored(double(x), q), q) - x) < 1e-6f);
}
