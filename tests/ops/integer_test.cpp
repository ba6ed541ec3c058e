// Requantising and its numbers, against arithmetic in long double.
#include "ops/integer_wide.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "graph/quantization.hpp"
#include "support/models.hpp"

using namespace netsuke;
using namespace netsuke::test;

namespace {

Value on_grid(std::string name, DType type, float scale, int32_t zero) {
  return Value{std::move(name), type, {4}, nullptr, per_tensor_grid(scale, zero, type)};
}

struct OneNode {
  Graph g;
  Node n;
};

OneNode one_node(const std::string& op, std::vector<Value> inputs, Value output) {
  OneNode o;
  o.n.op = op;
  o.n.name = "n";
  for (Value& v : inputs) o.n.inputs.push_back(add_value(o.g, std::move(v)));
  o.n.outputs.push_back(add_value(o.g, std::move(output)));
  return o;
}

}  // namespace

TEST_CASE("Multipliers have 31 bits or the shift of 32") {
  OneNode o = one_node("Mul", {on_grid("a", DType::kInt8, 0.1f, 0), on_grid("b", DType::kInt8, 0.1f, 0)}, on_grid("y", DType::kInt8, 1, 3));
  Requantisation r = requantisation(o.g, o.n, {0.001, 0.4});
  CHECK(r.shift == 32);
  CHECK(r.multipliers == std::vector<int32_t>{4294967, 1717986918});
  CHECK(requantisation(o.g, o.n, {0.5}).shift == 31);
  CHECK(requantisation(o.g, o.n, {100.0}).shift == 24);
  CHECK(requantisation(o.g, o.n, {1e-6}).shift == 50);  // 32 would leave 13 bits
  CHECK(requantisation(o.g, o.n, {0.0}).multipliers[0] == 0);
  CHECK(requantisation(o.g, o.n, {-0.25}).multipliers[0] == -1073741824);
}

TEST_CASE("Requantising rounds to the nearest, halves up, and clamps") {
  std::mt19937 random(1);
  for (int i = 0; i < 20000; i++) {
    double factor = std::ldexp(std::uniform_real_distribution<double>(0.5, 1)(random), -int(random() % 30));
    OneNode o = one_node("Mul", {on_grid("a", DType::kInt8, 1, 0), on_grid("b", DType::kInt8, 1, 0)}, on_grid("y", DType::kInt8, 1, int(random() % 256) - 128));
    Requantisation r = requantisation(o.g, o.n, {factor});
    auto acc = static_cast<int32_t>(random());
    long double exact = std::ldexp(static_cast<long double>(acc) * r.multipliers[0], -r.shift);
    auto expected = std::clamp<long double>(std::floor(exact + 0.5L) + r.zero_point, -128, 127);
    REQUIRE(requantise(r, acc, 0) == static_cast<int32_t>(expected));
  }
  OneNode o = one_node("Mul", {on_grid("a", DType::kInt8, 1, 0), on_grid("b", DType::kInt8, 1, 0)}, on_grid("y", DType::kInt8, 1, 0));
  Requantisation half = requantisation(o.g, o.n, {0.5});
  CHECK(requantise(half, 3, 0) == 2);
  CHECK(requantise(half, -3, 0) == -1);
  CHECK(requantise_half_even(half, 3, 0) == 2);
  CHECK(requantise_half_even(half, 5, 0) == 2);
  CHECK(requantise_half_even(half, -3, 0) == -2);
  CHECK(requantise_half_even(half, -5, 0) == -2);
}

TEST_CASE("Sums of two grids stay in 32 bits and within a step of the real sum") {
  std::mt19937 random(2);
  auto scale = [&] { return std::ldexp(std::uniform_real_distribution<float>(0.5f, 1)(random), -int(random() % 12)); };
  for (int i = 0; i < 3000; i++) {
    OneNode o = one_node(i % 2 ? "Add" : "Sub", {on_grid("a", DType::kInt8, scale(), int(random() % 256) - 128), on_grid("b", DType::kInt8, scale(), int(random() % 256) - 128)},
                         on_grid("y", DType::kInt8, scale(), int(random() % 256) - 128));
    SmallSum s = small_sum(o.g, o.n);
    REQUIRE(s.shift >= 1);
    for (int64_t a : {-128, -1, 0, 77, 127})
      for (int64_t b : {-128, 0, 3, 127}) {
        int64_t sum = a * s.multiplier_a + b * s.multiplier_b + s.offset;
        REQUIRE(std::abs(sum) < (int64_t{1} << 31));
        double real = double(to_real(a, *o.g[0].quantization)) + (i % 2 ? 1 : -1) * double(to_real(b, *o.g[1].quantization));
        double exact = std::clamp(real / double(o.g[2].quantization->scales[0]) + o.g[2].quantization->zero_points[0], -128.0, 127.0);
        REQUIRE(std::abs(double(std::clamp<int64_t>(sum >> s.shift, -128, 127)) - exact) < 0.52);
      }
  }
}

