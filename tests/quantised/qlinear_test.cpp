// QOperator models: quantised operators of ai.onnx and com.microsoft, and integers that are moved between them.
#include "quantised/text.hpp"

using namespace netsuke;
using namespace netsuke::test;

namespace {

// y (of grid `y`) = the operator of x and perhaps z (grids of those names); all uint8 or int8.
struct OperatorCase {
  std::string name, line, out_shape, type = "uint8";
};

std::string operator_model(const OperatorCase& c) {
  bool two = c.line.find("q_z") != std::string::npos;
  int shift = c.type == "uint8" ? 128 : 0;
  Text t;
  t.grid("x", c.type, 0.0079, shift + 3).grid("z", c.type, 0.0061, shift - 20).grid("y", c.type, 0.006, shift - 7);
  t.constant("int8[3,2,3,3] w", ints(54, -127, 127)).constant("float[3] s_w", "0.01, 0.003, 0.02").constant("int8[3] z_w", "0, 0, 0");
  t.constant("uint8[5,4] m", ints(20, 0, 255)).constant("float s_m", "0.01").constant("uint8 z_m", "131");
  t.constant("int32[3] b", "400, -3000, 90").constant("int32[4] c", "1000, -5, 77, -2000");
  t.node("q_x = QuantizeLinear(x, s_x, z_x)");
  if (two) t.node("q_z = QuantizeLinear(z, s_z, z_z)");
  t.node(c.line).node("y = DequantizeLinear(q_y, s_y, z_y)");
  std::string inputs = two ? "float[1,2,5,5] x, float[1,2,5,5] z" : "float[1,2,5,5] x";
  return t.model("(" + inputs + ") => (float[" + c.out_shape + "] y)");
}

const std::vector<OperatorCase> kOperators = {
    {"conv", "q_y = QLinearConv<pads=[1,1,1,1]>(q_x, s_x, z_x, w, s_w, z_w, s_y, z_y, b)", "1,3,5,5"},
    {"conv_s8", "q_y = QLinearConv<strides=[2,2]>(q_x, s_x, z_x, w, s_w, z_w, s_y, z_y)", "1,3,2,2", "int8"},
    {"matmul", "q_y = QLinearMatMul(q_x, s_x, z_x, m, s_m, z_m, s_y, z_y)", "1,2,5,4"},
    {"matmul_two", "q_y = QLinearMatMul(q_x, s_x, z_x, q_z, s_z, z_z, s_y, z_y)", "1,2,5,5"},
    {"add", "q_y = com.microsoft.QLinearAdd(q_x, s_x, z_x, q_z, s_z, z_z, s_y, z_y)", "1,2,5,5"},
    {"add_s8", "q_y = com.microsoft.QLinearAdd(q_x, s_x, z_x, q_z, s_z, z_z, s_y, z_y)", "1,2,5,5", "int8"},
    {"mul", "q_y = com.microsoft.QLinearMul(q_x, s_x, z_x, q_z, s_z, z_z, s_y, z_y)", "1,2,5,5"},
    {"average", "q_y = com.microsoft.QLinearAveragePool<kernel_shape=[2,2], strides=[2,2]>(q_x, s_x, z_x, s_y, z_y)", "1,2,2,2"},
    {"average_last", "q_y = com.microsoft.QLinearAveragePool<kernel_shape=[1,2], channels_last=1>(q_x, s_x, z_x, s_y, z_y)", "1,2,4,5"},
    {"global", "q_y = com.microsoft.QLinearGlobalAveragePool(q_x, s_x, z_x, s_y, z_y)", "1,2,1,1"},
    {"mean", "q_y = com.microsoft.QLinearReduceMean<axes=[2,3], keepdims=0>(q_x, s_x, z_x, s_y, z_y)", "1,2"},
    {"softmax", "q_y = com.microsoft.QLinearSoftmax<axis=3, opset=17>(q_x, s_x, z_x, s_y, z_y)", "1,2,5,5"},
    {"sigmoid", "q_y = com.microsoft.QLinearSigmoid(q_x, s_x, z_x, s_y, z_y)", "1,2,5,5"},
    {"leaky", "q_y = com.microsoft.QLinearLeakyRelu<alpha=0.2>(q_x, s_x, z_x, s_y, z_y)", "1,2,5,5", "int8"},
    {"concat", "q_y = com.microsoft.QLinearConcat<axis=1>(s_y, z_y, q_x, s_x, z_x, q_z, s_z, z_z)", "1,4,5,5"},
};

std::string gemm_model(const std::string& line, const std::string& out = "float[2,4] y") {
  Text t;
  t.grid("x", "uint8", 0.0079, 127).grid("y", "uint8", 0.01, 100);
  t.constant("int8[4,5] w", ints(20, -127, 127)).constant("float[4] s_w", "0.01, 0.02, 0.003, 0.01").constant("int8[4] z_w", "0, 0, 0, 0");
  t.constant("int32[4] c", "1000, -5, 77, -2000");
  t.node("q_x = QuantizeLinear(x, s_x, z_x)").node(line);
  return t.model("(float[2,5] x) => (" + out + ")");
}

const std::string kGemm = "com.microsoft.QGemm<transB=1, alpha=0.5>(q_x, s_x, z_x, w, s_w, z_w, c";

}  // namespace

