#include <catch2/catch.hpp>

#include "support/models.hpp"

using namespace netsuke;
using namespace netsuke::test;

TEST_CASE("Gemm: alpha, beta, transposes and bias") {
  const std::string model = R"(g (float[2,2] a, float[2,2] b, float[2] c) => (float[2,2] y)
    { y = Gemm<alpha = 2.0, beta = 0.5, transA = 1, transB = 1>(a, b, c) })";
  auto y = run_text(model, {floats({2, 2}, {1, 2, 3, 4}), floats({2, 2}, {5, 6, 7, 8}), floats({2}, {10, 20})});
  // aᵀ bᵀ = [1 3; 2 4] [5 7; 6 8] = [23 31; 34 46]
  CHECK(y[0] == floats({2, 2}, {51, 72, 73, 102}));
}

TEST_CASE("Gemm: shapes that do not multiply are refused with both shapes") {
  const std::string model = "g (float[2,3] a, float[4,2] b) => (float[2,2] y) { y = Gemm(a, b) }";
  try {
    load_text(model);
    FAIL("accepted");
  } catch (const Error& e) {
    CHECK(e.id == "shape-mismatch");
    CHECK(e.node == "y");
    CHECK(e.message == "Gemm: [2,3] and [4,2] do not multiply: 3 columns against 4 rows");
  }
}

TEST_CASE("MatMul broadcasts batches and accepts vectors") {
  auto y = run_text("g (float[2,1,2] a, float[2,2] b) => (float[2,1,2] y) { y = MatMul(a, b) }",
                    {floats({2, 1, 2}, {1, 2, 3, 4}), floats({2, 2}, {1, 10, 100, 1000})});
  CHECK(y[0] == floats({2, 1, 2}, {201, 2010, 403, 4030}));
  auto dot = run_text("g (float[2] a, float[2] b) => (float y) { y = MatMul(a, b) }",
                      {floats({2}, {1, 2}), floats({2}, {3, 4})});
  CHECK(dot[0] == floats({}, {11}));
}

TEST_CASE("Dense layers in generated code", "[codegen]") {
  check_generated({
      {"gemm_bias", R"(g (float[1,3] x) => (float[1,5] y) <float[3,5] w = {1,2,3,4,5,6,7,8,9,10,11,12,13,14,15},
        float[5] b = {1,-1,2,-2,3}> { h = Gemm(x, w, b)  y = Relu(h) })"},
      {"matmul_add_batch", R"(g (float[3,2] x) => (float[3,3] y) <float[2,3] w = {1,-2,3,-4,5,-6},
        float[3] b = {0.5,0.25,-1}> { h = MatMul(x, w)  y = Tanh(h) })"},
  });
}
