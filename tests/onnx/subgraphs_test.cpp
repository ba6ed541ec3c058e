// If with a known condition, functions, and the order of nodes.
#include <catch2/catch.hpp>

#include "support/models.hpp"

using namespace netsuke;
using namespace netsuke::test;

namespace {

std::string branches(const std::string& condition) {
  return "g (float[2,3] x) => (float[2,3] y) <bool c = {" + condition + "}> {\n"
         "  h = Relu(x)\n"
         "  y = If (c) <\n"
         "    then_branch = a () => (float[2,3] t) { t = Sigmoid(h) },\n"
         "    else_branch = b () => (float[2,3] e) { e = Tanh(h) }>\n"
         "}";
}

std::vector<std::string> ops_of(const Graph& g) {
  std::vector<std::string> ops;
  for (const Node& n : g.nodes) ops.push_back(n.op);
  return ops;
}

}  // namespace

TEST_CASE("the branch of an If with a known condition becomes part of the graph") {
  Graph taken = load_text(branches("1"));
  CHECK(ops_of(taken) == std::vector<std::string>{"Relu", "Sigmoid", "Reshape"});
  CHECK(taken[taken.outputs[0]].name == "y");
  CHECK(ops_of(load_text(branches("0"))) == std::vector<std::string>{"Relu", "Tanh", "Reshape"});
}

TEST_CASE("an If may be nested and its outputs may be outer values or initialisers") {
  std::string text =
      "g (float[2] x) => (float[2] y, float[2] z) <bool yes = {1}, bool no = {0}, float[2] k = {5, 6}> {\n"
      "  y, z = If (yes) <\n"
      "    then_branch = a () => (float[2] p, float[2] k) {\n"
      "      p = If (no) <then_branch = c () => (float[2] q) { q = Tanh(x) },\n"
      "                   else_branch = d () => (float[2] x) { }>\n"
      "    },\n"
      "    else_branch = b () => (float[2] r, float[2] s) { r = Relu(x) s = Relu(x) }>\n"
      "}";
  std::vector<Tensor> out = run_text(text, {floats({2}, {-1, 2})});
  CHECK(out[0] == floats({2}, {-1, 2}));
  CHECK(out[1] == floats({2}, {5, 6}));
}

TEST_CASE("nodes in any order are brought into execution order, captures of branches included") {
  std::string text =
      "g (float[2] x) => (float[2] y) <bool c = {1}> {\n"
      "  y = If (c) <then_branch = a () => (float[2] t) { t = Tanh(h) },\n"
      "              else_branch = b () => (float[2] e) { e = Relu(x) }>\n"
      "  h = Relu(m)\n"
      "  m = Sigmoid(x)\n"
      "}";
  CHECK(ops_of(load_text(text)) == std::vector<std::string>{"Sigmoid", "Relu", "Tanh", "Reshape"});
}

TEST_CASE("a node order that is already right stays") {
  std::string text =
      "g (float[2] x) => (float[2] y, float[2] z) { a = Relu(x) b = Tanh(x) y = Sigmoid(b) z = Sigmoid(a) }";
  Graph g = load_text(text);
  CHECK(g.nodes[0].op == "Relu");
  CHECK(g.nodes[1].op == "Tanh");
  CHECK(g[g.nodes[2].outputs[0]].name == "y");
}

TEST_CASE("functions of the model are expanded where they are called") {
  std::string text =
      "<ir_version: 8, opset_import: [\"\" : 17, \"mine\" : 1]>\n"
      "g (float[2] x) => (float[2] y) {\n"
      "  a = mine.twice<slope: float = 0.5>(x)\n"
      "  y = mine.twice<slope: float = 0.25>(a)\n"
      "}\n"
      "<domain: \"mine\", opset_import: [\"\" : 17]>\n"
      "twice <slope> (p) => (q) {\n"
      "  m = LeakyRelu<alpha: float = @slope>(p)\n"
      "  q = LeakyRelu<alpha: float = @slope>(m)\n"
      "}";
  std::vector<Tensor> out = run_text(text, {floats({2}, {-16, 2})});
  CHECK(out[0] == floats({2}, {-0.25f, 2}));
  Graph g = load_text(text);
  CHECK(g.nodes.size() == 5);  // four, and the one that names the output
}

TEST_CASE("a chain of a hundred thousand nodes loads") {
  std::string text = "g (float[2] v0) => (float[2] y) {\n";
  const int length = 100000;
  for (int i = 0; i < length; i++) text += fmt::format("v{} = Relu(v{})\n", i + 1, i);
  text += fmt::format("y = Relu(v{})\n}}", length);
  CHECK(load_text(text).nodes.size() == length + 1);
}

TEST_CASE("a chain of a hundred thousand identities is removed in one walk") {
  std::string text = "g (float[2] v0) => (float[2] y) {\n";
  const int length = 100000;
  for (int i = 0; i < length; i++) text += fmt::format("v{} = Identity(v{})\n", i + 1, i);
  text += fmt::format("y = Relu(v{})\n}}", length);
  CHECK(after_pass(text, "remove-identities").nodes.size() == 1);
}
