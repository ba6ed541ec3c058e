// What exporters do to a plain QDQ model: each must still compute in integers, and mean what it means.
#include "quantised/text.hpp"

using namespace netsuke;
using namespace netsuke::test;

namespace {

// QuantizeLinear(x) -> Conv (3x3, three filters) -> QuantizeLinear -> y, to be completed.
struct ConvText : Text {
  ConvText(const std::string& activation = "uint8") {
    int shift = activation == "uint8" ? 128 : 0;
    grid("x", activation, 0.0079, shift - 1).grid("y", activation, 0.03, shift + 12);
    round("x", "dx", "x");
  }
  ConvText& weights(const std::string& type, int low, int high, const std::string& scales, const std::string& zeros, const std::string& axis = "") {
    std::string count = scales.find(',') == std::string::npos ? "" : fmt::format("[{}]", std::count(scales.begin(), scales.end(), ',') + 1);
    constant(type + "[3,2,3,3] w", ints(54, low, high)).constant("float" + count + " s_w", scales);
    constant(type + count + " z_w", zeros);
    node("dw = DequantizeLinear" + axis + "(w, s_w, z_w)");
    return *this;
  }
  std::string finish(const std::string& bias = "") {
    node("c = Conv<pads=[1,1,1,1]>(dx, dw" + (bias.empty() ? "" : ", " + bias) + ")").round("c", "y", "y");
    return model("(float[1,2,5,5] x) => (float[1,3,5,5] y)");
  }
};

constexpr const char* kScales = "0.01, 0.003, 0.02";
const std::string kInteger = "QuantizeLinear Conv DequantizeLinear";

// Within a step, and these operators are left.
void check(const std::string& model, const std::string& ops = kInteger, double step = 0.03) {
  INFO(model);
  CHECK(steps_from_reference(model, {step}) <= 1.01);
  CHECK(final_ops(model) == ops);
}

}  // namespace

TEST_CASE("weights of either sign, with any zero point, per tensor and per channel") {
  check(ConvText().weights("int8", -127, 127, "0.01", "0").finish());
  check(ConvText().weights("uint8", 0, 255, "0.01", "128").finish());
  check(ConvText().weights("uint8", 0, 255, "0.01", "3").finish());
  check(ConvText("int8").weights("uint8", 0, 255, kScales, "128, 5, 255", "<axis=0>").finish());
  check(ConvText("int8").weights("int8", -128, 127, kScales, "0, 0, 0", "<axis=0>").finish());
  check(ConvText("int8").weights("int8", -128, 127, kScales, "-3, 100, 0", "<axis=-4>").finish());
}

TEST_CASE("weights with scales along their input channels run in integers of 16 bits") {
  ConvText t;
  t.constant("int8[3,2,3,3] w", ints(54, -127, 127)).constant("float[2] s_w", "0.01, 0.002").node("dw = DequantizeLinear<axis=1>(w, s_w)");
  check(t.finish());
}

TEST_CASE("scales along axis 1: ConvTranspose, MatMul, Gemm; and along the rows of a Dense") {
  for (const char* op : {"MatMul(dx, dw)", "Gemm(dx, dw)", "Gemm<transB=1>(dx, dt)", "Gemm(dx, dr)"}) {
    Text t;
    t.grid("x", "uint8", 0.0079, 127).grid("y", "uint8", 0.02, 120).round("x", "dx", "x");
    t.constant("int8[6,4] w", ints(24, -127, 127)).constant("float[4] s_w", "0.01, 0.001, 0.02, 0.03");
    t.constant("float[6] s_r", "0.01, 0.02, 0.01, 0.01, 0.001, 0.03").constant("int8[4,6] v", ints(24, -127, 127));
    t.node("dw = DequantizeLinear<axis=1>(w, s_w)").node("dr = DequantizeLinear<axis=0>(w, s_r)").node("dt = DequantizeLinear<axis=1>(v, s_r)");
    t.node(std::string("c = ") + op).round("c", "y", "y");
    check(t.model("(float[3,6] x) => (float[3,4] y)"), "QuantizeLinear Dense DequantizeLinear", 0.02);
  }
  for (int group : {1, 2}) {
    Text t;
    t.grid("x", "uint8", 0.0079, 127).grid("y", "uint8", 0.02, 120).round("x", "dx", "x");
    t.constant("int8[4,3,2,2] w", ints(48, -127, 127)).constant("float[3] s_w", "0.01, 0.001, 0.02");
    t.node("dw = DequantizeLinear<axis=1>(w, s_w)").node(fmt::format("c = ConvTranspose<strides=[2,2], group={}>(dx, dw)", group)).round("c", "y", "y");
    check(t.model(fmt::format("(float[1,4,3,3] x) => (float[1,{},6,6] y)", 3 * group)), "QuantizeLinear ConvTranspose DequantizeLinear", 0.02);
  }
}

