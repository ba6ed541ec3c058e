#include <catch2/catch.hpp>

#include "support/models.hpp"

using namespace netsuke;
using namespace netsuke::test;

namespace {

std::vector<float> values(const Tensor& t) { return {t.as<float>().begin(), t.as<float>().end()}; }

std::vector<float> run(const std::string& text, Shape shape, std::vector<float> x) {
  return values(run_text(text, {floats(std::move(shape), std::move(x))})[0]);
}

std::string opset(int version) { return "<ir_version: 8, opset_import: [\"\" : " + std::to_string(version) + "]>\n"; }

}  // namespace

TEST_CASE("Pad: modes, crops, and the forms of three opsets") {
  auto pad = [](const std::string& mode) {
    return run("g (float[3] x) => (float[7] y) <int64[2] p = {2, 2}> { y = Pad<mode=\"" + mode + "\">(x, p) }", {3}, {1, 2, 3});
  };
  CHECK(pad("constant") == std::vector<float>{0, 0, 1, 2, 3, 0, 0});
  CHECK(pad("reflect") == std::vector<float>{3, 2, 1, 2, 3, 2, 1});
  CHECK(pad("edge") == std::vector<float>{1, 1, 1, 2, 3, 3, 3});
  CHECK(pad("wrap") == std::vector<float>{2, 3, 1, 2, 3, 1, 2});
  CHECK_THROWS_AS(pad("mirror"), Error);
  CHECK(run(opset(7) + "g (float[3] x) => (float[3] y) { y = Pad<pads=[-1,1], value=5.0>(x) }", {3}, {1, 2, 3}) ==
        std::vector<float>{2, 3, 5});
  CHECK(run(opset(18) + "g (float[1,2] x) => (float[1,4] y) <int64[2] p = {1, 1}, float v = {9}, int64[1] a = {-1}>"
                        " { y = Pad(x, p, v, a) }", {1, 2}, {1, 2}) == std::vector<float>{9, 1, 2, 9});
}

TEST_CASE("Resize becomes one Resample for each dimension that changes") {
  Graph g = load_text("g (float[1,1,2,4] x) => (float[1,1,4,2] y) <float[4] s = {1,1,2,0.5}> { y = Resize(x, , s) }");
  REQUIRE(g.nodes.size() == 2);
  CHECK(get_int(g.nodes[0], "axis") == 3);  // what shrinks goes first
  CHECK(get_int(g.nodes[1], "axis") == 2);
  g = load_text("g (float[1,1,2,4] x) => (float[1,1,2,4] y) <float[4] s = {1,1,1,1}> { y = Resize(x, , s) }");
  CHECK(g.nodes.at(0).op == "Reshape");
}

TEST_CASE("Resize: nearest and linear by hand") {
  auto resize = [](const std::string& attributes, std::vector<float> x) {
    return run("g (float[2] x) => (float[4] y) <int64[1] z = {4}> { y = Resize<" + attributes + ">(x, , , z) }", {2}, std::move(x));
  };
  CHECK(resize("mode=\"nearest\"", {1, 2}) == std::vector<float>{1, 1, 2, 2});
  CHECK(resize("mode=\"linear\"", {0, 4}) == std::vector<float>{0, 1, 3, 4});
  CHECK(resize("mode=\"linear\", coordinate_transformation_mode=\"asymmetric\"", {0, 4}) == std::vector<float>{0, 2, 4, 4});
  CHECK(resize("mode=\"linear\", coordinate_transformation_mode=\"align_corners\"", {0, 3})[1] == Approx(1));
  CHECK(resize("nearest_mode=\"ceil\", coordinate_transformation_mode=\"asymmetric\"", {1, 2}) == std::vector<float>{1, 2, 2, 2});
  CHECK_THROWS_AS(resize("coordinate_transformation_mode=\"tf_crop_and_resize\"", {1, 2}), Error);
  CHECK(run(opset(9) + "g (float[2] x) => (float[4] y) <float[1] s = {2}> { y = Upsample(x, s) }", {2}, {1, 2}) ==
        std::vector<float>{1, 1, 2, 2});
}

TEST_CASE("BatchNormalization by hand") {
  auto y = run("g (float[1,2,1] x) => (float[1,2,1] y) <float[2] s = {2,3}, float[2] b = {1,0}, float[2] m = {1,2}, float[2] v = {3,8}>"
               " { y = BatchNormalization<epsilon=1.0>(x, s, b, m, v) }", {1, 2, 1}, {3, 5});
  CHECK(y == std::vector<float>{3, 3});
}

