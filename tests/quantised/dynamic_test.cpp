// ConvInteger, MatMulInteger and DynamicQuantizeLinear: exact integers, zero points computed at run time.
#include "quantised/text.hpp"

using namespace netsuke;
using namespace netsuke::test;

namespace {

template <class T>
Tensor tensor(Shape shape, std::vector<T> values) {
  return make_tensor<T>(std::move(shape), std::span<const T>(values));
}

// What onnxruntime's quantize_dynamic writes for a Conv with a bias.
std::string dynamic_conv(const std::string& weights, const std::string& attributes, const std::string& shapes) {
  return "g " + shapes + "\n<" + weights + R"(, float s_w = {0.02}, float[1,4,1,1] b = {0.1, -0.2, 0.3, 0}>
  { r = Relu(x)
    q, s, z = DynamicQuantizeLinear(r)
    c = ConvInteger<)" + attributes + R"(>(q, w, z, z_w)
    f = Cast<to=1>(c)
    t = Mul(s, s_w)
    m = Mul(f, t)
    y = Add(m, b) })";
}

const std::string kMatMul = R"(g (float[2,3,5] x) => (float[2,3,4] y)
  <uint8[5,4] w = {1,2,3,4, 250,6,7,8, 9,10,110,12, 13,14,15,160, 17,18,19,20}, uint8 z_w = {9}, float s_w = {0.02}>
  { q, s, z = DynamicQuantizeLinear(x)
    c = MatMulInteger(q, w, z, z_w)
    f = Cast<to=1>(c)
    t = Mul(s, s_w)
    y = Mul(f, t) })";

}  // namespace

TEST_CASE("MatMulInteger and ConvInteger sum exactly, zero points taken off") {
  auto y = run_text(R"(g (uint8[2,2] a) => (int32[2,2] y) <int8[2,2] b = {1, -2, 3, 4}, uint8[2] za = {1, 2}, int8[2] zb = {0, 1}>
    { y = MatMulInteger(a, b, za, zb) })", {tensor<uint8_t>({2, 2}, {0, 255, 10, 2})});
  CHECK(y[0] == tensor<int32_t>({2, 2}, {-1 * 1 + 254 * 3, -1 * -3 + 254 * 3, 8 * 1, 8 * -3}));
  // The padding counts as the zero point, which is nothing.
  y = run_text(R"(g (uint8[1,1,2,2] x, uint8 z) => (int32[1,1,2,2] y) <uint8[1,1,2,2] w = {1, 2, 3, 4}, uint8 zw = {1}>
    { y = ConvInteger<pads=[0,0,1,1]>(x, w, z, zw) })", {tensor<uint8_t>({1, 1, 2, 2}, {5, 6, 7, 8}), tensor<uint8_t>({}, {5})});
  CHECK(y[0] == tensor<int32_t>({1, 1, 2, 2}, {1 + 4 + 9, 2 + 3 * 2 * 1 - 2 + 0 * 3, 3, 0}));
}

TEST_CASE("DynamicQuantizeLinear takes the finest grid that holds 0 and all values") {
  auto quantised = [](std::vector<float> x) {
    int64_t n = static_cast<int64_t>(x.size());
    std::string size = std::to_string(n);
    return run_text("g (float[" + size + "] x) => (uint8[" + size + "] y, float s, uint8 z) { y, s, z = DynamicQuantizeLinear(x) }",
                    {floats({n}, std::move(x))});
  };
  auto y = quantised({-1, 0, 1.55f});
  CHECK(y[1].as<float>()[0] == 2.55f / 255);
  CHECK(y[2].as<uint8_t>()[0] == 100);
  CHECK(y[0] == tensor<uint8_t>({3}, {0, 100, 255}));
  y = quantised({0, 0});
  CHECK(y[1].as<float>()[0] == 1.0f);
  CHECK(y[0] == tensor<uint8_t>({2}, {0, 0}));
  y = quantised({-2.55f, -0.01f});
  CHECK(y[2].as<uint8_t>()[0] == 255);
}

