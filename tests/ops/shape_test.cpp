#include <catch2/catch.hpp>

#include "support/models.hpp"

using namespace netsuke;
using namespace netsuke::test;

namespace {

// The value of a model's only output, which must be known at load.
Tensor constant_output(const std::string& model) {
  Graph g = load_text(model);
  CHECK(g.nodes.empty());
  const Tensor* t = constant_of(g, g.outputs.at(0));
  REQUIRE(t);
  return *t;
}

std::string error_of(const std::string& model) {
  try {
    load_text(model);
  } catch (const Error& e) {
    return e.id + ": " + e.message;
  }
  return "accepted";
}

}  // namespace

TEST_CASE("Shape and Size are constants, with start and end clamped") {
  CHECK(constant_output("g (float[2,3,4] x) => (int64[3] y) { y = Shape(x) }") == int64s({3}, {2, 3, 4}));
  CHECK(constant_output("g (float[2,3,4] x) => (int64[1] y) { y = Shape<start = -2, end = -1>(x) }") == int64s({1}, {3}));
  CHECK(constant_output("g (float[2,3,4] x) => (int64[2] y) { y = Shape<start = 1, end = 9>(x) }") == int64s({2}, {3, 4}));
  CHECK(constant_output("g (float[2,3,4] x) => (int64[2] y) { a = Shape<start = 2, end = 1>(x)  b = Shape<start = 1>(x)"
                        "  y = Concat<axis = 0>(a, b) }") == int64s({2}, {3, 4}));
  CHECK(constant_output("g (float[2,3,4] x) => (int64 y) { y = Size(x) }") == int64s({}, {24}));
}

TEST_CASE("Constant takes tensors and lists, and refuses strings") {
  CHECK(constant_output("g () => (float[2] y) { y = Constant<value = float[2] {1, 2}>() }") == floats({2}, {1, 2}));
  CHECK(constant_output("g () => (int64 y) { y = Constant<value_int = 7>() }") == int64s({}, {7}));
  CHECK(constant_output("g () => (int64[2] y) { y = Constant<value_ints = [7, -8]>() }") == int64s({2}, {7, -8}));
  CHECK(constant_output("g () => (float y) { y = Constant<value_float = 0.5>() }") == floats({}, {0.5}));
  CHECK(constant_output("g () => (float[2] y) { y = Constant<value_floats = [0.5, 2.0]>() }") == floats({2}, {0.5, 2}));
  CHECK(error_of("g () => (float y) { y = Constant<value_string = \"a\">() }") ==
        "op-unsupported: Constant: attribute 'value_string' is not a tensor of numbers");
}

TEST_CASE("ConstantOfShape fills with 0 or its value") {
  CHECK(constant_output(R"(g () => (float[2,1] y) { s = Constant<value_ints = [2, 1]>() y = ConstantOfShape(s) })") ==
        floats({2, 1}, {0, 0}));
  CHECK(constant_output(R"(g () => (int64[2] y) { s = Constant<value_ints = [2]>()
                           y = ConstantOfShape<value = int64[1] {-3}>(s) })") == int64s({2}, {-3, -3}));
  CHECK(error_of("g (int64[2] s) => (float[?,?] y) { y = ConstantOfShape(s) }") ==
        "not-constant: ConstantOfShape: the shape is computed at run time");
}

TEST_CASE("Range counts up and down, in the type of its inputs") {
  auto range = [](const std::string& type, const std::string& a, const std::string& b, const std::string& d) {
    return "g () => (" + type + "[?] y) { a = Constant<value = " + type + " {" + a + "}>() b = Constant<value = " + type +
           " {" + b + "}>() d = Constant<value = " + type + " {" + d + "}>() y = Range(a, b, d) }";
  };
  CHECK(error_of("g (int64 a, int64 b, int64 d) => (int64[?] y) { y = Range(a, b, d) }") ==
        "not-constant: Range: start is computed at run time");
  CHECK(error_of(range("int64", "0", "1", "0")) == "shape-mismatch: Range: delta is 0");
  auto fixed = [](std::string model, const std::string& n) { return model.replace(model.find('?'), 1, n); };
  CHECK(constant_output(fixed(range("int64", "1", "8", "3"), "3")) == int64s({3}, {1, 4, 7}));
  CHECK(constant_output(fixed(range("int64", "10", "4", "-2"), "3")) == int64s({3}, {10, 8, 6}));
  std::string nothing = range("int64", "4", "10", "-2");  // a model's output cannot be empty, its size can be had
  CHECK(constant_output(nothing.replace(nothing.find("[?] y"), 5, " n").replace(nothing.find(" }"), 2, " n = Size(y) }")) ==
        int64s({}, {0}));
  CHECK(constant_output(fixed(range("float", "0.5", "2", "0.5"), "3")) == floats({3}, {0.5, 1, 1.5}));
}

TEST_CASE("EyeLike and NonZero") {
  CHECK(constant_output("g (float[2,3] x) => (float[2,3] y) { y = EyeLike<k = 1>(x) }") ==
        floats({2, 3}, {0, 1, 0, 0, 0, 1}));
  CHECK(constant_output("g (float[2,2] x) => (int64[2,2] y) { y = EyeLike<dtype = 7, k = -1>(x) }") ==
        int64s({2, 2}, {0, 0, 1, 0}));
  CHECK(constant_output(R"(g () => (int64[2,3] y) { x = Constant<value = float[2,2] {1, 0, 2, -3}>() y = NonZero(x) })") ==
        int64s({2, 3}, {0, 1, 1, 0, 0, 1}));
  CHECK(error_of("g (float[2] x) => (int64[1,?] y) { y = NonZero(x) }") ==
        "not-constant: NonZero: the input is computed at run time");
}

TEST_CASE("The reshape of a PyTorch export (Shape, Gather, Unsqueeze, Concat) vanishes at load") {
  Graph g = load_text(R"(g (float[1,4,3,2] x) => (float[1,24] y) {
    shape = Shape(x)
    zero = Constant<value = int64 {0}>()
    batch = Gather<axis = 0>(shape, zero)
    axes = Constant<value_ints = [0]>()
    batch1 = Unsqueeze(batch, axes)
    rest = Constant<value_ints = [-1]>()
    target = Concat<axis = 0>(batch1, rest)
    y = Reshape(x, target)
  })");
  REQUIRE(g.nodes.size() == 1);
  CHECK(g.nodes[0].op == "Reshape");
  CHECK(get_ints(g.nodes[0], "shape") == Shape{1, 24});
}

TEST_CASE("The upsampling of a PyTorch export (Shape, Slice, Concat, Range, Expand, Tile) vanishes at load") {
  Graph g = load_text(R"(g (float[1,2,3,4] x) => (int64[2,4] y, float[1,2,3,4] z) {
    shape = Shape(x)
    two = Constant<value_ints = [2]>()
    three = Constant<value_ints = [4]>()
    space = Slice(shape, two, three)
    doubled = Tile(space, two)
    one = Constant<value_ints = [2, 1]>()
    grown = Concat<axis = 0>(two, three)
    y = Expand(doubled, grown)
    z = Identity(x)
  })");
  REQUIRE(constant_of(g, g.outputs[0]));
  CHECK(*constant_of(g, g.outputs[0]) == int64s({2, 4}, {3, 4, 3, 4, 3, 4, 3, 4}));
}
