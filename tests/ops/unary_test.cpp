#include "elementwise.hpp"

using namespace netsuke;
using namespace netsuke::test;

namespace {

template <class T>
Tensor apply(const std::string& op, std::vector<T> x, const char* result = nullptr) {
  std::string n = fmt::to_string(x.size());
  return run_text(fmt::format("g ({0}[{1}] x) => ({2}[{1}] y) {{ y = {3}(x) }}", onnx_name<T>(), n,
                              result ? result : onnx_name<T>(), op),
                  {vec<T>(std::move(x))})[0];
}

}  // namespace

TEST_CASE("Round takes halves to the even number") {
  check_values(apply<float>("Round", {0.5f, 1.5f, 2.5f, -0.5f, -1.5f, -2.5f, 0.9f, -1.2f, 8388609, kInf, kNan}),
               vec<float>({0, 2, 2, 0, -2, -2, 1, -1, 8388609, kInf, kNan}));
}

TEST_CASE("Signs and absolute values of numbers at the edges") {
  check_values(apply<float>("Abs", {-kInf, kNan, -2}), vec<float>({kInf, kNan, 2}));
  check_values(apply<float>("Sign", {-kInf, 0, 3, kNan}), vec<float>({-1, 0, 1, kNan}));
  check_values(apply<int8_t>("Abs", {-128, -5, 5}), vec<int8_t>({-128, 5, 5}));
  check_values(apply<int64_t>("Neg", {INT64_MIN, 3}), vec<int64_t>({INT64_MIN, -3}));
  check_values(apply<uint8_t>("Sign", {0, 200}), vec<uint8_t>({0, 1}));
  check_values(apply<float>("Reciprocal", {0, -4, kInf}), vec<float>({kInf, -0.25f, 0}));
  check_values(apply<float>("Sqrt", {4, -1}), vec<float>({2, kNan}));
  check_values(apply<float>("Log", {0, 1, -1}), vec<float>({-kInf, 0, kNan}));
}

TEST_CASE("IsNaN, IsInf and Not") {
  check_values(apply<float>("IsNaN", {1, kNan, kInf}, "bool"), bools({0, 1, 0}));
  check_values(apply<float>("IsInf", {1, kNan, kInf, -kInf}, "bool"), bools({0, 0, 1, 1}));
  check_values(apply<float>("IsInf<detect_negative = 0>", {kInf, -kInf}, "bool"), bools({1, 0}));
  check_values(apply<float>("IsInf<detect_positive = 0>", {kInf, -kInf}, "bool"), bools({0, 1}));
  check_values(run_text("g (bool[2] x) => (bool[2] y) { y = Not(x) }", {bools({0, 1})})[0], bools({1, 0}));
}

TEST_CASE("Cast truncates, saturates and wraps") {
  check_values(apply<float>("Cast<to = 3>", {1.9f, -1.9f, 300, -300, kNan, kInf}, "int8"), vec<int8_t>({1, -1, 127, -128, 0, 127}));
  check_values(apply<float>("Cast<to = 2>", {255.5f, 256, -0.5f, -1}, "uint8"), vec<uint8_t>({255, 255, 0, 0}));
  check_values(apply<float>("Cast<to = 7>", {1e30f, -1e30f, 9.2e18f}, "int64"), vec<int64_t>({INT64_MAX, INT64_MIN, 9200000267938955264}));
  check_values(apply<float>("Cast<to = 9>", {0, -0.0f, 0.1f, kNan}, "bool"), bools({0, 0, 1, 1}));
  check_values(apply<int32_t>("Cast<to = 3>", {300, -129}, "int8"), vec<int8_t>({44, 127}));
  check_values(apply<int64_t>("Cast<to = 1>", {16777217, -3}, "float"), vec<float>({16777216, -3}));
  CHECK(refusal("g (float[1] x) => (float16[1] y) { y = Cast<to = 10>(x) }") == "Cast: element type number 10 is not supported");
}