TEST_CASE("biases: int32 on the sums' grid or another, float, int8") {
  auto with_bias = [](const std::string& declaration, const std::string& values, const std::string& node, const std::string& name) {
    ConvText t;
    t.weights("int8", -127, 127, kScales, "0, 0, 0", "<axis=0>").constant(declaration, values);
    t.constant("float[3] s_b", "0.000079, 0.0000237, 0.000158").constant("float s_o", "0.0003").constant("float s_c", "0.01");
    if (!node.empty()) t.node(node);
    return t.finish(name);
  };
  check(with_bias("int32[3] b", "3000, -9000, 77", "db = DequantizeLinear<axis=0>(b, s_b)", "db"));
  check(with_bias("int32[3] b", "3000, -900, 77", "db = DequantizeLinear(b, s_o)", "db"));
  check(with_bias("int8[3] b", "30, -90, 77", "db = DequantizeLinear(b, s_c)", "db"));
  check(with_bias("float[3] b", "0.5, -0.01, 0.123", "", "b"));
}

TEST_CASE("scales and zero points behind Identity, Cast, ConstantOfShape, Constant") {
  ConvText t;
  t.constant("int64[1] three", "3").constant("int8[3,2,3,3] w", ints(54, -127, 127)).constant("double[3] wide", kScales);
  t.node("s_w = Cast<to=1>(wide)").node("z_f = ConstantOfShape(three)").node("z_w = Cast<to=3>(z_f)");
  t.node("s_i = Identity(s_w)").node("i = Identity(w)").node("dw = DequantizeLinear<axis=0>(i, s_i, z_w)");
  check(t.finish());
}

TEST_CASE("QuantizeLinear of constant float weights, as training exports it") {
  ConvText t;
  t.constant("float[3,2,3,3] w", ints(54, -1, 1)).constant("float[3] s_w", kScales).constant("int8[3] z_w", "0, 0, 0");
  t.node("qw = QuantizeLinear<axis=0>(w, s_w, z_w)").node("dw = DequantizeLinear<axis=0>(qw, s_w, z_w)");
  check(t.finish());
}

TEST_CASE("BatchNormalization left behind the Conv of dequantised weights") {
  ConvText t;
  t.weights("int8", -127, 127, kScales, "0, 0, 0", "<axis=0>");
  t.constant("float[3] scale", "0.5, -2, 0").constant("float[3] b", "0.1, 0, -0.2").constant("float[3] mean", "1, -0.5, 0").constant("float[3] var", "0.5, 2, 1");
  t.node("c = Conv<pads=[1,1,1,1]>(dx, dw)").node("n = BatchNormalization(c, scale, b, mean, var)").round("n", "y", "y");
  check(t.model("(float[1,2,5,5] x) => (float[1,3,5,5] y)"));
}

TEST_CASE("one value quantised twice, pairs of different grids in a row, and quantised values that are outputs") {
  ConvText twice;
  twice.weights("int8", -127, 127, "0.01", "0").grid("v", "uint8", 0.05, 100);
  twice.node("c = Conv<pads=[1,1,1,1]>(dx, dw)").round("c", "y", "y").round("c", "v", "v");
  std::string model = twice.model("(float[1,2,5,5] x) => (float[1,3,5,5] y, float[1,3,5,5] v)");
  CHECK(steps_from_reference(model, {0.03, 0.05}) <= 1.01);

  ConvText chain;
  chain.weights("int8", -127, 127, "0.01", "0").grid("v", "uint8", 0.05, 100);
  chain.node("c = Conv<pads=[1,1,1,1]>(dx, dw)").round("c", "a", "v").round("a", "y", "y");
  check(chain.model("(float[1,2,5,5] x) => (float[1,3,5,5] y)"), "QuantizeLinear Conv Transpose Requantize DequantizeLinear");

  ConvText outputs;
  outputs.weights("int8", -127, 127, "0.01", "0").node("c = Conv<pads=[1,1,1,1]>(dx, dw)").round("c", "y", "y").node("z = Relu(y)");
  model = outputs.model("(float[1,2,5,5] x) => (float[1,3,5,5] y, float[1,3,5,5] z, uint8[1,3,5,5] q_y)");
  CHECK(steps_from_reference(model, {0.03, 0.03, 1}) <= 1.01);
}

TEST_CASE("power-of-two scales") {
  Text t;
  t.grid("x", "int8", 0.0078125, 0).grid("w", "int8", 0.015625, 0).grid("y", "int8", 0.03125, 0).round("x", "dx", "x");
  t.constant("int8[3,2,3,3] w", ints(54, -127, 127)).node("dw = DequantizeLinear(w, s_w, z_w)");
  t.node("c = Conv(dx, dw)").node("r = Relu(c)").round("r", "y", "y");
  // Exact halves are frequent here: they go up instead of to even, still within a step.
  std::string model = t.model("(float[1,2,5,5] x) => (float[1,3,3,3] y)");
  CHECK(steps_from_reference(model, {0.03125}) <= 1.01);
  CHECK(final_ops(model) == "QuantizeLinear Conv|relu DequantizeLinear");
}

