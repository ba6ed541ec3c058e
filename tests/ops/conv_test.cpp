#include <catch2/catch.hpp>

#include "support/models.hpp"

using namespace netsuke;
using namespace netsuke::test;

namespace {

const Node& only_node(const Graph& g) {
  REQUIRE(g.nodes.size() == 1);
  return g.nodes[0];
}

std::vector<float> values(const Tensor& t) { return {t.as<float>().begin(), t.as<float>().end()}; }

Tensor counting(Shape shape) {
  Tensor t(DType::kFloat32, shape);
  float next = 1;
  for (float& x : t.as<float>()) x = next++;
  return t;
}

}  // namespace

TEST_CASE("Conv gets all its attributes") {
  Graph g = load_text(R"(g (float[1,1,5,6] x) => (float[1,2,3,5] y)
      <float[2,1,3,2] w = {1,2,3,4,5,6,1,2,3,4,5,6}> { y = Conv(x, w) })");
  const Node& n = only_node(g);
  CHECK(get_ints(n, "kernel_shape") == Shape{3, 2});
  CHECK(get_ints(n, "strides") == Shape{1, 1});
  CHECK(get_ints(n, "dilations") == Shape{1, 1});
  CHECK(get_ints(n, "pads") == Shape{0, 0, 0, 0});
  CHECK(get_int(n, "group") == 1);
  CHECK(g[g.outputs[0]].shape == Shape{1, 2, 3, 5});
}

TEST_CASE("auto_pad becomes pads") {
  auto pads = [](const std::string& kind) {
    Graph g = load_text(R"(g (float[1,1,6,5] x) => (float[1,1,?,?] y)
        <float[1,1,3,2] w = {1,2,3,4,5,6}> { y = Conv<strides=[2,3], auto_pad=")" + kind + R"(">(x, w) })");
    CHECK_FALSE(has_attribute(only_node(g), "auto_pad"));
    return get_ints(only_node(g), "pads");
  };
  // Height: 3 outputs of stride 2 need 7 rows, there are 6. Width: 2 outputs of stride 3 need 5 columns.
  CHECK(pads("SAME_UPPER") == Shape{0, 0, 1, 0});
  CHECK(pads("SAME_LOWER") == Shape{1, 0, 0, 0});
  CHECK(pads("VALID") == Shape{0, 0, 0, 0});
  CHECK_THROWS_AS(pads("SOME"), Error);
}

TEST_CASE("Conv with padding, stride, dilation and bias") {
  // Rows 1..3: 1 2 3 / 4 5 6 / 7 8 9; taps two apart in width, the left one is padding for output 0.
  auto y = run_text(R"(g (float[1,1,3,3] x) => (float[1,1,2,2] y) <float[1,1,1,2] w = {1,10}, float[1] b = {0.5}>
      { y = Conv<strides=[2,1], dilations=[1,2], pads=[0,1,0,0]>(x, w, b) })", {counting({1, 1, 3, 3})});
  CHECK(y[0].shape == Shape{1, 1, 2, 2});
  CHECK(values(y[0]) == std::vector<float>{20.5, 31.5, 80.5, 97.5});
}

TEST_CASE("Conv in groups, in one dimension") {
  // Two groups of one input channel, two outputs each.
  auto y = run_text(R"(g (float[1,2,2] x) => (float[1,4,2] y) <float[4,1,1] w = {1,10,100,1000}>
      { y = Conv<group=2>(x, w) })", {counting({1, 2, 2})});
  CHECK(values(y[0]) == std::vector<float>{1, 2, 10, 20, 300, 400, 3000, 4000});
}

TEST_CASE("Conv refuses what it cannot do") {
  auto error = [](const std::string& text) {
    try {
      load_text(text);
    } catch (const Error& e) {
      return e.id;
    }
    return std::string();
  };
  CHECK(error("g (float[1,1,4,4] x, float[1,1,3,3] w) => (float[1,1,2,2] y) { y = Conv(x, w) }") == "op-unsupported");
  CHECK(error("g (float[1,1,2,2,2] x) => (float[1,1,2,2,2] y) <float[1,1,1,1,1] w = {1}> { y = Conv(x, w) }") ==
        "op-unsupported");
  CHECK(error("g (float[1,3,4,4] x) => (float[1,1,4,4] y) <float[1,2,1,1] w = {1,1}> { y = Conv(x, w) }") ==
        "shape-mismatch");
  CHECK(error("g (float[1,1,2,4] x) => (float[1,1,4,4] y) <float[1,1,3,1] w = {1,1,1}> { y = Conv(x, w) }") ==
        "shape-mismatch");
  CHECK(error("g (float[1,1,2,4] x) => (float[1,1,2,4] y) <float[1,1,1,1] w = {1}> { y = Conv<strides=[0,1]>(x, w) }") ==
        "bad-attribute");
}

