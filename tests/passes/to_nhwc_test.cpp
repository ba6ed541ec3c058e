#include <catch2/catch.hpp>

#include <algorithm>

#include "passes/pipeline.hpp"
#include "support/models.hpp"
#include "verify.hpp"

using namespace netsuke;
using namespace netsuke::test;

namespace {

int count_op(const Graph& g, const std::string& op) {
  return static_cast<int>(std::count_if(g.nodes.begin(), g.nodes.end(), [&](const Node& n) { return n.op == op; }));
}

// Runs the pass and checks that nothing changes what the model computes, not by a bit. Sums over
// reordered elements are only compared closely.
Graph converted(const std::string& text, double tolerance = 0) {
  Graph before = load_text(text), after = after_pass(text, "to-nhwc");
  INFO(to_text(before) << "\n" << to_text(after));
  for (uint32_t seed = 1; seed <= 2; seed++) {
    std::vector<Tensor> inputs = random_inputs(before, seed);
    std::vector<Tensor> expected = evaluate(before, inputs), actual = evaluate(after, inputs);
    REQUIRE(expected.size() == actual.size());
    for (size_t i = 0; i < expected.size(); i++) {
      CHECK(expected[i].shape == actual[i].shape);
      if (tolerance > 0) CHECK(relative_difference(expected[i], actual[i]) <= tolerance);
      else CHECK(expected[i] == actual[i]);
    }
  }
  return after;
}

const std::string kWeights = " <float[2,3,1,1] w = {1,2,3,-4,5,6}, float[3,2,1,1] v = {1,-2,3,4,-5,6}>";

}  // namespace

TEST_CASE("to-nhwc wraps and cancels") {
  Graph g = converted("g (float[1,3,4,5] x) => (float[1,3,4,5] y)" + kWeights +
                      " { a = Conv(x, w)  b = Relu(a)  c = MaxPool<kernel_shape=[3,3], pads=[1,1,1,1]>(b)  y = Conv(c, v) }");
  CHECK(to_text(g).substr(to_text(g).find("node")) ==
        R"(node   x/transposed: float32[1,4,5,3] = Transpose(x) {perm=[0,2,3,1]}
node   a: float32[1,4,5,2] = Conv(x/transposed, w) {dilations=[1,1], group=1, kernel_shape=[1,1], layout="NHWC", pads=[0,0,0,0], strides=[1,1]}
node   b: float32[1,4,5,2] = Relu(a)
node   c: float32[1,4,5,2] = MaxPool(b) {ceil_mode=0, dilations=[1,1], kernel_shape=[3,3], layout="NHWC", pads=[1,1,1,1], strides=[1,1]}
node   y: float32[1,4,5,3] = Conv(c, v) {dilations=[1,1], group=1, kernel_shape=[1,1], layout="NHWC", pads=[0,0,0,0], strides=[1,1]}
node   y: float32[1,3,4,5] = Transpose(y) {perm=[0,3,1,2]}
output y: float32[1,3,4,5]
)");
}

TEST_CASE("to-nhwc reshapes where only dimensions of one move") {
  Graph g = converted("g (float[1,1,9,4] x) => (float[1,2,1,1] y) <float[2,1,3,3] w = {1,2,3,4,5,6,7,8,9,9,8,7,6,5,4,3,2,1}>"
                      " { a = Conv(x, w)  y = GlobalAveragePool(a) }");
  CHECK(count_op(g, "Transpose") == 0);
  CHECK(count_op(g, "Reshape") == 2);
}

TEST_CASE("to-nhwc leaves models without feature maps alone") {
  Graph g = converted("g (float[1,4] x) => (float[2,2] y) <int64[2] s = {2,2}> { a = Relu(x)  y = Reshape(a, s) }");
  CHECK(count_op(g, "Reshape") == 1);
}

