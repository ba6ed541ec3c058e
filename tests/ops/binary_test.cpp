#include "elementwise.hpp"

#include "ops/broadcasting.hpp"

using namespace netsuke;
using namespace netsuke::test;

namespace {

// op(a, b) on two vectors.
template <class T>
Tensor apply(const std::string& op, std::vector<T> a, std::vector<T> b, const char* result = nullptr) {
  std::string in = fmt::format("{}[{}]", onnx_name<T>(), a.size()), out = fmt::format("{}[{}]", result ? result : onnx_name<T>(), a.size());
  return run_text(fmt::format("g ({} a, {} b) => ({} y) {{ y = {}(a, b) }}", in, in, out, op),
                  {vec<T>(std::move(a)), vec<T>(std::move(b))})[0];
}

}  // namespace

TEST_CASE("Integers wrap around and divide towards zero") {
  check_values(apply<int8_t>("Add", {100, -100, 7}, {100, -100, -8}), vec<int8_t>({-56, 56, -1}));
  check_values(apply<int8_t>("Sub", {-128, 100}, {1, -100}), vec<int8_t>({127, -56}));
  check_values(apply<uint8_t>("Sub", {3}, {5}), vec<uint8_t>({254}));
  check_values(apply<int32_t>("Mul", {65536, INT32_MIN}, {65536, -1}), vec<int32_t>({0, INT32_MIN}));
  check_values(apply<uint16_t>("Mul", {65535}, {65535}), vec<uint16_t>({1}));
  check_values(apply<int64_t>("Mul", {INT64_MIN, 3037000500}, {-1, 3037000500}), vec<int64_t>({INT64_MIN, -9223372036709301616}));
  check_values(apply<int32_t>("Div", {7, -7, 7, -7, INT32_MIN, 5}, {2, 2, -2, -2, -1, 0}),
               vec<int32_t>({3, -3, -3, 3, INT32_MIN, 0}));
  check_values(apply<int64_t>("Div", {INT64_MIN}, {-1}), vec<int64_t>({INT64_MIN}));
}

TEST_CASE("Mod takes the divisor's sign, with fmod = 1 the dividend's") {
  check_values(apply<int32_t>("Mod", {-4, 7, 5, 4, -7, 8, 3}, {2, -3, 8, -2, 3, 5, 0}),
               vec<int32_t>({0, -2, 5, 0, 2, 3, 0}));
  check_values(apply<int32_t>("Mod<fmod = 1>", {-4, 7, -7, INT32_MIN}, {2, -3, 3, -1}), vec<int32_t>({0, 1, -1, 0}));
  check_values(apply<float>("Mod<fmod = 1>", {-4.5f, 5.25f, 1}, {2, -3, kInf}), vec<float>({-0.5f, 2.25f, 1}));
  CHECK(refusal("g (float[1] a, float[1] b) => (float[1] y) { y = Mod(a, b) }") == "Mod: floats need fmod = 1");
}

TEST_CASE("Pow with exponents of another type") {
  auto y = run_text("g (float[4] a, int64[4] b) => (float[4] y) { y = Pow(a, b) }",
                    {vec<float>({2, -3, 0.5f, 0}), vec<int64_t>({10, 3, -2, 0})});
  check_values(y[0], vec<float>({1024, -27, 4, 1}));
  auto i = run_text("g (int32[5] a, float[5] b) => (int32[5] y) { y = Pow(a, b) }",
                    {vec<int32_t>({2, 9, 10, -10, -8}), vec<float>({3, 0.5f, 20, 21, 0.5f})});
  check_values(i[0], vec<int32_t>({8, 3, INT32_MAX, INT32_MIN, 0}));
  check_values(apply<int32_t>("Pow", {3, -1, -1, 2, 0, 1, 3}, {4, -3, -2, -1, 0, -5, 40}),
               vec<int32_t>({81, -1, 1, 0, 1, 1, 689956897}));
}

TEST_CASE("Min and Max of many pass NaN on; one operand is the identity") {
  auto y = run_text("g (float[3] a, float[3] b, float[1] c) => (float[3] y, float[3] z) { y = Max(a, b, c) z = Min(a, b, c) }",
                    {vec<float>({1, kNan, -kInf}), vec<float>({5, 0, 2}), vec<float>({3})});
  check_values(y[0], vec<float>({5, kNan, 3}));
  check_values(y[1], vec<float>({1, kNan, -kInf}));
  check_values(apply<float>("Max", {1, kNan}, {kNan, 1}), vec<float>({kNan, kNan}));
  Graph g = load_text("g (float[3] a) => (float[3] y) { y = Max(a) }");
  REQUIRE(g.nodes.size() == 1);
  CHECK(g.nodes[0].op == "Reshape");
}

