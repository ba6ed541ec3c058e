#include "passes/random_models.hpp"
#include "passes/support.hpp"

using namespace netsuke;
using namespace netsuke::test;

TEST_CASE("per-channel arithmetic behind a Conv goes into its weights, chains of it too") {
  Graph g = load_text(R"(g (float[1,1,2,2] x) => (float[1,2,2,2] y)
    <float[2,1,1,1] w = {1, 2}, float[2] b = {3, 4}, float[2,1,1] s = {10, 100}, float[1,2,1,1] t = {0.5, 1},
     float half = {0.5}, float one = {1}>
    { c = Conv(x, w, b)
      d = Mul(c, s)
      e = Add(t, d)
      f = Div(e, half)
      y = Sub(one, f) })");
  Graph h = with_only(g, {"fuse-batch-norm"});
  CHECK(ops(h) == "Conv");
  CHECK(constant(h, node(h, "Conv").inputs[1]) == std::vector<float>{-20, -400});
  CHECK(constant(h, node(h, "Conv").inputs[2]) == std::vector<float>{-60, -801});
  CHECK(difference(g, h) < 1e-6);
}

TEST_CASE("arithmetic in front of a Conv goes into its weights unless a border would see it") {
  auto fused = [](const std::string& op, const std::string& pads) {
    std::string size = pads == "0,0,0,0" ? "2,2" : "4,4";
    Graph g = load_text("g (float[1,2,4,4] x) => (float[1,1," + size + R"(] y)
      <float[1,2,3,3] w = {1,2,3,4,5,6,7,8,9, 9,8,7,6,5,4,3,2,1}, float[2,1,1] s = {10, 100}>
      { c = )" + op + "(x, s)\n y = Conv<pads=[" + pads + "]>(c, w) }");
    Graph h = with_only(g, {"fuse-batch-norm"});
    CHECK(difference(g, h) < 1e-6);
    return ops(h);
  };
  CHECK(fused("Add", "0,0,0,0") == "Conv");
  CHECK(fused("Mul", "0,0,0,0") == "Conv");
  CHECK(fused("Mul", "1,1,1,1") == "Conv");
  CHECK(fused("Add", "1,1,1,1") == "Add Conv");
}

TEST_CASE("arithmetic around a depthwise Conv finds its channels") {
  Graph g = load_text(R"(g (float[1,2,2,2] x) => (float[1,4,2,2] y)
    <float[4,1,1,1] w = {1, 2, 3, 4}, float[2,1,1] s = {10, 100}, float[4,1,1] t = {1, 2, 3, 4}>
    { c = Add(x, s)
      d = Conv<group=2>(c, w)
      y = Mul(d, t) })");
  Graph h = with_only(g, {"fuse-batch-norm"});
  CHECK(constant(h, node(h, "Conv").inputs[1]) == std::vector<float>{1, 4, 9, 16});
  CHECK(constant(h, node(h, "Conv").inputs[2]) == std::vector<float>{10, 40, 900, 1600});
  CHECK(difference(g, h) < 1e-6);
}

TEST_CASE("nothing is fused past a second reader, an output or an activation") {
  std::string head = "<float[1,1,1,1] w = {2}, float s = {3}> ";
  auto after = [&](const std::string& io, const std::string& body) {
    Graph g = load_text("g (float[1,1,2,2] x) => " + io + head + body);
    return ops(with_only(g, {"fuse-batch-norm", "fuse-activations"}));
  };
  std::string y = "(float[1,1,2,2] y)", yc = "(float[1,1,2,2] y, float[1,1,2,2] c)";
  CHECK(after(yc, "{ c = Conv(x, w)\n y = Mul(c, s) }") == "Conv Mul");
  CHECK(after(yc, "{ c = Conv(x, w)\n y = Relu(c) }") == "Conv Relu");
  CHECK(after(y, "{ c = Conv(x, w)\n d = Mul(c, s)\n y = Add(d, c) }") == "Conv Mul Add");
  CHECK(after(y, "{ c = Conv(x, w)\n d = Relu(c)\n y = Mul(d, s) }") == "Conv|relu Mul");
  CHECK(after(y, "{ c = Conv(x, w)\n d = Mul(c, s)\n y = Relu(d) }") == "Conv|relu");
}

