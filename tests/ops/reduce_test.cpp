#include "elementwise.hpp"

using namespace netsuke;
using namespace netsuke::test;

namespace {

const Tensor kBlock = floats({2, 3, 2}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});

Tensor reduce(const std::string& node, const std::string& out) {
  return run_text(header(17) + "g (float[2,3,2] x) => (" + out + " y) { y = " + node + " }", {kBlock})[0];
}

}  // namespace

TEST_CASE("Reductions along axes, with and without keepdims") {
  check_values(reduce("ReduceMean<axes = [1], keepdims = 0>(x)", "float[2,2]"), floats({2, 2}, {3, 4, 9, 10}));
  check_values(reduce("ReduceMax<axes = [-1, 0]>(x)", "float[1,3,1]"), floats({1, 3, 1}, {8, 10, 12}));
  check_values(reduce("ReduceMin<keepdims = 0>(x)", "float"), floats({}, {1}));
  check_values(reduce("ReduceProd<axes = [2], keepdims = 0>(x)", "float[2,3]"), floats({2, 3}, {2, 12, 30, 56, 90, 132}));
  check_values(reduce("ReduceL1<axes = [0], keepdims = 0>(x)", "float[3,2]"), floats({3, 2}, {8, 10, 12, 14, 16, 18}));
  check_values(reduce("ReduceSumSquare<axes = [0, 1, 2]>(x)", "float[1,1,1]"), floats({1, 1, 1}, {650}));
  check_values(run_text("g (float[1,2] x) => (float[1] y) { y = ReduceL2<axes = [1], keepdims = 0>(x) }", {floats({1, 2}, {3, -4})})[0], floats({1}, {5}));
}

TEST_CASE("Axes as attribute and as input mean the same") {
  auto sum = run_text("g (float[2,3,2] x) => (float[2,1,2] y) <int64[1] a = {-2}> { y = ReduceSum(x, a) }", {kBlock});
  check_values(sum[0], floats({2, 1, 2}, {9, 12, 27, 30}));
  auto old = run_text(header(11) + "g (float[2,3,2] x) => (float[2,1,2] y) { y = ReduceSum<axes = [1]>(x) }", {kBlock});
  check_values(old[0], sum[0]);
  auto mean = run_text(header(18) + "g (float[2,3,2] x) => (float[2,3,1] y) <int64[1] a = {2}> { y = ReduceMean(x, a) }", {kBlock});
  check_values(mean[0], floats({2, 3, 1}, {1.5f, 3.5f, 5.5f, 7.5f, 9.5f, 11.5f}));
}

TEST_CASE("No axes: everything, or nothing with noop_with_empty_axes") {
  check_values(run_text("g (float[2,3,2] x) => (float[1,1,1] y) { y = ReduceSum(x) }", {kBlock})[0], floats({1, 1, 1}, {78}));
  check_values(run_text("g (float[2,3,2] x) => (float[2,3,2] y) { y = ReduceSum<noop_with_empty_axes = 1>(x) }", {kBlock})[0], kBlock);
  auto squares = run_text(header(18) + "g (float[3] x) => (float[3] y) { y = ReduceSumSquare<noop_with_empty_axes = 1>(x) }", {vec<float>({1, -2, 3})});
  check_values(squares[0], vec<float>({1, 4, 9}));
}

TEST_CASE("NaN and infinities in reductions") {
  auto y = run_text("g (float[2,2] x) => (float[2] a, float[2] b, float[2] c) { a = ReduceMax<axes = [1], keepdims = 0>(x) "
                    "b = ReduceMin<axes = [1], keepdims = 0>(x) c = ReduceLogSumExp<axes = [1], keepdims = 0>(x) }",
                    {floats({2, 2}, {1, kNan, -kInf, -kInf})});
  check_values(y[0], vec<float>({kNan, -kInf}));
  check_values(y[1], vec<float>({kNan, -kInf}));
  CHECK(y[2].as<float>()[1] == -kInf);
}

TEST_CASE("Integers: wrap-around sums, truncating means") {
  auto y = run_text("g (int32[4] x) => (int32 s, int32 m, int32 p) <int64[1] a = {0}> { s = ReduceSum<keepdims = 0>(x, a) "
                    "m = ReduceMean<keepdims = 0>(x) p = ReduceProd<keepdims = 0>(x) }",
                    {vec<int32_t>({INT32_MAX, 1, -3, 7})});
  check_values(y[0], tensor<int32_t>({}, {static_cast<int32_t>(0x80000004u)}));
  check_values(y[1], tensor<int32_t>({}, {536870913}));
  check_values(y[2], tensor<int32_t>({}, {-2147483627}));
}

TEST_CASE("ReduceMean over height and width is a global pool") {
  Graph g = load_text("g (float[1,2,3,4] x) => (float[1,2,1,1] y, float[1,2] z) { y = ReduceMean<axes = [2, 3]>(x) z = ReduceMax<axes = [-1, -2], keepdims = 0>(x) }");
  REQUIRE(g.nodes.size() == 3);
  CHECK(g.nodes[0].op == "GlobalAveragePool");
  CHECK(g.nodes[1].op == "GlobalMaxPool");
  CHECK(g.nodes[2].op == "Reshape");
}