TEST_CASE("Relu in front of and behind the quantisation") {
  ConvText before;
  before.weights("int8", -127, 127, "0.01", "0").node("c = Conv<pads=[1,1,1,1]>(dx, dw)").node("r = Relu(c)").round("r", "y", "y");
  check(before.model("(float[1,2,5,5] x) => (float[1,3,5,5] y)"), "QuantizeLinear Conv|relu DequantizeLinear");
  ConvText behind;
  behind.weights("int8", -127, 127, "0.01", "0").grid("v", "uint8", 0.02, 0).node("c = Conv<pads=[1,1,1,1]>(dx, dw)");
  behind.round("c", "a", "y").node("r = Relu(a)").round("r", "y", "v");
  std::string model = behind.model("(float[1,2,5,5] x) => (float[1,3,5,5] y)");
  CHECK(steps_from_reference(model, {0.02}) <= 2.01);  // a step of the coarser grid in between
  CHECK(final_ops(model) == "QuantizeLinear Conv Relu DequantizeLinear");
}

TEST_CASE("Add, Mul and Concat of operands of different scales") {
  for (const char* op : {"Add(a, b)", "Sub(a, b)", "Mul(a, b)", "Concat<axis=1>(a, b)", "Max(a, b)"}) {
    Text t;
    t.grid("a", "uint8", 0.0079, 128).grid("b", "uint8", 0.02, 90).grid("y", "uint8", 0.013, 110);
    t.round("x", "a", "a").round("z", "b", "b").node(std::string("c = ") + op).round("c", "y", "y");
    std::string shape = std::string(op).starts_with("Concat") ? "[1,4,3,3]" : "[1,2,3,3]", model = t.model("(float[1,2,3,3] x, float[1,2,3,3] z) => (float" + shape + " y)");
    INFO(op);
    CHECK(steps_from_reference(model, {0.013}) <= 1.01);
    std::string after = final_ops(model);
    INFO(after);
    CHECK(after.starts_with("QuantizeLinear QuantizeLinear"));
    CHECK(after.find("DequantizeLinear") == after.rfind("DequantizeLinear"));
  }
}

TEST_CASE("activations that are tables") {
  for (const char* op : {"LeakyRelu<alpha=0.1>", "HardSwish", "Sigmoid", "Tanh", "HardSigmoid", "Elu", "Softplus"}) {
    Text t;
    t.grid("x", "uint8", 0.0079, 128).grid("y", "uint8", 0.006, 100).round("x", "a", "x").node(std::string("c = ") + op + "(a)").round("c", "y", "y");
    std::string model = t.model("(float[1,2,3,3] x) => (float[1,2,3,3] y)");
    INFO(op);
    CHECK(steps_from_reference(model, {0.006}) <= 1.01);
    CHECK(final_ops(model).starts_with("QuantizeLinear "));
    CHECK(load_text(model).nodes.size() > 2);
  }
}

TEST_CASE("weights all zero, and a channel of zeros") {
  check(ConvText().weights("int8", 0, 0, "1", "0").finish());
  check(ConvText().weights("uint8", 128, 128, "0.01", "128").finish());
  ConvText one;
  one.constant("int8[3,2,3,3] w", ints(18, -127, 127) + ", " + ints(18, 0, 0) + ", " + ints(18, -127, 127));
  one.constant("float[3] s_w", "0.01, 1, 0.02").constant("float[3] b", "0.1, 0.2, 0.3").node("dw = DequantizeLinear<axis=0>(w, s_w)");
  check(one.finish("b"));
}

TEST_CASE("16-bit activations with 8-bit weights, in either spelling") {
  for (bool microsoft : {false, true}) {
    Text t;
    std::string domain = microsoft ? "com.microsoft." : "";
    if (!microsoft) t.header = R"(<ir_version: 10, opset_import: ["" : 21]>)";
    t.grid("x", "int16", 0.00004, 0).grid("y", "int16", 0.0002, 0).constant("int8[3,2,3,3] w", ints(54, -127, 127)).constant("float[3] s_w", kScales);
    t.node("q = " + domain + "QuantizeLinear(x, s_x, z_x)").node("dx = " + domain + "DequantizeLinear(q, s_x, z_x)");
    t.node("dw = DequantizeLinear<axis=0>(w, s_w)").node("c = Conv<pads=[1,1,1,1]>(dx, dw)");
    t.node("r = " + domain + "QuantizeLinear(c, s_y, z_y)").node("y = " + domain + "DequantizeLinear(r, s_y, z_y)");
    check(t.model("(float[1,2,5,5] x) => (float[1,3,5,5] y)"), kInteger, 0.0002);
  }
}