TEST_CASE("Cast to the same type is the identity, CastLike is a Cast") {
  Graph g = load_text("g (float[3] x, int32[1] t) => (float[3] y, int32[3] z) { y = Cast<to = 1>(x) z = CastLike(x, t) }");
  REQUIRE(g.nodes.size() == 2);
  CHECK(g.nodes[0].op == "Reshape");
  CHECK(g.nodes[1].op == "Cast");
  CHECK(g.nodes[1].inputs.size() == 1);
}

TEST_CASE("Clip: attributes, inputs, missing bounds, integers") {
  auto old = run_text(header(6 + 1) + "g (float[3] x) => (float[3] y) { y = Clip<min = -1.0, max = 2.0>(x) }", {vec<float>({-5, 0, 5})});
  check_values(old[0], vec<float>({-1, 0, 2}));
  auto inputs = run_text("g (float[3] x) => (float[3] y) <float l = {0}, float h = {6}> { y = Clip(x, l, h) }", {vec<float>({-5, kNan, 7})});
  check_values(inputs[0], vec<float>({0, kNan, 6}));
  auto upper = run_text("g (float[3] x) => (float[3] y) <float h = {6}> { y = Clip(x, , h) }", {vec<float>({-kInf, 1, 7})});
  check_values(upper[0], vec<float>({-kInf, 1, 6}));
  auto crossed = run_text("g (float[3] x) => (float[3] y) <float l = {3}, float h = {1}> { y = Clip(x, l, h) }", {vec<float>({0, 2, 7})});
  check_values(crossed[0], vec<float>({1, 1, 1}));
  auto ints = run_text("g (int8[3] x, int8 l) => (int8[3] y) <int8 h = {5}> { y = Clip(x, l, h) }", {vec<int8_t>({-128, 0, 127}), tensor<int8_t>({}, {-2})});
  check_values(ints[0], vec<int8_t>({-2, 0, 5}));
  Graph none = load_text("g (int32[3] x) => (int32[3] y) { y = Clip(x) }");
  CHECK(none.nodes[0].op == "Reshape");
}

TEST_CASE("A clip fuses behind what makes its input") {
  Graph g = after_pass("g (float[3] x) => (float[3] y) <float l = {0}, float h = {6}> { s = Add(x, x) y = Clip(s, l, h) }", "fuse-activations");
  REQUIRE(g.nodes.size() == 1);
  CHECK(g.nodes[0].activations == std::vector<Activation>{{"clip", {0, 6}}});
}

TEST_CASE("Where broadcasts all three") {
  auto y = run_text("g (bool[2] c, float[2,1] a, float b) => (float[2,2] y) { y = Where(c, a, b) }",
                    {bools({1, 0}), floats({2, 1}, {1, 2}), floats({}, {9})});
  check_values(y[0], floats({2, 2}, {1, 9, 2, 9}));
}

TEST_CASE("Dropout does nothing at inference; its mask is all true") {
  auto y = run_text("g (float[2] x) => (float[2] y, bool[2] m) <float r = {0.5}> { y, m = Dropout(x, r) }", {vec<float>({1, 2})});
  check_values(y[0], vec<float>({1, 2}));
  check_values(y[1], bools({1, 1}));
  CHECK(refusal("g (float[2] x, bool t) => (float[2] y) <float r = {0.5}> { y = Dropout(x, r, t) }") ==
        "Dropout: training_mode is not known to be false");
}

TEST_CASE("Shrink and its defaults") {
  check_values(apply<float>("Shrink<lambd = 1.5, bias = 1.5>", {-2, -1, 0, 1, 2}), vec<float>({-0.5f, 0, 0, 0, 0.5f}));
  check_values(apply<float>("Shrink", {-2, 0.25f}), vec<float>({-2, 0}));
}

