#include <catch2/catch.hpp>

#include "support/models.hpp"

using namespace netsuke;
using namespace netsuke::test;

TEST_CASE("Gemm with a run-time right side is composed of simpler operators") {
  Graph g = load_text(R"(g (float[2,3] a, float[4,2] b, float[3,1] c) => (float[3,4] y)
    { y = Gemm<transA = 1, transB = 1, alpha = 0.5, beta = 2.0>(a, b, c) })");
  std::vector<std::string> ops;
  for (const Node& n : g.nodes) ops.push_back(n.op);
  CHECK(ops == std::vector<std::string>{"Transpose", "Transpose", "MatMul", "Mul", "Mul", "Add"});
}

TEST_CASE("Gemm with constants folds what it can") {
  Graph g = load_text(R"(g (float[2,3] a) => (float[3,2] y) <float[2,2] b = {1,2,3,4}, float[2] c = {1,2}>
    { y = Gemm<transA = 1, transB = 1, alpha = 0.5, beta = 2.0>(a, b, c) })");
  REQUIRE(g.nodes.size() == 3);
  CHECK(g.nodes[1].op == "MatMul");
  CHECK(*constant_of(g, g.nodes[1].inputs[1]) == floats({2, 2}, {0.5, 1.5, 1, 2}));
  CHECK(*constant_of(g, g.nodes[2].inputs[1]) == floats({2}, {2, 4}));
}

TEST_CASE("Matrix products in generated code", "[codegen]") {
  check_generated({
      {"run_time", "g (float[5,7] a, float[7,6] b) => (float[5,6] y) { y = MatMul(a, b) }"},
      {"batch", "g (float[2,3,5,7] a, float[2,3,7,6] b) => (float[2,3,5,6] y) { y = MatMul(a, b) }"},
      {"broadcast_a", "g (float[2,1,5,4] a, float[3,4,6] b) => (float[2,3,5,6] y) { y = MatMul(a, b) }"},
      {"broadcast_b", "g (float[2,3,5,4] a, float[4,6] b) => (float[2,3,5,6] y) { y = MatMul(a, b) }"},
      {"vector_a", "g (float[4] a, float[3,4,6] b) => (float[3,6] y) { y = MatMul(a, b) }"},
      {"vector_b", "g (float[3,5,4] a, float[4] b) => (float[3,5] y) { y = MatMul(a, b) }"},
      {"constant_left", "g (float[3,5] b) => (float[2,5] y) <float[2,3] a = {1,2,3,4,-5,6}> { y = MatMul(a, b) }"},
      {"constant_batch", R"(g (float[2,2,3] a) => (float[2,2,1] y) <float[2,3,1] b = {1,2,3,4,-5,6}>
         { y = MatMul(a, b) })"},
      {"five", "g (float[2,1,2,1,2,3] a, float[2,1,2,3,2] b) => (float[2,2,2,2,2,2] y) { y = MatMul(a, b) }"},
      {"gemm", R"(g (float[2,3] a, float[4,2] b, float[3,1] c) => (float[3,4] y)
         { y = Gemm<transA = 1, transB = 1, alpha = 0.5, beta = 2.0>(a, b, c) })"},
      {"gemm_run_time_bias", R"(g (float[2,3] a, float[4] c) => (float[2,4] y)
         <float[4,3] b = {1,2,3,4,5,6,7,8,9,10,11,12}> { y = Gemm<transB = 1, alpha = 2.0, beta = 3.0>(a, b, c) })"},
      {"gemm_matrix_bias", R"(g (float[2,2] a) => (float[2,2] y) <float[2,2] b = {1,2,3,4}, float[2,2] c = {5,6,7,8}>
         { y = Gemm(a, b, c) })"},
      {"gemm_plain", "g (float[2,3] a, float[3,2] b) => (float[2,2] y) { y = Gemm<alpha = 3.0>(a, b) }"},
  });
}