TEST_CASE("a product of two 16-bit operands that ends in real numbers, with sums that do not fit, stays in float") {
  Text t;
  t.header = R"(<ir_version: 10, opset_import: ["" : 21]>)";
  t.grid("x", "int16", 0.00004, 0).round("x", "a", "x").round("z", "b", "x").node("y = MatMul(a, b)");
  CHECK(final_ops(t.model("(float[3,4] x, float[4,5] z) => (float[3,5] y)")) ==
        "QuantizeLinear QuantizeLinear DequantizeLinear DequantizeLinear MatMul");
}

TEST_CASE("fake quantisation spelled out runs as written") {
  Text t;
  t.constant("float s", "0.05").constant("float low", "-128").constant("float high", "127").constant("float[3,2,1,1] w", "1, 2, 3, 4, 5, 6");
  t.node("d = Div(x, s)").node("r = Round(d)").node("k = Clip(r, low, high)").node("m = Mul(k, s)").node("y = Conv(m, w)");
  std::string model = t.model("(float[1,2,4,4] x) => (float[1,3,4,4] y)");
  CHECK(steps_from_reference(model, {1}) < 1e-5);
  CHECK(final_ops(model).find("Round") != std::string::npos);
}

TEST_CASE("grids that are none are errors") {
  auto error = [](const std::string& scale, const std::string& zero_type = "uint8", const std::string& zero = "3") {
    Text t;
    t.constant("float s_x", scale).constant(zero_type + " z_x", zero).constant("uint8 z_q", "3");
    t.node("q = QuantizeLinear(x, s_x, z_q)").node("y = DequantizeLinear(q, s_x, z_x)");
    try {
      load_text(t.model("(float[4] x) => (float[4] y)"));
    } catch (const Error& e) {
      return e.id + ": " + e.message;
    }
    return std::string("none");
  };
  CHECK(error("0.1") == "none");
  CHECK(error("0").starts_with("bad-quantization: QuantizeLinear: a scale is 0"));
  CHECK(error("-0.1").starts_with("bad-quantization: QuantizeLinear: a scale is -0.1"));
  CHECK(error("0.1", "int8").starts_with("bad-quantization: DequantizeLinear: its zero point is int8"));
}

TEST_CASE("code for the oddities computes what the integer graph means", "[codegen]") {
  std::vector<GeneratedCase> cases;
  auto add = [&](const std::string& name, const std::string& model, std::vector<double> steps) {
    GeneratedCase c{.name = name, .model = model, .tolerance = 1.01};
    c.steps = std::move(steps);
    cases.push_back(c);
  };
  add("unsigned_weights", ConvText().weights("uint8", 0, 255, kScales, "128, 5, 255", "<axis=0>").finish(), {0.03});
  add("zero_weights", ConvText().weights("int8", 0, 0, "1", "0").finish(), {0.03});
  ConvText chain;
  chain.weights("int8", -127, 127, "0.01", "0").grid("v", "uint8", 0.05, 100).node("c = Conv<pads=[1,1,1,1]>(dx, dw)");
  chain.round("c", "a", "v").round("a", "y", "y").node("z = Relu(y)");
  add("chain", chain.model("(float[1,2,5,5] x) => (float[1,3,5,5] y, float[1,3,5,5] z, uint8[1,3,5,5] q_a)"), {0.03, 0.03, 1});
  Text wide;
  wide.header = R"(<ir_version: 10, opset_import: ["" : 21]>)";
  wide.grid("x", "int16", 0.00004, 0).grid("y", "int16", 0.0002, 0).round("x", "dx", "x").constant("int8[3,2,3,3] w", ints(54, -127, 127)).constant("float[3] s_w", kScales);
  wide.node("dw = DequantizeLinear<axis=0>(w, s_w)").node("c = Conv<pads=[1,1,1,1]>(dx, dw)").round("c", "y", "y");
  add("wide", wide.model("(float[1,2,5,5] x) => (float[1,3,5,5] y)"), {0.0002});
  for (const char* op : {"Add", "Mul", "Max"}) {
    Text t;
    t.grid("a", "uint8", 0.0079, 128).grid("b", "uint8", 0.02, 90).grid("y", "uint8", 0.013, 110);
    t.round("x", "a", "a").round("z", "b", "b").node(fmt::format("c = {}(a, b)", op)).round("c", "y", "y");
    add(fmt::format("{}_scales", op), t.model("(float[1,2,3,3] x, float[1,1,3,1] z) => (float[1,2,3,3] y)"), {0.013});
  }
  check_generated(cases);
}
