// Which 3x3 convolutions become winograd_s8, and what keeps the others from it.
#include "lower/lowering.hpp"
#include "quantised/text.hpp"

using namespace netsuke;
using namespace netsuke::test;

namespace {

struct Layer {
  int channels = 16, height = 8, width = 8;
  std::string attributes = "pads=[1,1,1,1]";
  std::string bias = "0";  // of each output channel
  int weight = 127;        // all weights lie within +-weight
};

Graph graph_of(const Layer& l) {
  const std::string c = fmt::format("{}", l.channels);
  std::string bias = l.bias;
  for (int i = 1; i < l.channels; i++) bias += ", " + l.bias;
  Text t;
  t.grid("x", "int8", 0.01, 3).grid("w", "int8", 0.01, 0).grid("y", "int8", 0.05, -5).round("x", "dx", "x");
  t.constant("int8[" + c + "," + c + ",3,3] w", ints(int64_t{9} * l.channels * l.channels, -l.weight, l.weight));
  t.constant("int32[" + c + "] b", bias).constant("float s_b", "0.0001").node("db = DequantizeLinear(b, s_b)");
  t.node("dw = DequantizeLinear(w, s_w, z_w)").node("c = Conv<" + l.attributes + ">(dx, dw, db)").round("c", "y", "y");
  const std::string in = fmt::format("float[1,{},{},{}] x", l.channels, l.height, l.width);
  return without(load_text(t.model("(" + in + ") => (float[n,c,h,w] y)")), {});
}

std::string kernels(const Layer& l, const PackChoice& pack) {
  std::string found;
  for (const Call& c : lower(graph_of(l), pack).calls)
    if (c.kernel.find("_s8") != std::string::npos) found += (found.empty() ? "" : " ") + c.kernel;
  return found;
}

constexpr PackChoice kWinograd{.winograd = 2}, kRows{.winograd_rows = true}, kBoth{.winograd = 2, .winograd_rows = true};

}  // namespace

TEST_CASE("3x3 convolutions with enough channels go through Winograd where it is wanted") {
  CHECK(kernels({}, kWinograd) == "winograd_s8");
  CHECK(kernels({}, {}) == "conv2d_s8");
  CHECK(kernels({.channels = 32, .height = 7, .width = 12, .attributes = "pads=[0,1,2,0]"}, kWinograd) == "winograd_s8");
  CHECK(kernels({.channels = 8}, kWinograd) == "conv2d_s8");
  CHECK(kernels({.channels = 18}, kWinograd) == "conv2d_s8");
  CHECK(kernels({.attributes = "pads=[1,1,1,1], strides=[2,2]"}, kWinograd) == "conv2d_s8");
  CHECK(kernels({.attributes = "pads=[1,1,1,1], dilations=[2,2]"}, kWinograd) == "conv2d_s8");
  // Most patches would hang over the edges.
  CHECK(kernels({.height = 1, .width = 1}, kWinograd) == "conv2d_s8");
}

TEST_CASE("layers whose bounds do not hold keep the direct kernel") {
  CHECK(kernels({.bias = "200000000"}, kWinograd) == "winograd_s8");
  CHECK(kernels({.bias = "270000000"}, kWinograd) == "conv2d_s8");
}

TEST_CASE("three wide convolutions go through Winograd by rows where that is wanted") {
  CHECK(kernels({}, kRows) == "winograd_rows_s8");
  CHECK(kernels({}, kBoth) == "winograd_s8");
  CHECK(kernels({.attributes = "pads=[1,1,1,1], strides=[2,1]"}, kBoth) == "winograd_rows_s8");
  CHECK(kernels({.attributes = "pads=[1,1,1,1], strides=[1,2]"}, kBoth) == "conv2d_s8");
  CHECK(kernels({.channels = 8}, kRows) == "conv2d_s8");
  CHECK(kernels({.channels = 48}, kRows) == "conv2d_s8");  // too much for the stack
  CHECK(kernels({.width = 1}, kRows) == "conv2d_s8");
  CHECK(kernels({.bias = "530000000"}, kBoth) == "winograd_rows_s8");
  CHECK(kernels({.bias = "540000000"}, kBoth) == "conv2d_s8");
  for (const Call& c : lower(graph_of({}), kRows).calls)
    if (c.kernel == "winograd_rows_s8") CHECK(c.row_form.has_value());
}

TEST_CASE("scratch memory of few channels is on the stack, that of many in the arena") {
  auto arguments = [](const Layer& l) {
    for (const Call& c : lower(graph_of(l), kWinograd).calls)
      if (c.kernel == "winograd_s8") return c.arguments;
    return std::vector<Argument>{};
  };
  CHECK(arguments({}).size() == 5);
  std::vector<Argument> many = arguments({.channels = 32});
  REQUIRE(many.size() == 6);
  CHECK(many[4].access == Access::kScratch);
}
