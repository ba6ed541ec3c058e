// Cross-layer equalisation changes no result, and makes channels alike.
#include "quantize/equalize.hpp"

#include "passes/pipeline.hpp"
#include "support/models.hpp"
#include "verify.hpp"

using namespace netsuke;
using namespace netsuke::test;

namespace {

Graph optimised(const std::string& text) {
  Graph g = load_text(text);
  run_passes(g, {}, {}, model_passes());
  return g;
}

// Weights whose output channels differ by a factor of 100.
const std::string kChain =
    "g (float[1,2,4,4] x) => (float[1,3] y) <float[2,2,1,1] a = {1,2,0.01,0.02}, float[2] b = {0.5,0.005},"
    " float[2,1,3,3] d = {1,2,3,4,5,6,7,8,9,1,2,3,4,5,6,7,8,9}, float[3,2] e = {1,100,2,300,-1,50}> {"
    " c = Conv(x, a, b) r = Relu(c) w = Conv<group=2, pads=[1,1,1,1]>(r, d) l = LeakyRelu<alpha=0.1>(w)"
    " p = GlobalAveragePool(l) f = Flatten(p) y = Gemm<transB=1>(f, e) }";

// Writers into and readers of a residual stream.
const std::string kResidual =
    "g (float[1,2,3,3] x) => (float[1,2,3,3] y) <float[2,2,1,1] a = {1,2,0.01,0.02}, float[2,2,1,1] b = {3,1,0.01,0.01},"
    " float[2,2,1,1] c = {1,50,2,70}> {"
    " s = Conv(x, a) t = Relu(s) u = Conv(t, b) v = Add(t, u) w = Relu(v) y = Conv(w, c) }";

double ratio_of_rows(const Tensor& w) {
  double largest[2] = {0, 0};
  auto values = w.as<float>();
  for (size_t i = 0; i < values.size(); i++) largest[i / (values.size() / 2)] = std::max(largest[i / (values.size() / 2)], std::fabs(double(values[i])));
  return largest[0] / largest[1];
}

}  // namespace

TEST_CASE("Equalisation keeps results and makes the channels of weights alike") {
  for (const std::string& text : {kChain, kResidual}) {
    Graph g = optimised(text), before = g;
    CHECK(equalize(g, {true, {}}) > 0);
    std::vector<Tensor> inputs = random_inputs(g, 5);
    CHECK(relative_difference(evaluate(before, inputs)[0], evaluate(g, inputs)[0]) < 1e-5);
    CHECK(ratio_of_rows(*before[before.nodes[0].inputs[1]].constant) == Approx(100));
    CHECK(ratio_of_rows(*g[g.nodes[0].inputs[1]].constant) < 30);
  }
}

TEST_CASE("Equalisation by activations makes their channels alike where a depthwise layer reads them") {
  Graph g = optimised(kChain), before = g;
  std::vector<std::vector<double>> ranges(g.values.size());
  for (size_t i = 0; i < g.values.size(); i++)
    if (!g.values[i].constant && g.values[i].shape.size() >= 2) ranges[i].assign(size_t(g.values[i].shape[1]), 1.0);
  ranges[size_t(g.nodes[0].outputs[0])] = {2.0, 0.1};
  CHECK(equalize(g, {false, ranges}) == 2);
  std::vector<Tensor> inputs = random_inputs(g, 5);
  CHECK(relative_difference(evaluate(before, inputs)[0], evaluate(g, inputs)[0]) < 1e-5);
  // Divided by 1 and by 0.05: the ranges are both 2 now.
  CHECK(ratio_of_rows(*g[g.nodes[0].inputs[1]].constant) == Approx(100.0 / 20));
}

TEST_CASE("What does not keep factors is left alone") {
  Graph g = optimised("g (float[1,2,3,3] x) => (float[1,2,3,3] y) <float[2,2,1,1] a = {1,2,0.01,0.02}, float z = {0}, float six = {6}>"
                      " { s = Conv(x, a) t = Clip(s, z, six) y = Conv(t, a) }");
  CHECK(equalize(g, {true, {}}) == 0);
}
