// QuantizeLinear and DequantizeLinear: their meaning, and what is refused.
#include <catch2/catch.hpp>
#include <limits>

#include "graph/quantization.hpp"
#include "support/models.hpp"

using namespace netsuke;
using namespace netsuke::test;

namespace {

std::string error_of(const std::string& text) {
  try {
    load_text(text);
  } catch (const Error& e) {
    return fmt::format("{}: {}", e.id, e.message);
  }
  return "accepted";
}

std::vector<int64_t> quantised(const std::string& zero, const std::string& type, std::vector<float> x, const std::string& scale = "2") {
  Shape shape{static_cast<int64_t>(x.size())};
  std::string n = std::to_string(x.size());
  return to_int64s(run_text("g (float[" + n + "] x) => (" + type + "[" + n + "] y) <float s = {" + scale + "}, " + type + " z = {" + zero +
                            "}> { y = QuantizeLinear(x, s, z) }", {floats(shape, std::move(x))})[0]);
}

}  // namespace

TEST_CASE("QuantizeLinear rounds halves to even, saturates, and adds the zero point last") {
  using V = std::vector<int64_t>;
  CHECK(quantised("0", "int8", {1, 3, 5, -1, -3, 4.1f, 1e9f, -1e9f}) == V{0, 2, 2, 0, -2, 2, 127, -128});
  CHECK(quantised("10", "uint8", {1, 3, -20, -21, -1e9f, 600}) == V{10, 12, 0, 0, 0, 255});
  CHECK(quantised("-5", "int16", {1e9f, -1e9f, 7}) == V{32767, -32768, -1});
  float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  CHECK(quantised("3", "int8", {nan, infinity, -infinity}) == V{-128, 127, -128});
}

TEST_CASE("Grids along an axis") {
  auto y = run_text("g (float[2,3] x) => (int8[2,3] y) <float[3] s = {1, 2, 4}, int8[3] z = {0, 1, 2}> { y = QuantizeLinear<axis = -1>(x, s, z) }",
                    {floats({2, 3}, {8, 8, 8, -8, -8, -8})});
  CHECK(to_int64s(y[0]) == std::vector<int64_t>{8, 5, 4, -8, -3, 0});
  auto back = run_text("g (int8[2,3] x) => (float[2,3] y) <float[2] s = {0.5, 2}> { y = DequantizeLinear<axis = 0>(x, s) }",
                       {make_tensor<int8_t>({2, 3}, std::vector<int8_t>{1, 2, 3, -1, -2, -3})});
  CHECK(to_doubles(back[0]) == std::vector<double>{0.5, 1, 1.5, -2, -4, -6});
}

TEST_CASE("Scales and zero points that make no grid are refused") {
  auto with = [&](const std::string& s, const std::string& z) {
    return error_of("g (float[2] x) => (int8[2] y) <" + s + ", " + z + "> { y = QuantizeLinear(x, s, z) }");
  };
  CHECK(with("float s = {0}", "int8 z = {0}") == "bad-quantization: QuantizeLinear: a scale is 0, it must be a positive number");
  CHECK(with("float s = {-1}", "int8 z = {0}") == "bad-quantization: QuantizeLinear: a scale is -1, it must be a positive number");
  CHECK(with("float[2] s = {1, 2}", "int8[3] z = {0, 0, 0}") == "bad-quantization: QuantizeLinear: it has 2 scales and 3 zero points");
  CHECK(with("float[3] s = {1, 2, 3}", "int8[3] z = {0, 0, 0}").starts_with("bad-axis"));
  CHECK(with("float[2,1] s = {1, 2}", "int8[2,1] z = {0, 0}") == "op-unsupported: QuantizeLinear: its scale has shape [2,1]: blocked quantisation");
  CHECK(error_of("g (float[2] x, float s) => (uint8[2] y) { y = QuantizeLinear(x, s) }") ==
        "op-unsupported: QuantizeLinear: its scale is computed at run time");
  CHECK(error_of("g (int32[2] x) => (float[2] y) <float s = {1}, int32 z = {1}> { y = DequantizeLinear(x, s, z) }") ==
        "op-unsupported: DequantizeLinear: its zero point is not 0, as it must be for int32");
  CHECK(error_of("g (int8[2] x) => (float[2] y) <float s = {1}, uint8 z = {1}> { y = DequantizeLinear(x, s, z) }") ==
        "bad-quantization: DequantizeLinear: its zero point is uint8, the integers are int8");
}

TEST_CASE("A scaled grid follows its constant") {
  Quantization q{{0.5f}, {3}, -1, DType::kInt8};
  auto rows = scaled(q, 0, {1, -2});
  REQUIRE(rows);
  CHECK(rows->scales == std::vector<float>{0.5f, -1});
  CHECK(rows->axis == 0);
  CHECK(to_stored(4, *rows, 1) == -1);
  CHECK(scaled(*rows, 1, {1, 2}) == std::nullopt);
  CHECK(scaled(*rows, 1, {2, 2})->scales == std::vector<float>{1, -2});
  CHECK(taken(*rows, 0, {1}).scales == std::vector<float>{-1});
  CHECK(taken(*rows, 1, {1}) == *rows);
}