TEST_CASE("Sums of 16 bits are within a hundredth of a step of the real sum before they round") {
  std::mt19937 random(3);
  auto scale = [&] { return std::ldexp(std::uniform_real_distribution<float>(0.5f, 1)(random), -int(random() % 12)); };
  auto zero = [&] { return int(random() % 65536) - 32768; };
  for (int i = 0; i < 3000; i++) {
    DType second = i % 3 ? DType::kInt16 : DType::kInt8;
    OneNode o = one_node(i % 2 ? "Add" : "Sub", {on_grid("a", DType::kInt16, scale(), zero()), on_grid("b", second, scale(), second == DType::kInt8 ? 5 : zero())},
                         on_grid("y", DType::kInt16, scale(), zero()));
    REQUIRE(is_wide_sum(o.g, o.n));
    WideSum s = wide_sum(o.g, o.n);
    REQUIRE(std::max(std::abs(int64_t{s.multiplier_a}), std::abs(int64_t{s.multiplier_b})) <= 1 << 29);
    for (int64_t a : {-32768, -1, 0, 7777, 32767})
      for (int64_t b : {-128, 0, 3, 127}) {
        double real = double(a - s.zero_a) * double(o.g[0].quantization->scales[0]) + (i % 2 ? 1 : -1) * double(b - s.zero_b) * double(o.g[1].quantization->scales[0]);
        double exact = std::clamp(real / double(o.g[2].quantization->scales[0]) + s.zero, -32768.0, 32767.0);
        REQUIRE(std::abs(double(wide_sum_of(s, a, b)) - exact) < 0.51);
      }
  }
}

TEST_CASE("Products that may need more than 32 bits have multipliers that leave room") {
  auto product = [](int zero_a, int zero_b) {
    return one_node("Mul", {on_grid("a", DType::kInt16, 0.01f, zero_a), on_grid("b", DType::kInt16, 0.01f, zero_b)}, on_grid("y", DType::kInt16, 2, 3));
  };
  OneNode fits = product(0, 0), wide = product(-32768, 32767);
  CHECK(!has_wide_products(fits.g, fits.n));
  REQUIRE(has_wide_products(wide.g, wide.n));
  Requantisation r = sum_requantisation(wide.g, wide.n);
  CHECK(r.multipliers[0] > 1 << 28);
  CHECK(r.multipliers[0] <= 1 << 30);
  CHECK(requantise(r, int64_t{65535} * 65535, 0) == 32767);
  CHECK(requantise(r, int64_t{-65535} * 6001, 0) == 3 - 19664);  // 393,275,535 * 0.0001 / 2 = 19663.8
}

TEST_CASE("Parabolas follow functions within a step, kinks are stored, and what has neither is refused") {
  auto chosen = [](const std::string& op, float in, int zero_in, float out, int zero_out, DType type = DType::kInt16) {
    OneNode o = one_node(op, {on_grid("x", DType::kInt16, in, zero_in)}, on_grid("y", type, out, zero_out));
    o.n.attributes = {{"alpha", 0.1f}};
    if (!choose_table(o.g, o.n, *o.g[0].quantization, *o.g[1].quantization)) return -1;
    SegmentTable t = segment_table(o.g, o.n);
    Tensor exact = to_grid(function_values(o.g, o.n, *o.g[0].quantization, -32768, 65536), *o.g[1].quantization);
    std::vector<int64_t> y = to_int64s(exact);
    int wrong = 0;
    for (int64_t x = -32768; x < 32768; x++) {
      int64_t away = std::abs(table_value(t, x) - y[static_cast<size_t>(x + 32768)]);
      REQUIRE(away <= 1);
      wrong += away != 0;
    }
    CHECK(wrong < (op == "LeakyRelu" ? 2000 : 1024));  // a tenth has exact halves
    return static_cast<int>(t.exact.size());
  };
  CHECK(chosen("Sigmoid", 0.0003f, 0, 1.0f / 32768, 0) == 0);
  CHECK(chosen("Sigmoid", 0.0003f, -17, 1.0f / 65536, -32768) == 0);
  CHECK(chosen("Sigmoid", 0.0003f, -17, 1.0f / 256, -128, DType::kInt8) == 0);
  CHECK(chosen("LeakyRelu", 0.0003f, -17, 0.0003f, -17) == 0);  // its kink is at the real 0
  CHECK(chosen("HardSwish", 0.0003f, 0, 0.0003f, 0) == 2);
  CHECK(chosen("Tanh", 0.0003f, 32767, 1.0f / 40000, 0) >= 1);  // it is clamped on the way down
  CHECK(chosen("Log", 0.0003f, -32768, 0.0003f, 0) == -1);
}

TEST_CASE("Relu and Clip become limits") {
  OneNode o = one_node("Add", {on_grid("a", DType::kInt8, 1, 0), on_grid("b", DType::kInt8, 1, 0)}, on_grid("y", DType::kInt8, 0.1f, -28));
  auto limits = [&](std::vector<Activation> a) {
    o.n.activations = std::move(a);
    Limits l = limits_of(o.n, *o.g[2].quantization);
    return std::pair(l.low, l.high);
  };
  CHECK(limits({}) == std::pair(-128, 127));
  CHECK(limits({{"relu", {}}}) == std::pair(-28, 127));
  CHECK(limits({{"clip", {0, 6}}}) == std::pair(-28, 32));
  CHECK(limits({{"relu", {}}, {"clip", {-3, 1}}}) == std::pair(-28, -18));
  CHECK(limits({{"clip", {-100, 100}}}) == std::pair(-128, 127));
}
