// 16-bit activations: every operator that computes in integers with 8 bits does with 16, within a step of float QDQ.
#include "quantised/text.hpp"

using namespace netsuke;
using namespace netsuke::test;

namespace {

namespace fs = std::filesystem;

struct Grid {
  std::string type;
  double scale;
  int zero;
};

const Grid kX = {"int16", 0.00003125, 0}, kSkewed = {"uint16", 0.000025, 30011}, kByte = {"uint8", 0.0079, 127};

struct WideCase {
  std::string name, node;  // of a and b
  Grid a, b, y;
  std::string shape = "[1,3,20,17]", b_shape = "[1,3,20,17]", y_shape = "[1,3,20,17]";
  std::string ops = "";  // between the borders, if it is not the node's operator
};

std::string model_of(const WideCase& c) {
  Text t;
  t.header = R"(<ir_version: 10, opset_import: ["" : 21]>)";
  t.grid("a", c.a.type, c.a.scale, c.a.zero).grid("b", c.b.type, c.b.scale, c.b.zero).grid("y", c.y.type, c.y.scale, c.y.zero);
  t.constant("float half", "0.5").constant("float third", "-0.333").constant("float low", "-0.25").constant("float high", "0.7").constant("float two", "2");
  t.round("x", "a", "a").round("z", "b", "b").node("c = " + c.node).round("c", "y", "y");
  return t.model(fmt::format("(float{} x, float{} z) => (float{} y)", c.shape, c.b_shape, c.y_shape));
}

const std::vector<WideCase> kSums = {
    {"add", "Add(a, b)", kX, kX, {"int16", 0.0000625, 0}},
    {"add_skewed", "Add(a, b)", kSkewed, kX, {"uint16", 0.000057, 31000}},
    {"sub_broadcast", "Sub(a, b)", kX, kSkewed, {"uint16", 0.00006, 33000}, "[1,3,20,17]", "[1,1,20,1]"},
    {"add_mixed", "Add(a, b)", kByte, kX, {"int16", 0.0000625, 0}},
    {"add_bytes", "Add(a, b)", kByte, kByte, {"int16", 0.0000625, 0}},
    {"add_to_bytes", "Sub(a, b)", kX, kSkewed, {"uint8", 0.016, 127}},
    {"add_saturating", "Add(a, b)", kX, kX, {"int16", 0.00002, 100}},
    {"add_scalar", "Add(a, half)", kX, kX, {"int16", 0.00005, 0}},
    {"sub_from_scalar", "Sub(third, a)", kSkewed, kX, {"int16", 0.00005, 7}},
};

const std::vector<WideCase> kProducts = {
    {"mul", "Mul(a, b)", kX, kX, kX},
    {"mul_broadcast", "Mul(a, b)", kX, kSkewed, {"uint16", 0.00003, 32000}, "[1,3,20,17]", "[3,1,1]"},
    {"mul_wide", "Mul(a, b)", {"uint16", 0.000016, 0}, {"uint16", 0.000016, 65535}, {"uint16", 0.0000161, 65000}},
    {"mul_bytes", "Mul(a, b)", kByte, kByte, kX},
    {"mul_scalar", "Mul(a, third)", kSkewed, kX, {"int16", 0.00002, 0}},
    {"matmul", "MatMul(a, b)", kX, kX, {"int16", 0.0003, 0}, "[5,20]", "[20,7]", "[5,7]"},
    {"matmul_skewed", "MatMul(a, b)", kSkewed, kSkewed, {"uint16", 0.0003, 30000}, "[2,5,20]", "[20,7]", "[2,5,7]"},
    {"matmul_to_bytes", "MatMul(a, b)", kX, kSkewed, {"uint8", 0.06, 127}, "[5,20]", "[20,7]", "[5,7]"},
};

const std::vector<WideCase> kMoves = {
    {"max", "Max(a, b)", kX, kSkewed, {"int16", 0.00004, -3}, "[1,3,20,17]", "[1,3,20,17]", "[1,3,20,17]", "Requantize Requantize Max"},
    {"min_broadcast", "Min(a, b)", kByte, kX, {"uint16", 0.00004, 30000}, "[1,3,20,17]", "[17]", "[1,3,20,17]", "Requantize Requantize Min"},
    {"concat", "Concat<axis=1>(a, b)", kByte, kSkewed, kX, "[1,3,20,17]", "[1,1,20,17]", "[1,4,20,17]", "Requantize Requantize Concat"},
    {"relu", "Relu(a)", kSkewed, kX, {"uint16", 0.0000153, 0}, "[1,3,20,17]", "[1]", "[1,3,20,17]", "Requantize|relu"},
    {"clip", "Clip(a, low, high)", kX, kX, {"int16", 0.00003, 1}, "[1,3,20,17]", "[1]", "[1,3,20,17]", "Requantize|clip"},
    {"softmax", "Softmax<axis=1>(a)", {"int16", 0.0001, 0}, kX, {"uint16", 0.0000153, 0}},
    {"softmax_long", "Softmax<axis=-1>(a)", kX, kX, {"int16", 0.0000001, 0}, "[2,1500]", "[1]", "[2,1500]"},
    {"softmax_to_bytes", "Softmax<axis=-1>(a)", kSkewed, kX, {"uint8", 0.00390625, 0}},
    {"softmax_of_bytes", "Softmax<axis=1>(a)", kByte, kX, {"uint16", 0.0000137, 0}},
};

// The inputs reach from -3.1 to 3.1 and more, so that all of each function is seen.
WideCase function(const std::string& name, const std::string& node, Grid a, Grid y) {
  return {name, node, a, kX, y, "[1,3,20,17]", "[1]", "[1,3,20,17]"};
}

const Grid kFar = {"int16", 0.0003, 0}, kFarSkewed = {"uint16", 0.0002, 29001}, kPart = {"int16", 0.00003125, 0}, kUnit = {"uint16", 0.00001526, 0};
const std::vector<WideCase> kFunctions = {
    function("sigmoid", "Sigmoid(a)", kFar, kPart), function("sigmoid_unit", "Sigmoid(a)", kFarSkewed, kUnit),
    function("tanh", "Tanh(a)", kFar, kPart), function("tanh_bytes", "Tanh(a)", kFarSkewed, {"int8", 0.0078125, 0}),
    function("hard_swish", "HardSwish(a)", kFar, kFar), function("hard_sigmoid", "HardSigmoid(a)", kFarSkewed, kUnit),
    function("leaky", "LeakyRelu<alpha=0.1>(a)", kFarSkewed, {"uint16", 0.0002, 20000}), function("elu", "Elu(a)", kFar, kFar),
    function("abs", "Abs(a)", kFar, {"uint16", 0.00015, 0}), function("exp", "Exp(a)", kX, {"int16", 0.0001, 0}),
    function("div", "Div(a, two)", kX, kX), function("square", "Pow(a, two)", kX, kPart), function("of_bytes", "Sigmoid(a)", kByte, kUnit),
    function("saturating", "Sigmoid(a)", kFar, {"int16", 0.00002, 0}),
};

std::string operator_of(const WideCase& c) { return c.node.substr(0, c.node.find_first_of("<(")); }

std::vector<WideCase> all_cases() {
  std::vector<WideCase> all;
  for (const auto* cases : {&kSums, &kProducts, &kMoves, &kFunctions}) all.insert(all.end(), cases->begin(), cases->end());
  return all;
}

// Inputs over the whole range of the grid.
std::vector<Tensor> inputs_of(const Graph& g, const WideCase& c, uint32_t seed) {
  std::vector<Tensor> inputs = random_inputs(g, seed);
  double factors[] = {c.a.scale, c.b.scale};
  for (size_t i = 0; i < 2; i++)
    for (float& x : inputs[i].as<float>()) x *= static_cast<float>(factors[i] * ((i ? c.b : c.a).type.ends_with("16") ? 40000 : 160));
  return inputs;
}

}  // namespace

