#include <catch2/catch.hpp>

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

std::string first_op(const std::string& model) { return load_text(model).nodes.at(0).op; }

}  // namespace

TEST_CASE("Gather with run-time indices, negative ones too") {
  Tensor x = floats({2, 3}, {1, 2, 3, 4, 5, 6});
  CHECK(run_text("g (float[2,3] x, int64[2,2] i) => (float[2,2,2] y) { y = Gather<axis = 1>(x, i) }",
                 {x, int64s({2, 2}, {0, -1, 2, 1})})[0] == floats({2, 2, 2}, {1, 3, 3, 2, 4, 6, 6, 5}));
  CHECK(run_text("g (float[2,3] x, int64 i) => (float[3] y) { y = Gather(x, i) }", {x, int64s({}, {1})})[0] ==
        floats({3}, {4, 5, 6}));
}

TEST_CASE("Gather with constant indices is a slice where it can be") {
  auto gather = [](const std::string& shape, const std::string& indices) {
    return "g (float[4] x) => (float" + shape + " y) { i = Constant<value = int64" + indices + ">() y = Gather(x, i) }";
  };
  Tensor x = floats({4}, {10, 11, 12, 13});
  CHECK(first_op(gather("[2]", "[2] {3, 1}")) == "Slice");
  CHECK(run_text(gather("[2]", "[2] {3, 1}"), {x})[0] == floats({2}, {13, 11}));
  CHECK(run_text(gather("", " {-1}"), {x})[0] == floats({}, {13}));
  CHECK(run_text(gather("[2,2]", "[2,2] {0, 1, 2, 3}"), {x})[0] == floats({2, 2}, {10, 11, 12, 13}));
  CHECK(first_op(gather("[3]", "[3] {0, 3, 1}")) == "Gather");
  CHECK(run_text(gather("[3]", "[3] {0, -1, 1}"), {x})[0] == floats({3}, {10, 13, 11}));
  CHECK(first_op(gather("[2]", "[2] {1, 1}")) == "Gather");
  CHECK(error_of(gather("[2]", "[2] {1, 4}")) == "shape-mismatch: Gather: index 4 is outside [-4, 3]");
}

TEST_CASE("GatherElements and GatherND") {
  Tensor x = floats({2, 2}, {1, 2, 3, 4});
  CHECK(run_text("g (float[2,2] x, int64[2,2] i) => (float[2,2] y) { y = GatherElements<axis = 1>(x, i) }",
                 {x, int64s({2, 2}, {0, 0, -1, 0})})[0] == floats({2, 2}, {1, 1, 4, 3}));
  CHECK(run_text("g (float[2,2] x, int64[1,2] i) => (float[1,2] y) { y = GatherElements(x, i) }",
                 {x, int64s({1, 2}, {1, 0})})[0] == floats({1, 2}, {3, 2}));
  CHECK(run_text("g (float[2,2] x, int64[2,2] i) => (float[2] y) { y = GatherND(x, i) }",
                 {x, int64s({2, 2}, {0, 0, 1, -1})})[0] == floats({2}, {1, 4}));
  CHECK(run_text("g (float[2,2] x, int64[2,1] i) => (float[2,2] y) { y = GatherND(x, i) }",
                 {x, int64s({2, 1}, {1, 0})})[0] == floats({2, 2}, {3, 4, 1, 2}));
  // ONNX's own example with batch_dims = 1.
  CHECK(run_text("g (float[2,2,2] x, int64[2,1] i) => (float[2,2] y) { y = GatherND<batch_dims = 1>(x, i) }",
                 {floats({2, 2, 2}, {0, 1, 2, 3, 4, 5, 6, 7}), int64s({2, 1}, {1, 0})})[0] == floats({2, 2}, {2, 3, 4, 5}));
  CHECK(error_of("g (float[2,2] x, int64[2,3] i) => (float[2] y) { y = GatherND(x, i) }") ==
        "shape-mismatch: GatherND: indices of shape [2,3] for data of shape [2,2] with 0 batch dimensions");
  CHECK(error_of("g (float[2,2] x, int64[2] i) => (float[2] y) { y = GatherElements(x, i) }") ==
        "shape-mismatch: GatherElements: indices of shape [2] for data of shape [2,2]");
}