TEST_CASE("QOperator models compute in integers, within a step of their literal meaning") {
  for (const OperatorCase& c : kOperators) {
    INFO(c.name);
    std::string model = operator_model(c);
    CHECK(steps_from_reference(model, {0.006}) <= 1.01);
    std::string after = final_ops(model);
    size_t borders = c.line.find("q_z") != std::string::npos ? 3 : 2;  // QuantizeLinears of inputs, one DequantizeLinear
    size_t found = 0;
    for (size_t at = after.find("tizeLinear"); at != std::string::npos; at = after.find("tizeLinear", at + 1)) found++;
    INFO(after);
    CHECK(found == borders);
  }
}

TEST_CASE("QGemm scales its bias with alpha, and gives float32 without an output scale") {
  std::string quantised = "q_y = " + kGemm + ", s_y, z_y)\n y = DequantizeLinear(q_y, s_y, z_y)", real = "y = " + kGemm + ")";
  CHECK(steps_from_reference(gemm_model(quantised), {0.01}) <= 1.01);
  CHECK(steps_from_reference(gemm_model(real), {0.01}) <= 0.01);
  CHECK(final_ops(gemm_model(real)) == "QuantizeLinear Dense");
  Tensor zeros = floats({2, 5}, std::vector<float>(10, 0.0f));
  std::vector<double> y = to_doubles(run_text(gemm_model(real), {zeros})[0]);  // the bias: c * alpha * s_x * s_w
  CHECK(y[0] == Approx(1000 * 0.5 * 0.0079 * 0.01));
  CHECK(y[3] == Approx(-2000 * 0.5 * 0.0079 * 0.01));
}

TEST_CASE("QOperator code computes what the integer graph means", "[codegen]") {
  std::vector<GeneratedCase> cases;
  for (const OperatorCase& c : kOperators) {
    GeneratedCase g{.name = c.name, .model = operator_model(c), .tolerance = 1.01};
    g.steps = {0.006};
    cases.push_back(g);
  }
  check_generated(cases);
}

TEST_CASE("integers are moved between quantised operators as they are") {
  auto between = [](const std::string& line, const std::string& shape, const std::string& more = "") {
    Text t;
    t.grid("x", "uint8", 0.0079, 120).constant("int64[4] to", "1, 2, 1, 25").constant("int64[8] pads", "0, 0, 1, 1, 0, 0, 1, 1");
    t.constant("uint8 seven", "7").constant("int64[1] zero", "0").constant("int64[1] three", "3").constant("int64[1] last", "-1");
    t.constant("float[4] twice", "1, 1, 2, 2");
    t.node("q = QuantizeLinear(x, s_x, z_x)").node(more).node(line).node("y = DequantizeLinear(r, s_x, z_x)");
    return t.model("(float[1,2,5,5] x) => (float[" + shape + "] y)");
  };
  const std::pair<std::string, std::string> movers[] = {
      {"r = MaxPool<kernel_shape=[2,2]>(q)", "1,2,4,4"},
      {"r = MaxPool<kernel_shape=[5,5]>(q)", "1,2,1,1"},
      {"r = Reshape(q, to)", "1,2,1,25"},
      {"r = Transpose<perm=[0,2,3,1]>(q)", "1,5,5,2"},
      {"r = Flatten(q)", "1,50"},
      {"r = Identity(q)", "1,2,5,5"},
      {"r = Pad(q, pads)", "1,2,7,7"},
      {"r = Pad(q, pads, seven)", "1,2,7,7"},
      {"r = Slice(q, zero, three, last)", "1,2,5,3"},
      {"r = Concat<axis=1>(q, q)", "1,4,5,5"},
      {"r = Resize<mode=\"nearest\">(q, , twice)", "1,2,10,10"},
      {"r = Squeeze(q, zero)", "2,5,5"},
      {"r = Max(q, q)", "1,2,5,5"},
      {"r, rest = Split<axis=1>(q)", "1,1,5,5"},
      {"r = Gather<axis=2>(q, three)", "1,2,1,5"},
      {"r = Tile(q, to)", "1,4,5,125"},
  };
  for (const auto& [line, shape] : movers) {
    INFO(line);
    std::string model = between(line, shape);
    CHECK(steps_from_reference(model, {0.0079}) == 0);
    std::string after = final_ops(model);
    INFO(after);
    CHECK(after.find("DequantizeLinear") == after.size() - std::string("DequantizeLinear").size());
    CHECK(after.rfind("QuantizeLinear", after.size() - 20) < 20);
  }
}