TEST_CASE("ConvTranspose by hand, and its pads") {
  const std::string head = "g (float[1,1,2] x) => (float[1,1,?] y) <float[1,1,3] w = {1,10,100}> { y = ConvTranspose<";
  CHECK(run(head + "strides=[2]>(x, w) }", {1, 1, 2}, {1, 2}) == std::vector<float>{1, 10, 102, 20, 200});
  CHECK(run(head + "strides=[2], pads=[1,0]>(x, w) }", {1, 1, 2}, {1, 2}) == std::vector<float>{10, 102, 20, 200});
  CHECK(run(head + "strides=[2], output_padding=[1]>(x, w) }", {1, 1, 2}, {1, 2}) == std::vector<float>{1, 10, 102, 20, 200, 0});
  CHECK(run(head + "strides=[2], auto_pad=\"SAME_UPPER\">(x, w) }", {1, 1, 2}, {1, 2}) == std::vector<float>{1, 10, 102, 20});
  CHECK(run(head + "strides=[2], auto_pad=\"SAME_LOWER\">(x, w) }", {1, 1, 2}, {1, 2}) == std::vector<float>{10, 102, 20, 200});
}

TEST_CASE("DepthToSpace and back") {
  std::vector<float> x{1, 2, 3, 4, 5, 6, 7, 8};
  auto dcr = "g (float[1,8,1,1] x) => (float[1,2,2,2] y) { y = DepthToSpace<blocksize=2>(x) }";
  auto crd = "g (float[1,8,1,1] x) => (float[1,2,2,2] y) { y = DepthToSpace<blocksize=2, mode=\"CRD\">(x) }";
  CHECK(run(dcr, {1, 8, 1, 1}, x) == std::vector<float>{1, 3, 5, 7, 2, 4, 6, 8});
  CHECK(run(crd, {1, 8, 1, 1}, x) == x);
  auto both = "g (float[1,8,1,1] x) => (float[1,8,1,1] y) { a = DepthToSpace<blocksize=2>(x)  y = SpaceToDepth<blocksize=2>(a) }";
  CHECK(run(both, {1, 8, 1, 1}, x) == x);
}

TEST_CASE("Normalisations by hand") {
  auto layer = run("g (float[1,2] x) => (float[1,2] y) <float[2] s = {1,2}, float[2] b = {0,1}>"
                   " { y = LayerNormalization<epsilon=0.0>(x, s, b) }", {1, 2}, {1, 3});
  CHECK(layer == std::vector<float>{-1, 3});
  auto instance = run("g (float[1,1,2] x) => (float[1,1,2] y) <float[1] s = {2}, float[1] b = {1}>"
                      " { y = InstanceNormalization<epsilon=0.0>(x, s, b) }", {1, 1, 2}, {1, 3});
  CHECK(instance == std::vector<float>{-1, 3});
}

TEST_CASE("Spatial operators in generated code", "[codegen]") {
  const std::string w = " <float[2,3,1,1] w = {1,2,3,-4,5,6}, float[3,1,2,2] d = {1,2,3,4,5,6,7,8,-9,1,2,-3}, float[3] s = {1,2,3},"
                        " float[3,2,3] t = {1,2,3,4,5,6,7,8,9,1,2,3,4,5,6,7,8,9}, float[4] r = {1,1,2,1.5}, int64[8] p = {0,0,1,-1,0,1,0,2}> ";
  const std::string map = "g (float[1,3,4,5] x) => (float[] y)" + w;
  check_generated({
      {"conv_pointwise", map + "{ a = Conv(x, w)  y = Relu(a) }"},
      {"conv_depthwise", map + "{ y = Conv<group=3, pads=[1,0,0,1], strides=[2,1]>(x, d, s) }"},
      {"conv_transposed_1d", "g (float[1,3,6] x) => (float[] y)" + w + "{ y = ConvTranspose<strides=[2]>(x, t) }"},
      {"pools", map + "{ a = MaxPool<kernel_shape=[2,2], strides=[1,2], ceil_mode=1>(x)"
                      "  y = AveragePool<kernel_shape=[3,3], pads=[1,1,1,1], count_include_pad=1>(a) }"},
      {"global", map + "{ a = GlobalMaxPool(x)  b = GlobalAveragePool(x)  y = Concat<axis=1>(a, b) }"},
      {"softmaxes", map + "{ a = Softmax<axis=1>(x)  y = LogSoftmax(a) }"},
      {"pad_then_resize", map + "{ a = Pad<mode=\"reflect\">(x, p)  y = Resize<mode=\"linear\">(a, , r) }"},
      {"resize_nearest", map + "{ a = Conv(x, w)  y = Resize(a, , r) }"},
      {"batch_norm", map + "{ a = Relu(x)  y = BatchNormalization(a, s, s, s, s) }"},
      {"norms", map + "{ a = InstanceNormalization(x, s, s)  y = Softmax(a) }"},
      {"depth_space", "g (float[1,3,4,6] x) => (float[] y) { y = SpaceToDepth<blocksize=2>(x) }"},
  });
}