TEST_CASE("ArgMax and ArgMin: first or last of equals") {
  const std::string in = "g (float[2,3] x) => (int64[2] a, int64[2] b, int64[1,3] c) ";
  auto y = run_text(in + "{ a = ArgMax<axis = 1, keepdims = 0>(x) b = ArgMax<axis = -1, keepdims = 0, select_last_index = 1>(x) c = ArgMin(x) }",
                    {floats({2, 3}, {5, 1, 5, 2, 7, 3})});
  check_values(y[0], int64s({2}, {0, 1}));
  check_values(y[1], int64s({2}, {2, 1}));
  check_values(y[2], int64s({1, 3}, {1, 0, 1}));
}

TEST_CASE("CumSum: exclusive, reverse, along an outer axis") {
  auto y = run_text("g (float[2,2] x) => (float[2,2] a, float[2,2] b, float[2,2] c) <int64 one = {1}, int64 zero = {0}> "
                    "{ a = CumSum(x, one) b = CumSum<exclusive = 1, reverse = 1>(x, one) c = CumSum(x, zero) }", {floats({2, 2}, {1, 2, 3, 4})});
  check_values(y[0], floats({2, 2}, {1, 3, 3, 7}));
  check_values(y[1], floats({2, 2}, {2, 0, 4, 0}));
  check_values(y[2], floats({2, 2}, {1, 2, 4, 6}));
}

TEST_CASE("Hardmax, before and since opset 13") {
  const Tensor x = floats({1, 2, 2}, {1, 3, 3, 2});
  auto old = run_text(header(11) + "g (float[1,2,2] x) => (float[1,2,2] y) { y = Hardmax(x) }", {x});
  check_values(old[0], floats({1, 2, 2}, {0, 1, 0, 0}));
  auto now = run_text("g (float[1,2,2] x) => (float[1,2,2] y) { y = Hardmax(x) }", {x});
  check_values(now[0], floats({1, 2, 2}, {0, 1, 1, 0}));
}

TEST_CASE("Reductions in generated code", "[codegen]") {
  std::vector<GeneratedCase> cases;
  const char* ops[] = {"ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceLogSumExp"};
  for (const char* type : {"float", "double"}) {
    std::string outputs, nodes;
    for (const char* op : ops) {
      outputs += fmt::format("{0}{1}[2,1,4,1,3] a_{2}, {1}[5,3] b_{2}, {1} c_{2}", outputs.empty() ? "" : ", ", type, op);
      nodes += fmt::format(" a_{0} = {0}<axes = [1, 3]>(x) b_{0} = {0}<axes = [0, 2, 3], keepdims = 0>(x) c_{0} = {0}<keepdims = 0>(x)", op);
    }
    cases.push_back({fmt::format("reduce_{}", type), fmt::format("g ({}[2,5,4,2,3] x) => ({}) {{ {} }}", type, outputs, nodes), 2e-5});
  }
  cases.push_back({"log_sum", "g (float[3,8] x) => (float[3] y) { a = Abs(x) y = ReduceLogSum<axes = [1], keepdims = 0>(a) }"});
  cases.push_back({"log_sum_exp_edges", "g (float[5,2] x) => (float[5] y) { y = ReduceLogSumExp<axes = [1], keepdims = 0>(x) }", 1e-5,
                   {{floats({5, 2}, {-kInf, -kInf, kInf, 1, 1000, 1001, -kInf, 3, kNan, 1})}}});
  cases.push_back({"sums", "g (float[4,6] x) => (float[4,1] y, float[6] z) <int64[1] a = {1}, int64[1] b = {0}> "
                   "{ y = ReduceSum(x, a) z = ReduceSum<keepdims = 0>(x, b) }"});
  for (const char* type : {"int8", "uint8", "int32", "int64", "uint64"})
    cases.push_back({fmt::format("reduce_{}", type),
                     fmt::format("g ({0}[6,7] x) => ({0}[6] a, {0}[7] b, {0} c, {0}[6] d, {0}[6] e, {0}[7] f, int64[6] h, {0}[6,7] k) <int64 one = {{1}}> "
                                 "{{ a = ReduceMean<axes = [1], keepdims = 0>(x) b = ReduceMax<axes = [0], keepdims = 0>(x) c = ReduceProd<keepdims = 0>(x) "
                                 "d = ReduceL1<axes = [1], keepdims = 0>(x) e = ReduceSumSquare<axes = [1], keepdims = 0>(x) f = ReduceMin<axes = [0], keepdims = 0>(x) "
                                 "h = ArgMin<axis = 1, keepdims = 0>(x) k = CumSum(x, one) }}", type), 0});
  cases.push_back({"lines", "g (float[3,4,5] x) => (int64[3,1,5] a, int64[3,4] b, float[3,4,5] c, float[3,4,5] d, float[3,4,5] e) <int64 one = {1}> "
                   "{ a = ArgMax<axis = 1>(x) b = ArgMin<axis = 2, keepdims = 0, select_last_index = 1>(x) c = Hardmax<axis = 1>(x) "
                   "d = CumSum<exclusive = 1>(x, one) t = Neg(x) e = CumSum<reverse = 1>(t, one) }"});
  check_generated(cases);
}
