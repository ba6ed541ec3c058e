#include <catch2/catch.hpp>

#include "lower/lowering.hpp"
#include "support/models.hpp"

using namespace netsuke;
using namespace netsuke::test;

namespace {

std::string error_of(const std::string& model) {
  try {
    load_text(model);
  } catch (const Error& e) {
    return e.id + ": " + e.message;
  }
  return "accepted";
}

// Slices [0, 1, ..., 9] by Python's [start:end:step].
std::vector<float> sliced(const std::string& start, const std::string& end, const std::string& step, size_t count) {
  std::vector<float> x{0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  std::string model = "g (float[10] x) => (float[" + std::to_string(count) + "] y) { s = Constant<value_ints = [" + start +
                      "]>() e = Constant<value_ints = [" + end + "]>() a = Constant<value_ints = [0]>() d = Constant<value_ints = [" +
                      step + "]>() y = Slice(x, s, e, a, d) }";
  Tensor y = run_text(model, {floats({10}, x)})[0];
  auto values = y.as<float>();
  return {values.begin(), values.end()};
}

}  // namespace

TEST_CASE("Slice clamps and steps as Python does") {
  CHECK(sliced("2", "5", "1", 3) == std::vector<float>{2, 3, 4});
  CHECK(sliced("-3", "9223372036854775807", "1", 3) == std::vector<float>{7, 8, 9});
  CHECK(sliced("-100", "3", "2", 2) == std::vector<float>{0, 2});
  CHECK(sliced("0", "10", "4", 3) == std::vector<float>{0, 4, 8});
  CHECK(sliced("9", "-100", "-4", 3) == std::vector<float>{9, 5, 1});
  CHECK(sliced("100", "5", "-1", 4) == std::vector<float>{9, 8, 7, 6});
  CHECK(sliced("-1", "-9223372036854775808", "-1", 10) == std::vector<float>{9, 8, 7, 6, 5, 4, 3, 2, 1, 0});
  CHECK(sliced("0", "10", "9223372036854775807", 1) == std::vector<float>{0});
}

TEST_CASE("Slice: attributes until opset 9, inputs from 10, any order of axes") {
  Tensor x = floats({2, 3}, {1, 2, 3, 4, 5, 6});
  CHECK(run_text(R"(<ir_version: 4, opset_import: ["" : 9]>
    g (float[2,3] x) => (float[1,2] y) { y = Slice<axes = [1, 0], starts = [1, 1], ends = [3, 2]>(x) })", {x})[0] ==
        floats({1, 2}, {5, 6}));
  CHECK(run_text(R"(<ir_version: 4, opset_import: ["" : 9]>
    g (float[2,3] x) => (float[2,1] y) { y = Slice<starts = [0, -1], ends = [1000, 1000]>(x) })", {x})[0] ==
        floats({2, 1}, {3, 6}));
  Graph g = load_text(R"(g (float[2,3] x) => (float[2,2] y)
    { s = Constant<value_ints = [-1]>() e = Constant<value_ints = [0]>() a = Constant<value_ints = [-1]>()
      d = Constant<value_ints = [-1]>() y = Slice(x, s, e, a, d) })");
  CHECK(get_ints(g.nodes.at(0), "starts") == Shape{0, 2});
  CHECK(get_ints(g.nodes.at(0), "steps") == Shape{1, -1});
  CHECK(get_ints(g.nodes.at(0), "shape") == Shape{2, 2});
}

TEST_CASE("Slice: bad axes, steps and lists are refused") {
  auto slice = [](const std::string& starts, const std::string& ends, const std::string& axes, const std::string& steps) {
    return error_of("g (float[2,3] x) => (float[2,3] y) { s = Constant<value_ints = " + starts +
                    ">() e = Constant<value_ints = " + ends + ">() a = Constant<value_ints = " + axes +
                    ">() d = Constant<value_ints = " + steps + ">() y = Slice(x, s, e, a, d) }");
  };
  CHECK(slice("[0]", "[1]", "[2]", "[1]") == "bad-axis: Slice: axis 2 is outside [-2, 1]");
  CHECK(slice("[0]", "[1]", "[1]", "[0]") == "shape-mismatch: Slice: the step of axis 1 is 0");
  CHECK(slice("[0,0]", "[1,1]", "[1,-1]", "[1,1]") == "shape-mismatch: Slice: axis 1 stands twice");
  CHECK(slice("[0]", "[1,2]", "[1]", "[1]") == "shape-mismatch: Slice: ends has 2 entries, starts has 1");
  CHECK(error_of("g (float[2] x, int64[1] s, int64[1] e) => (float[2] y) { y = Slice(x, s, e) }") ==
        "not-constant: Slice: input 'e' (ends) is computed at run time");
}

TEST_CASE("Slice of rows says which rows it reads") {
  Graph g = load_text(R"(g (float[1,9,4,2] x) => (float[1,3,4,2] y)
    { s = Constant<value_ints = [1]>() e = Constant<value_ints = [7]>() a = Constant<value_ints = [1]>()
      d = Constant<value_ints = [2]>() y = Slice(x, s, e, a, d) })");
  auto rows = lower(g).calls.at(0).rows;
  REQUIRE(rows);
  CHECK(rows->in_rows == 9);
  CHECK(rows->out_rows == 3);
  CHECK(rows->stride == 2);
  CHECK(rows->pad == -1);
}

TEST_CASE("Expand broadcasts both ways, Tile repeats") {
  Tensor x = floats({2, 1}, {1, 2});
  CHECK(run_text("g (float[2,1] x) => (float[2,3] y) { s = Constant<value_ints = [1,3]>() y = Expand(x, s) }", {x})[0] ==
        floats({2, 3}, {1, 1, 1, 2, 2, 2}));
  CHECK(run_text("g (float[2,1] x) => (float[2,2,1] y) { s = Constant<value_ints = [2,1,1]>() y = Expand(x, s) }", {x})[0] ==
        floats({2, 2, 1}, {1, 2, 1, 2}));
  CHECK(run_text("g (float[2,1] x) => (float[4,3] y) { r = Constant<value_ints = [2,3]>() y = Tile(x, r) }", {x})[0] ==
        floats({4, 3}, {1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2}));
  CHECK(error_of("g (float[2,2] x) => (float[2,3] y) { s = Constant<value_ints = [1,3]>() y = Expand(x, s) }") ==
        "shape-mismatch: Expand: shapes [2,2] and [1,3] do not broadcast");
  CHECK(error_of("g (float[2,2] x) => (float[2,4] y) { r = Constant<value_ints = [2]>() y = Tile(x, r) }") ==
        "shape-mismatch: Tile: repeats [2] for an input of 2 dimensions");
  CHECK(error_of("g (float[2] x) => (float[2] y) { r = Constant<value_ints = [-1]>() y = Tile(x, r) }") ==
        "shape-mismatch: Tile: repeats [-1] for an input of 1 dimensions");
}

TEST_CASE("Slice, Expand and Tile in generated code", "[codegen]") {
  auto slice = [](const std::string& ports, const std::string& starts, const std::string& ends, const std::string& steps) {
    return "g " + ports + " { s = Constant<value_ints = " + starts + ">() e = Constant<value_ints = " + ends +
           ">() a = Constant<value_ints = [0,1,2]>() d = Constant<value_ints = " + steps + ">() y = Slice(x, s, e, a, d) }";
  };
  check_generated({
      {"middle", slice("(float[3,4,5] x) => (float[1,2,3] y)", "[1,1,1]", "[2,3,4]", "[1,1,1]")},
      {"backwards", slice("(float[3,4,5] x) => (float[3,4,5] y)", "[-1,-1,-1]", "[-9,-9,-9]", "[-1,-1,-1]")},
      {"steps", slice("(float[3,4,25] x) => (float[2,4,12] y)", "[0,3,24]", "[3,-9,0]", "[2,-1,-2]")},
      {"columns", slice("(int8[3,4,5] x) => (int8[3,4,2] y)", "[0,0,3]", "[3,4,5]", "[1,1,1]")},
      {"expand", "g (float[3,1,2] x) => (float[2,3,4,2] y) { s = Constant<value_ints = [2,1,4,1]>() y = Expand(x, s) }"},
      {"fill", "g (float[1] x) => (float[30] y) { s = Constant<value_ints = [30]>() y = Expand(x, s) }"},
      {"tile", "g (float[2,3,2] x) => (float[4,3,6] y) { r = Constant<value_ints = [2,1,3]>() y = Tile(x, r) }"},
  });
}