TEST_CASE("MaxPool and AveragePool count what ONNX says") {
  Tensor x = counting({1, 1, 3, 3});
  auto pool = [&](const std::string& call, const std::string& shape) {
    return values(run_text("g (float[1,1,3,3] x) => (float[1,1," + shape + "] y) { y = " + call + "(x) }", {x})[0]);
  };
  CHECK(pool("MaxPool<kernel_shape=[2,2]>", "2,2") == std::vector<float>{5, 6, 8, 9});
  CHECK(pool("MaxPool<kernel_shape=[2,2], strides=[2,2], ceil_mode=1>", "2,2") == std::vector<float>{5, 6, 8, 9});
  CHECK(pool("MaxPool<kernel_shape=[2,2], dilations=[2,2]>", "1,1") == std::vector<float>{9});
  CHECK(pool("AveragePool<kernel_shape=[2,2], pads=[1,1,0,0]>", "3,3") ==
        std::vector<float>{1, 1.5, 2.5, 2.5, 3, 4, 5.5, 6, 7});
  CHECK(pool("AveragePool<kernel_shape=[2,2], pads=[1,1,0,0], count_include_pad=1>", "3,3") ==
        std::vector<float>{0.25, 0.75, 1.25, 1.25, 3, 4, 2.75, 6, 7});
  // The last window reaches past the input: what lies there is not counted even with count_include_pad.
  CHECK(pool("AveragePool<kernel_shape=[1,2], strides=[1,2], ceil_mode=1, count_include_pad=1>", "3,2") ==
        std::vector<float>{1.5, 3, 4.5, 6, 7.5, 9});
  // A window that would start in the padding at the end is left out.
  CHECK(pool("MaxPool<kernel_shape=[3,1], strides=[3,2], pads=[0,0,1,1], ceil_mode=1>", "1,2").size() == 2);
}

TEST_CASE("A pool over everything is a global pool") {
  Graph g = load_text("g (float[1,2,3,4] x) => (float[1,2,1,1] y) { y = AveragePool<kernel_shape=[3,4]>(x) }");
  CHECK(only_node(g).op == "GlobalAveragePool");
  auto y = run_text("g (float[1,2,1,2] x) => (float[1,2,1,1] y) { y = GlobalAveragePool(x) }", {counting({1, 2, 1, 2})});
  CHECK(values(y[0]) == std::vector<float>{1.5, 3.5});
  y = run_text("g (float[1,2,1,2] x) => (float[1,2,1,1] y) { y = GlobalMaxPool(x) }", {counting({1, 2, 1, 2})});
  CHECK(values(y[0]) == std::vector<float>{2, 4});
}

TEST_CASE("Softmax before opset 13 normalises whole rows") {
  const std::string old = "<ir_version: 7, opset_import: [\"\" : 11]>\n";
  const std::string model = "g (float[2,2,2] x) => (float[2,2,2] y) { y = Softmax<axis=1>(x) }";
  Tensor zero(DType::kFloat32, {2, 2, 2});
  CHECK(values(run_text(old + model, {zero})[0]) == std::vector<float>(8, 0.25f));
  CHECK(values(run_text(model, {zero})[0]) == std::vector<float>(8, 0.5f));
  // The default axis was 1, too; where only ones follow, it is a softmax over the axis itself.
  Graph g = load_text(old + "g (float[2,3,1] x) => (float[2,3,1] y) { y = Softmax(x) }");
  CHECK(get_int(only_node(g), "axis") == 1);
}

TEST_CASE("LogSoftmax does not overflow") {
  auto y = run_text("g (float[1,2] x) => (float[1,2] y) { y = LogSoftmax(x) }", {floats({1, 2}, {1000, 1000})});
  CHECK(values(y[0])[0] == Approx(-0.6931472));
}