TEST_CASE("Residuals, branches and one dimension cost no transposes inside") {
  // x is used as it is and transposed: one transpose for all readers.
  Graph g = converted("g (float[1,3,4,5] x) => (float[1,3,4,5] y)" + kWeights +
                      " { a = Conv(x, w)  b = Conv(a, v)  c = Add(x, b)  d = Conv(c, w)  e = Conv(d, v)  y = Add(c, e) }");
  CHECK(count_op(g, "Transpose") == 2);
  g = converted("g (float[2,3,7] x) => (float[2,2,7] y) <float[2,3,3] w = {1,2,3,4,5,6,7,8,9,1,-2,3,-4,5,6,7,8,9}>"
                " { a = Conv<pads=[1,1]>(x, w)  b = Sigmoid(a)  y = AveragePool<kernel_shape=[3], pads=[1,1]>(b) }");
  CHECK(count_op(g, "Transpose") == 2);
  CHECK(g.nodes[0].attributes.at("perm") == Attribute(Shape{0, 2, 1}));
}

TEST_CASE("A flatten in front of Dense goes into the weights' order") {
  const std::string weights = "<float[2,3,1,1] w = {1,2,3,-4,5,6}, float[8,2] d = {1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16}>";
  for (const char* batch : {"1", "3"}) {
    std::string b = batch;
    Graph before = load_text("g (float[" + b + ",3,2,2] x) => (float[" + b + ",2] y) " + weights +
                             " { a = Conv(x, w)  f = Flatten(a)  r = Relu(f)  y = MatMul(r, d) }");
    Graph after = before;
    run_passes(after, {{"fuse-activations"}});
    CHECK(count_op(after, "Transpose") == 1);
    std::vector<Tensor> inputs = random_inputs(before, 1);
    CHECK(relative_difference(evaluate(before, inputs)[0], evaluate(after, inputs)[0]) < 1e-6);
  }
}

TEST_CASE("Transposes of channels-last exporters cancel") {
  Graph g = converted("g (float[1,4,5,3] x) => (float[1,4,5,2] y)" + kWeights +
                      " { t = Transpose<perm=[0,3,1,2]>(x)  a = Conv(t, w)  y = Transpose<perm=[0,2,3,1]>(a) }");
  CHECK(count_op(g, "Transpose") == 0);
}

TEST_CASE("Operators along axes follow") {
  const std::string head = "g (float[2,3,4,5] x) => (float[2,3,4,5] y)" + kWeights + " { a = Conv(x, w)  ";
  auto transposes = [&](const std::string& body) { return count_op(converted(head + body), "Transpose"); };
  CHECK(transposes("b = Concat<axis=1>(a, a)  c, d = Split<axis=1>(b)  y = Conv(c, v) }") == 2);
  CHECK(transposes("b = Softmax<axis=-1>(a)  y = Conv(b, v) }") == 2);
  CHECK(transposes("b = Softmax<axis=1>(a)  y = Conv(b, v) }") == 2);
}

TEST_CASE("Squeezed and unsqueezed maps stay in their order") {
  const std::string weights = " <float[2,3,1] w = {1,2,3,-4,5,6}, float[3,2,1,1] v = {1,-2,3,4,-5,6}, int64[1] ax = {2}>";
  Graph g = converted("g (float[2,3,7] x) => (float[2,3,1,7] y)" + weights + " { a = Conv(x, w)  b = Unsqueeze(a, ax)  y = Conv(b, v) }");
  CHECK(count_op(g, "Transpose") == 2);
}

TEST_CASE("A value that is needed in both orders is made once") {
  Graph g = converted("g (float[1,3,4,5] x) => (float[1,3,4,5] y, float[1,2,4,5] a)" + kWeights +
                      " { a = Conv(x, w)  y = Conv(a, v) }");
  CHECK(count_op(g, "Transpose") == 3);
  g = converted("g (float[1,3,4,5] x) => (float[40] y, float[40] z) <float[2,3,1,1] w = {1,2,3,-4,5,6}, int64[1] s = {40}>"
                " { a = Conv(x, w)  y = Reshape(a, s)  z = Reshape(a, s) }");
  CHECK(count_op(g, "Transpose") == 2);
}