TEST_CASE("integer products that are refused") {
  auto message = [](const std::string& text) {
    try {
      load_text(text);
    } catch (const Error& e) {
      return e.message;
    }
    return std::string();
  };
  CHECK(message("g (uint8[1,1,2,2] x, int8[1,1,1,1] w) => (int32[1,1,2,2] y) { y = ConvInteger(x, w) }").find("weights are computed at run time") != std::string::npos);
  CHECK(message("g (uint8[2,2] x, uint8[2,2] w, uint8[3] z) => (int32[2,2] y) { y = MatMulInteger(x, w, z) }").find("3 zero points") != std::string::npos);
  CHECK(message("g (uint8[2,2] x, uint8[2,2] w, int8 z) => (int32[2,2] y) { y = MatMulInteger(x, w, z) }").find("its zero point int8") != std::string::npos);
  CHECK(message("g (uint8[1,40000] x, uint8[40000,1] w) => (int32[1,1] y) { y = MatMulInteger(x, w) }").find("40000 products") != std::string::npos);
  CHECK(message("g (int32[2,2] x, uint8[2,2] w) => (int32[2,2] y) { y = MatMulInteger(x, w) }").find("int32") != std::string::npos);
}

TEST_CASE("maps between a dynamic quantisation and a ConvInteger are channels last without transposes") {
  std::string conv = "int8[4,4,1,1] w = {" + ints(16, -127, 127) + "}, int8 z_w = {0}";
  Graph g = without(load_text(R"(g (float[1,2,5,5] x) => (float[1,4,1,1] y)
    <float[4,2,3,3] v = {)" + ints(72, -3, 3) + "}, " + conv + R"(>
    { c = Conv(x, v)
      q, s, z = DynamicQuantizeLinear(c)
      i = ConvInteger(q, w, z)
      f = Cast<to=1>(i)
      m = Mul(f, s)
      y = GlobalAveragePool(m) })"), {});
  CHECK(ops(g) == "Transpose Conv DynamicQuantizeLinear ConvInteger Cast Mul GlobalAveragePool Reshape");
}

TEST_CASE("code for integer products and dynamic quantisation", "[codegen]") {
  std::string shapes = "(float[1,2,6,6] x) => (float[1,4,6,6] y)";
  std::vector<GeneratedCase> cases{
      {"dynamic_conv", dynamic_conv("int8[4,2,3,3] w = {" + ints(72, -127, 127) + "}, int8 z_w = {0}", "pads=[1,1,1,1]", shapes)},
      {"dynamic_unsigned", dynamic_conv("uint8[4,2,3,3] w = {" + ints(72, 0, 255) + "}, uint8 z_w = {120}", "pads=[1,1,1,1]", shapes)},
      {"dynamic_channels", dynamic_conv("uint8[4,2,3,3] w = {" + ints(72, 0, 255) + "}, uint8[4] z_w = {120, 0, 128, 255}", "pads=[1,1,1,1]", shapes)},
      {"dynamic_group", dynamic_conv("int8[4,1,3,3] w = {" + ints(36, -127, 127) + "}, int8 z_w = {0}", "pads=[1,1,1,1], group=2", shapes)},
      {"dynamic_1d", "g (uint8[1,2,6] x, uint8 z) => (int32[1,3,3] y) <int8[3,2,3] w = {" + ints(18, -127, 127) + "}> { y = ConvInteger<strides=[2], pads=[1,0]>(x, w, z) }"},
      {"dynamic_matmul", kMatMul},
      {"run_time_sides", "g (uint8[2,3,4] a, int8[2,4,5] b, uint8 za, int8 zb) => (int32[2,3,5] y) { y = MatMulInteger(a, b, za, zb) }"},
      {"columns", "g (uint8[3,4] a, int8[4,5] b, int8[5] zb) => (int32[3,5] y) <uint8[3] za = {1, 2, 3}> { y = MatMulInteger(a, b, za, zb) }"},
      {"vector", "g (uint8[4] a) => (int32[5] y) <int8[4,5] b = {" + ints(20, -127, 127) + "}> { y = MatMulInteger(a, b) }"},
      {"zeros", "g (float[4] a) => (uint8[4] y, float s, uint8 z) { b = Sub(a, a)\n y, s, z = DynamicQuantizeLinear(b) }"},
  };
  for (GeneratedCase& c : cases) c.tolerance = 1e-6;
  check_generated(cases);
}
