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

}  // namespace

TEST_CASE("Concat along each axis") {
  std::vector<Tensor> in = {floats({2, 1}, {1, 2}), floats({2, 2}, {3, 4, 5, 6})};
  CHECK(run_text("g (float[2,1] a, float[2,2] b) => (float[2,3] y) { y = Concat<axis = -1>(a, b) }", in)[0] ==
        floats({2, 3}, {1, 3, 4, 2, 5, 6}));
  std::vector<Tensor> rows = {floats({1, 2}, {1, 2}), floats({2, 2}, {3, 4, 5, 6})};
  CHECK(run_text("g (float[1,2] a, float[2,2] b) => (float[3,2] y) { y = Concat<axis = 0>(a, b) }", rows)[0] ==
        floats({3, 2}, {1, 2, 3, 4, 5, 6}));
}

TEST_CASE("Concat: what does not fit is refused") {
  CHECK(error_of("g (float[1,2] a, float[1,3] b) => (float[2,2] y) { y = Concat<axis = 0>(a, b) }") ==
        "shape-mismatch: Concat: inputs 0 and 1 have shapes [1,2] and [1,3]");
  CHECK(error_of("g (float[1,2] a, float[2] b) => (float[2,2] y) { y = Concat<axis = 0>(a, b) }") ==
        "shape-mismatch: Concat: inputs 0 and 1 have shapes [1,2] and [2]");
  CHECK(error_of("g (float[1,2] a, int64[1,2] b) => (float[2,2] y) { y = Concat<axis = 0>(a, b) }") ==
        "shape-mismatch: Concat: inputs 0 and 1 are float32 and int64");
  CHECK(error_of("g (float[1,2] a) => (float[1,2] y) { y = Concat<axis = 2>(a, a) }") ==
        "bad-axis: Concat: axis 2 is outside [-2, 1]");
  CHECK(error_of("g (float[1,2] a) => (float[1,2] y) { y = Concat(a, a) }") ==
        "bad-attribute: Concat needs attribute 'axis'");
}

TEST_CASE("Split: equal parts, given lengths as attribute and as input, uneven parts of opset 18") {
  Tensor x = floats({1, 5}, {1, 2, 3, 4, 5});
  auto equal = run_text("g (float[4] x) => (float[2] a, float[2] b) { a, b = Split(x) }", {floats({4}, {1, 2, 3, 4})});
  CHECK(equal[0] == floats({2}, {1, 2}));
  CHECK(equal[1] == floats({2}, {3, 4}));
  auto attribute = run_text(R"(<ir_version: 7, opset_import: ["" : 11]>
    g (float[1,5] x) => (float[1,2] a, float[1,3] b) { a, b = Split<axis = 1, split = [2, 3]>(x) })", {x});
  CHECK(attribute[1] == floats({1, 3}, {3, 4, 5}));
  auto input = run_text(R"(g (float[1,5] x) => (float[1,4] a, float[1,1] b)
    { s = Constant<value_ints = [4, 1]>() a, b = Split<axis = -1>(x, s) })", {x});
  CHECK(input[0] == floats({1, 4}, {1, 2, 3, 4}));
  CHECK(input[1] == floats({1, 1}, {5}));
  auto uneven = run_text(R"(<ir_version: 8, opset_import: ["" : 18]>
    g (float[1,5] x) => (float[1,2] a, float[1,2] b, float[1,1] c) { a, b, c = Split<axis = 1, num_outputs = 3>(x) })", {x});
  CHECK(uneven[1] == floats({1, 2}, {3, 4}));
  CHECK(uneven[2] == floats({1, 1}, {5}));
}

TEST_CASE("Split: lengths that do not fit are refused") {
  CHECK(error_of("g (float[5] x) => (float[2] a, float[3] b) { a, b = Split(x) }") ==
        "shape-mismatch: Split: 5 does not split into 2 parts");
  CHECK(error_of("g (float[5] x) => (float[2] a, float[2] b) { s = Constant<value_ints = [2, 2]>() a, b = Split(x, s) }") ==
        "shape-mismatch: Split: parts [2,2] for 2 outputs of a dimension of 5");
  CHECK(error_of("g (float[5] x) => (float[6] a, float[1] b) { s = Constant<value_ints = [6, -1]>() a, b = Split(x, s) }") ==
        "shape-mismatch: Split: parts [6,-1] for 2 outputs of a dimension of 5");
  CHECK(error_of("g (float[5] x, int64[2] s) => (float[2] a, float[3] b) { a, b = Split(x, s) }") ==
        "not-constant: Split: input 's' (split) is computed at run time");
}

TEST_CASE("Concat and Split of channels go row by row, those of rows do not") {
  auto rows = [](const std::string& model) {
    Graph g = load_text(model);
    return lower(g).calls.at(0).rows;
  };
  auto channels = rows("g (float[1,4,5,2] a, float[1,4,5,3] b) => (float[1,4,5,5] y) { y = Concat<axis = 3>(a, b) }");
  REQUIRE(channels);
  CHECK(channels->in_rows == 4);
  CHECK(channels->out_rows == 4);
  CHECK(channels->kernel == 1);
  CHECK_FALSE(rows("g (float[1,4,5,2] a, float[1,3,5,2] b) => (float[1,7,5,2] y) { y = Concat<axis = 1>(a, b) }"));
  CHECK(rows("g (float[1,4,5,4] x) => (float[1,4,5,2] a, float[1,4,5,2] b) { a, b = Split<axis = 3>(x) }"));
}

TEST_CASE("Concat and Split in generated code", "[codegen]") {
  check_generated({
      {"channels", R"(g (float[1,4,5,2] a, float[1,4,5,3] b, float[1,4,5,1] c) => (float[1,4,5,6] y)
         { y = Concat<axis = 3>(a, b, c) })"},
      {"rows", "g (float[1,4,5] a, float[1,3,5] b) => (float[1,7,5] y) { y = Concat<axis = 1>(a, b) }"},
      {"twice", "g (float[2,3] a) => (float[2,6] y) { y = Concat<axis = 1>(a, a) }"},
      {"with_constant", R"(g (float[2,3] a) => (float[2,5] y)
         { c = Constant<value = float[2,2] {1, 2, 3, 4}>() y = Concat<axis = 1>(c, a) })"},
      {"bytes", "g (uint8[2,3] a, uint8[2,4] b) => (uint8[2,7] y) { y = Concat<axis = 1>(a, b) }"},
      {"split", R"(g (float[2,7,3] x) => (float[2,1,3] a, float[2,4,3] b, float[2,2,3] c)
         { s = Constant<value_ints = [1, 4, 2]>() a, b, c = Split<axis = 1>(x, s) })"},
      {"shuffle", R"(g (float[1,6,4] x) => (float[1,6,4] y)
         { a, b = Split<axis = 1>(x) y = Concat<axis = 1>(b, a) })"},
  });
}
