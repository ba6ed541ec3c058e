#include "passes/random_models.hpp"
#include "passes/support.hpp"

using namespace netsuke;
using namespace netsuke::test;

namespace {

Graph with_dead_channels_removed(const Graph& g) { return with_only(g, {"remove-dead-channels"}); }

// x -> Conv (3 filters, filter 1 zero, bias 2) -> Relu -> Conv (1x1 or 3x3, padded or not)
std::string two_convs(const std::string& bias, const std::string& window, const std::string& taps) {
  return R"(g (float[1,1,4,4] x) => (float[1,1,)" + window + R"(] y)
    <float[3,1,1,1] w = {1.5, 0, -2}, float[3] b = {)" + bias + "}, float[1,3," + taps + R"(}>
    { c = Conv(x, w, b)
      r = Relu(c) )";
}

}  // namespace

TEST_CASE("a zero filter goes, its constant moves into the next bias") {
  std::string nine = "3,3] v = {1,2,3,4,5,6,7,8,9, 1,1,1,1,1,1,1,1,1, 9,8,7,6,5,4,3,2,1";
  SECTION("without padding any constant does") {
    Graph g = load_text(two_convs("0.5, 2, 0.25", "2,2", nine) + "y = Conv(r, v) }");
    Graph h = with_dead_channels_removed(g);
    CHECK(h[node(h, "Conv").outputs[0]].shape == Shape{1, 2, 4, 4});
    CHECK(constant(h, node(h, "Conv").inputs[1]) == std::vector<float>{1.5, -2});
    CHECK(constant(h, node(h, "Conv").inputs[2]) == std::vector<float>{0.5, 0.25});
    CHECK(constant(h, node(h, "Conv", 1).inputs[2]) == std::vector<float>{18});  // relu(2) * 9 taps of 1
    CHECK(difference(g, h) == 0);
  }
  SECTION("with padding a constant that is not 0 stays") {
    Graph g = load_text(two_convs("0.5, 2, 0.25", "4,4", nine) + "y = Conv<pads=[1,1,1,1]>(r, v) }");
    Graph h = with_dead_channels_removed(g);
    CHECK(h[node(h, "Conv").outputs[0]].shape == Shape{1, 3, 4, 4});
  }
  SECTION("with padding a constant 0 goes, here behind the Relu") {
    Graph g = load_text(two_convs("0.5, -2, 0.25", "4,4", nine) + "y = Conv<pads=[1,1,1,1]>(r, v) }");
    Graph h = with_dead_channels_removed(g);
    CHECK(h[node(h, "Conv").outputs[0]].shape == Shape{1, 2, 4, 4});
    CHECK(difference(g, h) == 0);
  }
}

TEST_CASE("weights far below the layer's largest count as zero, small live ones do not") {
  std::string rest = R"(float[1,2,1,1] v = {1, 1}> { c = Conv(x, w)
                        y = Conv(c, v) })";
  std::string head = "g (float[1,1,2,2] x) => (float[1,1,2,2] y) <float[2,1,1,1] w = ";
  Graph dead = with_dead_channels_removed(load_text(head + "{1, 0.0000000000001}, " + rest));
  CHECK(dead[node(dead, "Conv").outputs[0]].shape[1] == 1);
  Graph live = with_dead_channels_removed(load_text(head + "{1, 0.00000001}, " + rest));
  CHECK(live[node(live, "Conv").outputs[0]].shape[1] == 2);
}

TEST_CASE("a depthwise convolution passes a constant on where its border allows") {
  // Channel 1 is relu(bias): c. The 3x3 taps are all -1, so at corners, edges and inside the sums are
  // bias - 4c, bias - 6c and bias - 9c: all below 0 behind the Relu, or not all equal.
  auto model = [](const std::string& c, const std::string& depthwise_bias) {
    return R"(g (float[1,1,4,4] x) => (float[1,1,4,4] y)
      <float[2,1,1,1] w = {1, 0}, float[2] b = {0, )" + c + R"(},
       float[2,1,3,3] d = {1,2,3,4,5,6,7,8,9, -1,-1,-1,-1,-1,-1,-1,-1,-1}, float[2] db = {0, )" + depthwise_bias + R"(},
       float[1,2,1,1] v = {1, 1}>
      { c = Conv(x, w, b)
        r = Relu(c)
        e = Conv<group=2, pads=[1,1,1,1]>(r, d, db)
        f = Relu(e)
        y = Conv(f, v) })";
  };
  auto channels = [&](const std::string& c, const std::string& bias) {
    Graph g = load_text(model(c, bias)), h = with_only(g, {"fuse-activations", "remove-dead-channels"});
    CHECK(difference(g, h) == 0);
    CHECK(ops(h) == "Conv|relu Conv|relu Conv");
    CHECK(get_int(node(h, "Conv", 1), "group") == h[node(h, "Conv").outputs[0]].shape[1]);
    return h[node(h, "Conv").outputs[0]].shape[1];
  };
  CHECK(channels("-3", "5") == 1);  // 0 all over, 5 behind the depthwise convolution
  CHECK(channels("3", "5") == 1);   // 5 - 12 < 0 at the corners: 0 all over
  CHECK(channels("3", "20") == 2);  // 8, 2, 0
}