TEST_CASE("MatMul and Add on sequences become one Dense") {
  Graph g = load_text(R"(g (float[2,3,2] x) => (float[2,3,2] y)
    <float[2,2] w = {1, 2, 3, 4}, float[2] b = {5, 6}> { c = MatMul(x, w)
      d = Add(b, c)
      y = Relu(d) })");
  Graph h = without(g, {});
  CHECK(ops(h) == "Dense|relu");
  CHECK(difference(g, h) < 1e-6);
}

TEST_CASE("a Reshape between a Conv and its activation does not stand in the way") {
  Graph g = load_text(R"(g (float[1,1,2,2] x) => (float[1,8] y)
    <float[2,1,1,1] w = {1, 2}> { c = Conv(x, w)
      f = Flatten(c)
      t = Tanh(f)
      y = Relu(t) })");
  Graph h = with_only(g, {"fuse-activations"});
  CHECK(ops(h) == "Conv|tanh|relu Reshape");
  CHECK(difference(g, h) == 0);
}

TEST_CASE("equal work is done once, equal constants are kept once") {
  Graph g = load_text(R"(g (float[1,1,2,2] x) => (float[1,1,2,2] y)
    <float[1,1,1,1] w = {2}, float[1,1,1,1] v = {2}>
    { a = Conv(x, w)
      b = Conv(x, v)
      p = Relu(a)
      q = Relu(b)
      y = Add(p, q) })");
  Graph h = with_only(g, {"merge-duplicates"});
  CHECK(ops(h) == "Conv Relu Add");
  CHECK(difference(g, h) == 0);
  Graph other = load_text(R"(g (float[1,1,4,4] x) => (float[1,1,4,4] y)
    { a = LeakyRelu<alpha=0.5>(x)
      b = LeakyRelu<alpha=0.25>(x)
      y = Add(a, b) })");
  CHECK(ops(with_only(other, {"merge-duplicates"})) == "LeakyRelu LeakyRelu Add");
}

TEST_CASE("nodes that change nothing go") {
  Graph g = load_text(R"(g (float[2,3] x) => (float[2,3] y)
    <float one = {1}, float[3] zeros = {0, 0, 0}, float[1,3] ones = {1, 1, 1}>
    { a = Mul(x, one)
      b = Add(zeros, a)
      c = Div(b, ones)
      d = Sub(c, zeros)
      e = Identity(d)
      f = Relu(e)
      y = Mul(f, one) })");
  Graph h = with_only(g, {"remove-identities"});
  CHECK(ops(h) == "Relu Reshape");
  CHECK(difference(g, h) == 0);
  Graph wider = load_text(R"(g (float[3] x) => (float[2,3] y) <float[2,1] ones = {1, 1}> { y = Mul(x, ones) })");
  CHECK(ops(with_only(wider, {"remove-identities"})) == "Mul");
  Graph turned = load_text(R"(g (float[3] x) => (float[3] y) <float one = {1}> { y = Div(one, x) })");
  CHECK(ops(with_only(turned, {"remove-identities"})) == "Div");
}

TEST_CASE("what becomes constant is computed") {
  Graph g = load_text(R"(g (float[2] x) => (float[2] y) { r = Relu(x)
    y = Add(x, r) })");
  Tensor value = floats({2}, {-1, 2});
  g[node(g, "Relu").inputs[0]].constant = std::make_shared<const Tensor>(value);
  g.inputs.clear();
  Graph h = with_only(g, {"fold-constants"});
  CHECK(h.nodes.empty());
  CHECK(constant(h, h.outputs[0]) == std::vector<float>{-1, 4});
}