TEST_CASE("Compress needs a known condition") {
  const std::string compress = "g (float[2,2] x) => (float[2] y) { c = Constant<value = bool[3] {1, 0, 1}>() y = Compress(x, c) }";
  CHECK(run_text(compress, {floats({2, 2}, {1, 2, 3, 4})})[0] == floats({2}, {1, 3}));
  CHECK(error_of("g (float[2] x, bool[2] c) => (float[?] y) { y = Compress(x, c) }") ==
        "op-unsupported: Compress: its condition is computed at run time, so its output has no fixed shape");
}

TEST_CASE("OneHot: any axis, negative and foreign indices") {
  auto one_hot = [](const std::string& axis, const std::string& shape) {
    return "g (int64[3] i) => (float" + shape + " y) { d = Constant<value = int64 {2}>() v = Constant<value = float[2] {5, 7}>() y = OneHot<axis = " +
           axis + ">(i, d, v) }";
  };
  Tensor i = int64s({3}, {1, -2, 9});
  CHECK(run_text(one_hot("-1", "[3,2]"), {i})[0] == floats({3, 2}, {5, 7, 7, 5, 5, 5}));
  CHECK(run_text(one_hot("0", "[2,3]"), {i})[0] == floats({2, 3}, {5, 7, 5, 7, 5, 5}));
}

TEST_CASE("Gathers in generated code", "[codegen]") {
  Tensor x = floats({2, 3}, {1, 2, 3, 4, 5, 6});
  check_generated({
      {"gather_constant", R"(g (float[2,5,3] x) => (float[2,2,2,3] y)
         { i = Constant<value = int64[2,2] {4, 0, -1, 2}>() y = Gather<axis = 1>(x, i) })"},
      {"gather_scalar", "g (float[2,5,3] x) => (float[2,3] y) { i = Constant<value = int64 {-2}>() y = Gather<axis = 1>(x, i) }"},
      {"gather_table", R"(g (int32[3] at) => (float[3,2] y)
         { t = Constant<value = float[3,2] {1, 2, 3, 4, 5, 6}>() y = Gather(t, at) })", 1e-5,
       {{make_tensor<int32_t>({3}, std::span<const int32_t>(std::vector<int32_t>{2, -3, 1}))}}},
      {"gather_clamps", "g (float[2,3] x, int64[4] at) => (float[2,4] y) { y = Gather<axis = 1>(x, at) }", 1e-5,
       {{x, int64s({4}, {7, -9, 0, -1})}}},
      {"elements", "g (float[2,3] x, int64[1,5] at) => (float[1,5] y) { y = GatherElements<axis = 1>(x, at) }", 1e-5,
       {{x, int64s({1, 5}, {2, -1, 0, 1, -3})}}},
      {"tuples", "g (float[2,3] x, int64[2,1] at) => (float[2] y) { y = GatherND<batch_dims = 1>(x, at) }", 1e-5,
       {{x, int64s({2, 1}, {2, -3})}}},
      {"rows", "g (float[2,3] x, int64[2,1,1] at) => (float[2,1,3] y) { y = GatherND(x, at) }", 1e-5,
       {{x, int64s({2, 1, 1}, {1, 0})}}},
      {"one_hot", R"(g (int64[2,2] at) => (float[2,3,2] y)
         { d = Constant<value = int64 {3}>() v = Constant<value = float[2] {0, 1}>() y = OneHot<axis = 1>(at, d, v) })", 1e-5,
       {{int64s({2, 2}, {0, -1, 5, 1})}}},
  });
}