TEST_CASE("MaxPool of integers without a grid, and models that take and give integers", "[codegen]") {
  Text t;
  t.grid("x", "int8", 0.02, 4).grid("y", "int8", 0.05, -8);
  t.constant("int8[3,2,1,1] w", ints(6, -127, 127)).constant("float s_w", "0.01").constant("int8 z_w", "0");
  t.node("p = MaxPool<kernel_shape=[2,2]>(x)").node("c = QLinearConv(p, s_x, z_x, w, s_w, z_w, s_y, z_y)");
  t.node("y = MaxPool<kernel_shape=[2,2], strides=[2,2]>(c)");
  std::string native = t.model("(int8[1,2,5,5] x) => (int8[1,3,2,2] y)");
  CHECK(final_ops(native).find("tizeLinear") == std::string::npos);
  auto pool = [](const std::string& type, const std::string& kernel, const std::string& out) {
    return "g (" + type + "[1,2,5,5] x) => (" + type + "[" + out + "] y) { y = MaxPool<kernel_shape=" + kernel + ", pads=[1,1,0,0]>(x) }";
  };
  std::vector<GeneratedCase> cases{
      {.name = "native", .model = native, .tolerance = 1},
      {.name = "unsigned_pool", .model = pool("uint8", "[2,2]", "1,2,5,5"), .tolerance = 0},
      {.name = "signed_pool", .model = pool("int8", "[3,3]", "1,2,4,4"), .tolerance = 0},
      {.name = "global_pool", .model = "g (uint8[1,2,5,5] x) => (uint8[1,2,1,1] y) { y = MaxPool<kernel_shape=[5,5]>(x) }", .tolerance = 0},
  };
  for (GeneratedCase& c : cases) c.steps = {1};
  check_generated(cases);
}

TEST_CASE("operators of com.microsoft are checked like others") {
  auto id = [](const std::string& line) {
    try {
      load_text(R"(<ir_version: 8, opset_import: ["" : 17, "com.microsoft" : 1]> g (uint8[1,2] x, float r) => (uint8[1,2] y)
        <float s = {0.1}, uint8 z = {3}> {)" + line + "}");
    } catch (const Error& e) {
      return e.id + ": " + e.message;
    }
    return std::string("none");
  };
  CHECK(id("y = com.microsoft.QLinearSigmoid(x, s, z, s, z)") == "none");
  CHECK(id("y = com.microsoft.QLinearSigmoid(x, s, z)") == "bad-arity: QLinearSigmoid needs its input 3");
  CHECK(id("y = com.microsoft.QLinearAdd(x, s, z, x, s, z)") == "bad-arity: QLinearAdd needs its input 6");
  CHECK(id("y = com.microsoft.QLinearSigmoid(x, s, z, s, z, z)") == "bad-arity: QLinearSigmoid has 6 inputs, expected 2 to 5");
  CHECK(id("y = com.microsoft.QLinearSigmoid<alpha=1.0>(x, s, z, s, z)").starts_with("bad-attribute"));
  CHECK(id("y = com.microsoft.QLinearSoftmax<opset=\"x\">(x, s, z, s, z)").starts_with("bad-attribute"));
  CHECK(id("y = com.microsoft.QLinearSoftmax<opset=11>(x, s, z, s, z)").starts_with("op-unsupported"));
  CHECK(id("y = com.microsoft.QLinearSigmoid(x, r, z, s, z)").starts_with("op-unsupported"));
  CHECK(id("y = com.microsoft.FusedConv(x, x)").starts_with("unknown-operator: operator com.microsoft.FusedConv is not supported"));
  CHECK(id("y = netsuke.Dense(x, x)").starts_with("unknown-operator"));
}