namespace {

// The operators left of `body`, which makes y from x with float constants, checked against the original.
std::string recognised(const std::string& body, double tolerance = 1e-6) {
  Graph g = load_text("g (float[2,300] x) => (float[2,300] y) <float one = {1}, float half = {0.5}, float six = {6}, "
                      "float zero = {0}, float three = {3}, float sixth = {0.16666667}, float root = {1.4142135}, "
                      "float reciprocal = {0.70710677}, float tenth = {0.1}, float two = {2}, "
                      "float cubic = {0.044715}, float k = {0.7978846}> { " + body + " }");
  Graph h = with_only(g, {"recognise-activations"});
  INFO(to_text(h));
  CHECK(difference(g, h) < tolerance);
  return ops(h);
}

}  // namespace

TEST_CASE("arithmetic that spells an activation is recognised") {
  CHECK(recognised("m = Mul(x, tenth)\n y = Max(x, m)") == "LeakyRelu");
  CHECK(recognised("m = Mul(two, x)\n y = Max(x, m)") == "Mul Max");
  CHECK(recognised("y = PRelu(x, tenth)") == "LeakyRelu");
  CHECK(recognised("y = Max(x, zero)") == "Relu");
  CHECK(recognised("s = Sigmoid(x)\n y = Mul(s, x)") == "Silu");
  CHECK(recognised("h = HardSigmoid<alpha=0.16666667, beta=0.5>(x)\n y = Mul(x, h)") == "HardSwish");
  CHECK(recognised("h = HardSigmoid(x)\n y = Mul(x, h)") == "HardSigmoid Mul");
  CHECK(recognised("s = Softplus(x)\n t = Tanh(s)\n y = Mul(x, t)") == "Mish");
  CHECK(recognised("u = Mul(x, two)\n s = Sigmoid(u)\n y = Mul(u, s)") == "Mul Silu");
  CHECK(recognised("s = Sigmoid(x)\n m = Mul(x, s)\n y = Mul(m, two)") == "Silu Mul");
}

TEST_CASE("Gelu is recognised in its spellings") {
  CHECK(recognised("d = Div(x, root)\n e = Erf(d)\n p = Add(e, one)\n m = Mul(x, p)\n y = Mul(m, half)") == "Gelu");
  CHECK(recognised("d = Mul(x, reciprocal)\n e = Erf(d)\n p = Add(one, e)\n h = Mul(x, half)\n y = Mul(h, p)") == "Gelu");
  CHECK(recognised("d = Mul(x, half)\n e = Erf(d)\n p = Add(one, e)\n h = Mul(x, half)\n y = Mul(h, p)") ==
        "Mul Erf Add Mul Mul");
  std::string tail = "t = Tanh(s)\n p = Add(t, one)\n h = Mul(half, x)\n y = Mul(h, p)";
  CHECK(recognised("q = Pow(x, three)\n r = Mul(q, cubic)\n a = Add(x, r)\n s = Mul(a, k)\n" + tail) == "Gelu");
  CHECK(recognised("q = Mul(x, x)\n r = Mul(q, x)\n c = Mul(cubic, r)\n a = Add(c, x)\n s = Mul(k, a)\n" + tail) == "Gelu");
  CHECK(recognised("q = Mul(x, x)\n r = Mul(q, cubic)\n a = Add(r, one)\n b = Mul(x, k)\n s = Mul(b, a)\n" + tail) == "Gelu");
}

TEST_CASE("every pass by itself and all together keep what random models compute") {
  for (uint32_t seed = 100; seed < 130; seed++) {
    Graph g = random_model({seed, 5, 0.15, 0.1, {"Add", "Mul", "Concat"}});
    INFO("seed " << seed << "\n" << to_text(g));
    for (const Pass& pass : pipeline()) {
      INFO("pass " << pass.name);
      CHECK(difference(g, with_only(g, {std::string(pass.name)}), 1) < 1e-5);
    }
    CHECK(difference(g, without(g, {}), 1) < 1e-5);
  }
}