TEST_CASE("channels that every reader multiplies by zero go, backwards through the network") {
  Graph g = load_text(R"(g (float[1,1,3,3] x) => (float[1,1,3,3] y)
    <float[2,1,1,1] w = {1, 2}, float[2,2,1,1] u = {1, 0, 3, 1}, float[1,2,1,1] v = {1, 0}>
    { a = Conv(x, w)
      b = Conv(a, u)
      y = Conv(b, v) })");
  Graph h = with_dead_channels_removed(g);
  CHECK(constant(h, node(h, "Conv", 0).inputs[1]) == std::vector<float>{1});
  CHECK(constant(h, node(h, "Conv", 1).inputs[1]) == std::vector<float>{1});
  CHECK(constant(h, node(h, "Conv", 2).inputs[1]) == std::vector<float>{1});
  CHECK(difference(g, h) == 0);
}

TEST_CASE("a residual addition loses a channel only with all its branches") {
  auto model = [](const std::string& second) {
    return R"(g (float[1,1,3,3] x) => (float[1,1,3,3] y)
      <float[2,1,1,1] w = {1, 0}, float[2,1,1,1] u = )" + second + R"(, float[1,2,1,1] v = {1, 1}>
      { a = Conv(x, w)
        b = Conv(x, u)
        s = Add(a, b)
        y = Conv(s, v) })";
  };
  Graph both = load_text(model("{3, 0}")), one = load_text(model("{3, 4}"));
  Graph both_after = with_dead_channels_removed(both), one_after = with_dead_channels_removed(one);
  CHECK(both_after[node(both_after, "Add").outputs[0]].shape == Shape{1, 1, 3, 3});
  CHECK(one_after[node(one_after, "Add").outputs[0]].shape == Shape{1, 2, 3, 3});
  CHECK(difference(both, both_after) == 0);
  CHECK(difference(one, one_after) == 0);
}

TEST_CASE("Flatten spreads a channel over the columns of a Dense") {
  Graph g = load_text(R"(g (float[1,1,2,2] x) => (float[1,1] y)
    <float[3,1,1,1] w = {1, 0, 2}, float[3] b = {0, 0.5, 0}, float[12,1] v = {1,2,3,4,5,6,7,8,9,10,11,12}>
    { c = Conv(x, w, b)
      f = Flatten(c)
      y = Gemm(f, v) })");
  Graph h = with_only(g, {"dense-from-matmul", "remove-dead-channels"});
  CHECK(get_ints(node(h, "Reshape"), "shape") == Shape{1, 8});
  CHECK(constant(h, node(h, "Dense").inputs[1]) == std::vector<float>{1, 2, 3, 4, 9, 10, 11, 12});
  CHECK(constant(h, node(h, "Dense").inputs[2]) == std::vector<float>{13});  // 0.5 * (5 + 6 + 7 + 8)
  CHECK(difference(g, h) < 1e-6);
}

TEST_CASE("what the caller sees and a network that is constant altogether keep a channel") {
  Graph out = load_text(R"(g (float[1,1,2,2] x) => (float[1,2,2,2] y)
    <float[2,1,1,1] w = {0, 1}> { y = Conv(x, w) })");
  CHECK(with_dead_channels_removed(out)[out.outputs[0]].shape == Shape{1, 2, 2, 2});
  Graph dead = load_text(R"(g (float[1,1,2,2] x) => (float[1,1,2,2] y)
    <float[2,1,1,1] w = {0, 0}, float[2] b = {1, 2}, float[1,2,1,1] v = {1, 1}>
    { c = Conv(x, w, b)
      y = Conv(c, v) })");
  CHECK(difference(dead, with_dead_channels_removed(dead)) == 0);
}

TEST_CASE("planted dead channels go and no result changes") {
  int64_t before = 0, after = 0;
  for (uint32_t seed = 0; seed < 60; seed++) {
    Graph g = random_model({seed, 6, 0.35, 0.1, {"Add", "Mul", "Concat"}});
    Graph h = with_only(g, {"fuse-activations", "remove-dead-channels"});
    INFO("seed " << seed << "\n" << to_text(g) << to_text(h));
    CHECK(difference(g, h, 1) < 1e-5);
    before += count_macs(g);
    after += count_macs(h);
  }
  CHECK(static_cast<double>(after) < 0.8 * static_cast<double>(before));
}

TEST_CASE("half of MobileNet's work on VWW goes, nothing of the others") {
  auto models = shared_models();
  if (!models) {
    WARN("skipped: ../shared is absent");
    return;
  }
  auto load = [&](const std::string& name) {
    std::vector<std::string> warnings;
    return load_model(*models / name / "model.onnx", {}, warnings);
  };
  for (std::string name : {"vww_float"}) {
    Graph g = load(name), h = without(g, {});
    CHECK(count_macs(without(g, {"remove-dead-channels"})) == 7489664);
    CHECK(count_macs(h) == 3742091);
    CHECK(count_weights(h) == 29580);
  }
  for (std::string name : {"kws_float", "ic_float"}) {
    Graph g = load(name);
    CHECK(count_macs(without(g, {})) == count_macs(without(g, {"remove-dead-channels"})));
  }
}
