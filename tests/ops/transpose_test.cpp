#include <catch2/catch.hpp>

#include "lower/strided_copy.hpp"
#include "support/models.hpp"

using namespace netsuke;
using namespace netsuke::test;

TEST_CASE("Transpose moves dimension perm[d] to d; without perm it reverses") {
  Tensor x = floats({2, 3}, {1, 2, 3, 4, 5, 6});
  CHECK(run_text("g (float[2,3] x) => (float[3,2] y) { y = Transpose(x) }", {x})[0] ==
        floats({3, 2}, {1, 4, 2, 5, 3, 6}));
  CHECK(run_text("g (float[1,2,3] x) => (float[3,1,2] y) { y = Transpose<perm = [2,0,1]>(x) }",
                 {floats({1, 2, 3}, {1, 2, 3, 4, 5, 6})})[0] == floats({3, 1, 2}, {1, 4, 2, 5, 3, 6}));
}

TEST_CASE("Transpose: a perm that is no permutation is refused") {
  auto id_of = [](const std::string& perm) {
    try {
      load_text("g (float[2,3] x) => (float[3,2] y) { y = Transpose<perm = " + perm + ">(x) }");
    } catch (const Error& e) {
      return e.id + ": " + e.message;
    }
    return std::string("accepted");
  };
  CHECK(id_of("[0,0]") == "shape-mismatch: Transpose: perm [0,0] does not name each of the 2 dimensions once");
  CHECK(id_of("[0]") == "shape-mismatch: Transpose: perm [0] does not name each of the 2 dimensions once");
  CHECK(id_of("[0,2]") == "bad-axis: Transpose: axis 2 is outside [-2, 1]");
}

TEST_CASE("A copy's loops are joined, and the one with the smallest steps runs innermost") {
  // NCHW -> NHWC of [1,3,4,5]
  std::vector<CopyLoop> nhwc = {{1, 60, 60}, {4, 5, 15}, {5, 1, 3}, {3, 20, 1}};
  CHECK(collapse(nhwc) == std::vector<CopyLoop>{{3, 20, 1}, {20, 1, 3}});
  // A plain copy is one line, a scalar too.
  CHECK(collapse({{2, 12, 12}, {3, 4, 4}, {4, 1, 1}}) == std::vector<CopyLoop>{{24, 1, 1}});
  CHECK(collapse({}) == std::vector<CopyLoop>{{1, 1, 1}});
  // Repeated rows cannot be joined with the row.
  CHECK(collapse({{2, 0, 4}, {4, 1, 1}}) == std::vector<CopyLoop>{{2, 0, 4}, {4, 1, 1}});
}

TEST_CASE("Transpose in generated code", "[codegen]") {
  check_generated({
      {"nhwc", "g (float[1,3,6,7] x) => (float[1,6,7,3] y) { y = Transpose<perm = [0,2,3,1]>(x) }"},
      {"nchw", "g (float[1,6,7,3] x) => (float[1,3,6,7] y) { y = Transpose<perm = [0,3,1,2]>(x) }"},
      {"matrix", "g (float[17,9] x) => (float[9,17] y) { y = Transpose(x) }"},
      {"five", "g (float[2,3,4,5,2] x) => (float[5,2,2,4,3] y) { y = Transpose<perm = [3,0,4,2,1]>(x) }"},
      {"bytes", "g (int8[3,2,4] x) => (int8[2,3,4] y) { y = Transpose<perm = [1,0,2]>(x) }"},
      {"same", "g (float[4,5] x) => (float[4,5] y) { y = Transpose<perm = [0,1]>(x) }"},
      {"longs", "g (int64[4,3] x) => (int64[3,4] y) { y = Transpose(x) }"},
  });
}