TEST_CASE("Sum and Mean become chains") {
  Graph g = load_text("g (float[2,1] a, float[3] b, float c) => (float[2,3] y) { y = Mean(a, b, c) }");
  REQUIRE(g.nodes.size() == 3);
  CHECK(g.nodes[0].op == "Add");
  CHECK(g.nodes[1].op == "Add");
  CHECK(g.nodes[2].op == "Mul");
  auto y = evaluate(g, {floats({2, 1}, {3, 6}), floats({3}, {0, 3, 6}), floats({}, {9})});
  check_values(y[0], floats({2, 3}, {4, 5, 6, 5, 6, 7}));
  auto s = run_text("g (int32[2] a, int32[2] b) => (int32[2] y) { y = Sum(a, b) }",
                    {vec<int32_t>({1, 2}), vec<int32_t>({10, 20})});
  check_values(s[0], vec<int32_t>({11, 22}));
}

TEST_CASE("PRelu broadcasts the slope to the input only") {
  auto y = run_text("g (float[2,2] a, float[2,1] b) => (float[2,2] y) { y = PRelu(a, b) }",
                    {floats({2, 2}, {1, -1, 2, -2}), floats({2, 1}, {0.5f, 3})});
  check_values(y[0], floats({2, 2}, {1, -0.5f, 2, -6}));
  CHECK(refusal("g (float[2] a, float[2,2] b) => (float[2,2] y) { y = PRelu(a, b) }") ==
        "PRelu: slope [2,2] does not fit input [2]");
}

TEST_CASE("Comparisons: NaN is unequal to everything") {
  std::vector<float> a{1, 2, kNan, kInf}, b{2, 2, kNan, kInf};
  check_values(apply<float>("Equal", a, b, "bool"), bools({0, 1, 0, 1}));
  check_values(apply<float>("Less", a, b, "bool"), bools({1, 0, 0, 0}));
  check_values(apply<float>("LessOrEqual", a, b, "bool"), bools({1, 1, 0, 1}));
  check_values(apply<float>("Greater", b, a, "bool"), bools({1, 0, 0, 0}));
  check_values(apply<float>("GreaterOrEqual", b, a, "bool"), bools({1, 1, 0, 1}));
  check_values(apply<uint64_t>("Less", {UINT64_MAX, 1}, {1, UINT64_MAX}, "bool"), bools({0, 1}));
}

TEST_CASE("Logic, bits and shifts") {
  auto y = run_text("g (bool[4] a, bool[4] b) => (bool[4] x, bool[4] y, bool[4] z) { x = And(a, b) y = Or(a, b) z = Xor(a, b) }",
                    {bools({0, 0, 1, 1}), bools({0, 1, 0, 1})});
  check_values(y[0], bools({0, 0, 0, 1}));
  check_values(y[1], bools({0, 1, 1, 1}));
  check_values(y[2], bools({0, 1, 1, 0}));
  check_values(apply<uint8_t>("BitShift<direction = \"LEFT\">", {1, 255, 3}, {7, 4, 8}), vec<uint8_t>({128, 240, 0}));
  check_values(apply<uint64_t>("BitShift<direction = \"RIGHT\">", {UINT64_MAX, 8}, {63, 64}), vec<uint64_t>({1, 0}));
}

TEST_CASE("Types that do not go together are refused") {
  CHECK(refusal("g (float[1] a, int32[1] b) => (float[1] y) { y = Add(a, b) }") ==
        "Add: its inputs have types float32 and int32");
  CHECK(refusal("g (bool[1] a, bool[1] b) => (bool[1] y) { y = Add(a, b) }") == "Add: input 'a' has type bool");
  CHECK(refusal("g (float[2] a, float[3] b) => (float[3] y) { y = Add(a, b) }") ==
        "Add: shapes [2] and [3] do not broadcast");
}

TEST_CASE("Loops are merged where every operand walks alike") {
  Loops same = collapse({1, 4, 5, 6}, {{1, 4, 5, 6}, {1, 4, 5, 6}});
  CHECK(same.dims == Shape{120});
  CHECK(same.strides[1] == Shape{1});
  Loops channels = collapse({1, 4, 5, 6}, {{1, 4, 5, 6}, {6}});
  CHECK(channels.dims == Shape{20, 6});
  CHECK(channels.strides[0] == Shape{6, 1});
  CHECK(channels.strides[1] == Shape{0, 1});
  Loops scalar = collapse({2, 3}, {{2, 3}, {1, 1}});
  CHECK(scalar.dims == Shape{6});
  CHECK(scalar.strides[1] == Shape{0});
  Loops single = collapse({1, 1}, {{}, {1, 1}});
  CHECK(single.dims == Shape{1});
  Loops outer = collapse({2, 3, 4}, {{2, 1, 4}, {3, 4}});
  CHECK(outer.dims == Shape{2, 3, 4});
  CHECK(outer.strides[0] == Shape{4, 0, 1});
  CHECK(outer.strides[1] == Shape{0, 4, 1});
}