TEST_CASE("Functions in generated code", "[codegen]") {
  std::vector<GeneratedCase> cases;
  const char* floats_ops[] = {"Abs", "Neg", "Sign", "Reciprocal", "Floor", "Ceil", "Round", "Exp", "Sin", "Cos", "Tan",
                              "Asin", "Acos", "Atan", "Sinh", "Cosh", "Asinh", "Atanh"};
  for (const char* type : {"float", "double"}) {
    std::string outputs, nodes;
    for (const char* op : floats_ops) {
      outputs += fmt::format("{}{}[40] y_{}", outputs.empty() ? "" : ", ", type, op);
      nodes += fmt::format(" s_{0} = {0}(x) y_{0} = Abs(s_{0})", op);
    }
    outputs += fmt::format(", {0}[40] roots, {0}[40] logs, {0}[40] acoshs", type);
    nodes += " a = Abs(x) roots = Sqrt(a) logs = Log(a) c = Cosh(x) acoshs = Acosh(c)";
    cases.push_back({fmt::format("functions_{}", type), fmt::format("g ({0}[40] x) => ({1}) {{ {2} }}", type, outputs, nodes), 2e-5});
  }
  cases.push_back({"edges", "g (float[12] x) => (float[12] a, float[12] b, bool[12] c, bool[12] d, bool[12] e, float[12] f) "
                   "{ a = Round(x) b = Sign(x) c = IsNaN(x) d = IsInf(x) h = IsInf<detect_positive = 0>(x) e = Not(h) f = Abs(x) }", 0,
                   {{vec<float>({0.5f, 1.5f, 2.5f, -0.5f, -1.5f, -2.5f, 0.49999997f, 8388609, kInf, -kInf, kNan, -0.0f})}}});
  cases.push_back({"integers", "g (int8[4] x, int64[4] z) => (int8[4] a, int8[4] b, int8[4] c, int64[4] d, int8[4] e) <int8 l = {-3}, int8 h = {9}> "
                   "{ a = Abs(x) b = Neg(x) c = Sign(x) d = Neg(z) e = Clip(x, l, h) }", 0,
                   {{vec<int8_t>({-128, 127, 0, -1}), vec<int64_t>({INT64_MIN, INT64_MAX, 0, 5})}}});
  cases.push_back({"activations", "g (float[30] x) => (float[30] y, float[30] z) <float l = {-0.25}> { y = Shrink(x) z = Clip(x, l) }"});
  cases.push_back({"choice", "g (float[2,3] x, float[3] b) => (float[2,3] y, float[2,3] z) <float o = {-1}, bool[3] m = {1,0,1}> "
                   "{ c = Less(x, b) y = Where(c, x, o) z = Where(m, b, y) }"});
  check_generated(cases);
}

TEST_CASE("Casts between all types in generated code", "[codegen]") {
  constexpr int kCodes[] = {1, 2, 3, 4, 5, 6, 7, 9, 11, 12, 13};
  const char* names[] = {"float", "uint8", "int8", "uint16", "int16", "int32", "int64", "bool", "double", "uint32", "uint64"};
  const std::vector<double> values{0, 1, -1, 1.5, -1.5, 127.5, 128, -129, 255.9, 65536, 2147483648.0, -2147483904.0, 4294967296.0,
                                   1e19, -1e19, 1e30, kNan, kInf, -kInf};
  std::vector<GeneratedCase> cases;
  for (size_t from = 0; from < std::size(kCodes); from++) {
    std::string outputs, nodes;
    for (size_t to = 0; to < std::size(kCodes); to++) {
      outputs += fmt::format("{}{}[{}] y{}", to ? ", " : "", names[to], values.size(), to);
      nodes += fmt::format(" y{} = Cast<to = {}>(x)", to, kCodes[to]);
    }
    std::vector<float> narrow(values.begin(), values.end());
    std::string model = fmt::format("g (float[{0}] x) => (float[{0}] y) {{ y = Identity(x) }}", values.size());
    Tensor input = vec<float>(narrow);
    if (kCodes[from] != 1)
      input = run_text(fmt::format("g (float[{0}] x) => ({1}[{0}] y) {{ y = Cast<to = {2}>(x) }}", values.size(), names[from], kCodes[from]), {input})[0];
    cases.push_back({fmt::format("from_{}", names[from]), fmt::format("g ({}[{}] x) => ({}) {{ {} }}", names[from], values.size(), outputs, nodes), 0, {{input}}});
  }
  check_generated(cases);
}