TEST_CASE("operators on 16-bit values compute in integers, within a step of float") {
  for (const WideCase& c : all_cases()) {
    std::string model = model_of(c);
    Graph reference = load_text(model), optimised = without(reference, {});
    INFO(c.name << "\n" << to_text(optimised));
    std::string left = ops(optimised), expected = c.ops.empty() ? operator_of(c) : c.ops;
    for (const char* border : {"QuantizeLinear ", "QuantizeLinear ", " DequantizeLinear"})
      if (size_t at = left.find(border); at != std::string::npos) left.erase(at, std::string(border).size());
    CHECK(left == expected);
    double worst = 0;
    for (uint32_t seed = 0; seed < 3; seed++) {
      std::vector<Tensor> inputs = inputs_of(reference, c, seed);
      std::vector<double> meant = to_doubles(evaluate(reference, inputs)[0]), actual = to_doubles(evaluate(optimised, inputs)[0]);
      for (size_t i = 0; i < meant.size(); i++) worst = std::max(worst, std::abs(meant[i] - actual[i]) / c.y.scale);
    }
    CHECK(worst <= 1.01);
  }
}

TEST_CASE("one 16-bit grid after another") {
  Text t;
  t.header = R"(<ir_version: 10, opset_import: ["" : 21]>)";
  t.grid("a", "uint16", 0.00003125, 32000).grid("b", "int16", 0.00004, 0).round("x", "a", "a").round("a", "y", "b");
  std::string model = t.model("(float[3,100] x) => (float[3,100] y)");
  CHECK(steps_from_reference(model, {0.00004}) <= 1.01);
  CHECK(final_ops(model) == "QuantizeLinear Requantize DequantizeLinear");
}

TEST_CASE("a function that no table of moderate size follows stays in float") {
  WideCase c = function("log", "Log(a)", {"uint16", 0.0002, 0}, {"int16", 0.0003, 0});
  std::string model = model_of(c);
  CHECK(final_ops(model) == "QuantizeLinear DequantizeLinear Log QuantizeLinear DequantizeLinear");
}

TEST_CASE("element-wise operators of 16 bits go by rows") {
  fs::path directory = fresh_directory("wide");
  for (const char* name : {"add", "sub_broadcast", "mul", "mul_wide", "max", "relu", "sigmoid", "hard_swish"}) {
    auto all = all_cases();
    auto c = std::find_if(all.begin(), all.end(), [&](const WideCase& w) { return w.name == name; });
    REQUIRE(c != all.end());
    c->b_shape = c->shape;
    CompileOptions options;
    options.model = directory / "model.onnx";
    write_model(model_of(*c), options.model);
    for (const Call& call : compile(options).program.calls) {
      INFO(name << " " << call.kernel);
      CHECK(call.row_form);
    }
  }
  fs::remove_all(directory);
}

TEST_CASE("generated code computes with 16 bits what the integer graph means", "[codegen]") {
  std::vector<GeneratedCase> cases;
  for (const WideCase& c : all_cases()) {
    GeneratedCase g{.name = c.name, .model = model_of(c), .tolerance = 1.01};
    Graph graph = load_text(g.model);
    for (uint32_t seed = 1; seed <= 2; seed++) g.inputs.push_back(inputs_of(graph, c, seed));
    g.steps = {c.y.scale};
    cases.push_back(g);
  }
  check_generated(cases);
}