namespace {

template <class T>
void add_integer_cases(std::vector<GeneratedCase>& cases) {
  std::string type = onnx_name<T>();
  std::vector<T> edges{std::numeric_limits<T>::min(), std::numeric_limits<T>::max(), 0, 1, static_cast<T>(-1), 7, 100};
  std::vector<T> a, b;
  for (T x : edges)
    for (T y : edges) a.push_back(x), b.push_back(y);
  std::string in = fmt::format("{}[{}]", type, a.size()), shift;
  if (std::is_unsigned_v<T>) shift = "n = BitShift<direction = \"LEFT\">(a, b) o = BitShift<direction = \"RIGHT\">(a, b)";
  std::string model = fmt::format(
      "g ({0} a, {0} b) => ({0} c, {0} d, {0} e, {0} f, {0} h, {0} r, {0} j, {0} k, bool[{1}] l, bool[{1}] m{2}) "
      "{{ c = Add(a, b) d = Sub(a, b) e = Mul(a, b) f = Div(a, b) h = Mod(a, b) r = Mod<fmod = 1>(a, b) j = Max(a, b) "
      "k = Pow(a, b) l = Less(a, b) m = Equal(a, b) {3} }}",
      in, a.size(), shift.empty() ? "" : fmt::format(", {0} n, {0} o", in), shift);
  cases.push_back({"edges_" + type, model, 0, {{vec<T>(a), vec<T>(b)}}});
}

}  // namespace

TEST_CASE("Integer arithmetic in generated code, at the edges", "[codegen]") {
  std::vector<GeneratedCase> cases;
  add_integer_cases<int8_t>(cases);
  add_integer_cases<uint8_t>(cases);
  add_integer_cases<int16_t>(cases);
  add_integer_cases<uint16_t>(cases);
  add_integer_cases<int32_t>(cases);
  add_integer_cases<uint32_t>(cases);
  add_integer_cases<int64_t>(cases);
  add_integer_cases<uint64_t>(cases);
  check_generated(cases);
}

TEST_CASE("Broadcasting in generated code", "[codegen]") {
  check_generated({
      {"same", "g (float[1,3,4] a, float[1,3,4] b) => (float[1,3,4] y) { s = Add(a, b) y = Relu(s) }"},
      {"scalar", "g (float[3,4] a) => (float[3,4] y) <float s = {2.5}> { y = Div(s, a) }"},
      {"channels", "g (float[1,4,4,3] a) => (float[1,4,4,3] y) <float[3] s = {1,-2,3}> { t = Mul(a, s) y = Sub(s, t) }"},
      {"planes", "g (float[2,3,4] a) => (float[2,3,4] y) <float[3,1] s = {1,-2,3}> { y = PRelu(a, s) }"},
      {"crossed", "g (float[2,1,4,1,3] a, float[5,1,2,1] b) => (float[2,5,4,2,3] y) { y = Sub(a, b) }"},
      {"chain", "g (float[1,8] a, float[1,8] b, float[1] c) => (float[1,8] y) { y = Mean(a, b, c, a) }"},
      {"doubles", "g (double[2,3] a, double[3] b) => (double[2,3] y, bool[2,3] z) { y = Div(a, b) z = Less(a, b) }"},
      {"square", "g (float[6] a) => (float[6] y) <float e = {2}, float f = {3}, float h = {0.5}> "
                 "{ s = Pow(a, e) t = Pow(s, h) u = Pow(a, f) y = Add(t, u) }"},
      {"mixed_pow", "g (float[4] a, int32[4] b, int16[4] c, double[4] w) => (float[4] x, int32[4] y, double[4] z) "
                    "{ x = Pow(a, b) y = Pow(b, a) z = Pow(w, c) }", 1e-5,
       {{vec<float>({2, 0.5f, -1.5f, 3}), vec<int32_t>({3, 4, -3, 100}), vec<int16_t>({1, 2, -3, 0}), vec<double>({1.5, -2, 10, 0})}}},
      {"logic", "g (bool[2,3] a, bool[3] b) => (bool[2,3] y) { c = And(a, b) d = Or(c, b) e = Xor(d, a) y = Equal(e, b) }"},
      {"nans", "g (float[4] a, float[4] b) => (float[4] x, float[4] y, bool[4] z) { x = Max(a, b) y = Min(a, b) z = GreaterOrEqual(a, b) }",
       0, {{vec<float>({kNan, 1, kInf, -kInf}), vec<float>({1, kNan, 2, kInf})}}},
  });
}
