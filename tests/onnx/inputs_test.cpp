// Sizes of inputs, IR 3 initialisers, spellings of the domain, half floats.
#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>

#include "ops/op.hpp"
#include "support/models.hpp"

using namespace netsuke;
using namespace netsuke::test;

namespace {

Shape input_shape(const Graph& g, size_t i = 0) { return g[g.inputs[i]].shape; }

Error error_of(const std::string& text, const LoadOptions& options = {}) {
  try {
    load_text(text, options);
  } catch (const Error& e) {
    return e;
  }
  FAIL("no error");
  return {};
}

}  // namespace

TEST_CASE("a batch becomes 1 by itself, wherever its name stands") {
  CHECK(input_shape(load_text("g (float[N,3] x) => (float[N,3] y) { y = Relu(x) }")) == Shape{1, 3});
  Graph g = load_text("g (float[N] a, float[N,3] b) => (float[N] y, float[N,3] z) { y = Relu(a) z = Relu(b) }");
  CHECK(input_shape(g, 0) == Shape{1});
  CHECK(input_shape(g, 1) == Shape{1, 3});
}

TEST_CASE("--shape binds a name for all inputs") {
  LoadOptions options{{{"b", {4, 3}}}};
  Graph g = load_text("g (float[N,2] a, float[N,3] b) => (float[N,2] y, float[N,3] z) { y = Relu(a) z = Relu(b) }", options);
  CHECK(input_shape(g, 0) == Shape{4, 2});
  CHECK(input_shape(g, 1) == Shape{4, 3});
}

TEST_CASE("unknown sizes are named, with the options that give them") {
  Error e = error_of("g (float[N,3,height,width] image, float[T] k) => (float[N,3,height,width] y) { y = Relu(image) }");
  CHECK(e.id == "symbolic-shape");
  CHECK(e.node == "image");
  CHECK(e.message.find("dimension 2 ('height') and 3 ('width') of input 'image'") != std::string::npos);
  CHECK(e.message.find("dimension 0 ('T') of input 'k'") != std::string::npos);
  CHECK(e.hint.find("--shape image=1,3,height,width --shape k=T") != std::string::npos);
}

TEST_CASE("--shape must fit the model") {
  const std::string text = "g (float[N,3] x) => (float[N,3] y) { y = Relu(x) }";
  for (const auto& [name, shape] : std::map<std::string, Shape>{{"z", {1, 3}}, {"x", {1}}, {"x ", {1, 3}}}) {
    Error e = error_of(text, {{{name, shape}}});
    CHECK(e.id == "bad-shape-option");
    CHECK(e.kind == ErrorKind::kUsage);
  }
  CHECK(error_of(text, {{{"x", {1, 4}}}}).message.find("fixes it to 3") != std::string::npos);
  CHECK(error_of(text, {{{"x", {0, 3}}}}).id == "bad-shape-option");
  Error e = error_of("g (float[N,2] a, float[N,3] b) => (float[N,2] y) { y = Relu(a) }", {{{"a", {2, 2}}, {"b", {3, 3}}}});
  CHECK(e.message.find("'N'") != std::string::npos);
}

TEST_CASE("an initialiser that is also an input is a constant") {
  std::string text = "<ir_version: 3, opset_import: [\"ai.onnx\" : 9]>\n"
                     "g (float[1,2] x, float[2,2] w) => (float[1,2] y) <float[2,2] w = {1, 0, 0, 1}> { y = MatMul(x, w) }";
  Graph g = load_text(text);
  CHECK(g.inputs.size() == 1);
  CHECK(run_text(text, {floats({1, 2}, {3, 4})})[0] == floats({1, 2}, {3, 4}));
}

TEST_CASE("outputs may be inputs or initialisers") {
  std::string text = "g (float[2] x) => (float[2] x, float[2] k) <float[2] k = {1, 2}> { }";
  std::vector<Tensor> out = run_text(text, {floats({2}, {3, 4})});
  CHECK(out[0] == floats({2}, {3, 4}));
  CHECK(out[1] == floats({2}, {1, 2}));
}

TEST_CASE("float16 and bfloat16 become float32") {
  Graph g = load_text("g (float16[4] x) => (float16[4] y) { y = Relu(x) }");
  CHECK(g[g.inputs[0]].type == DType::kFloat32);
  // A TensorProto by hand: dims = [4], data_type, raw_data of four halves.
  auto tensor = [](int type, std::vector<int> halves) {
    std::string bytes = {8, 4, 16, static_cast<char>(type), 9 * 8 + 2, 8};
    for (int h : halves) bytes += {static_cast<char>(h & 255), static_cast<char>(h >> 8)};
    std::filesystem::path path = fresh_directory("half") / "tensor.pb";
    std::ofstream(path, std::ios::binary) << bytes;
    return load_tensor(path);
  };
  CHECK(tensor(10, {0x3C00, 0xC000, 0x0001, 0x7C00}) == floats({4}, {1, -2, 0x1p-24f, INFINITY}));
  CHECK(tensor(16, {0x3F80, 0xC000, 0x0001, 0x7F80}) == floats({4}, {1, -2, 0x1p-133f, INFINITY}));
}

TEST_CASE("opsets 7 to the newest load") {
  for (int opset = 7; opset <= kNewestOpset; opset++)
    CHECK(load_text(fmt::format("<ir_version: 8, opset_import: [\"\" : {}]> g (float[2] x) => (float[2] y) {{ y = Relu(x) }}", opset)).nodes.size() == 1);
  CHECK(error_of("<ir_version: 8, opset_import: [\"\" : 6]> g (float[2] x) => (float[2] y) { y = Relu(x) }").id == "opset-too-old");
}

TEST_CASE("a declared shape or type that is not true is an error with both") {
  Error e = error_of("g (float[2] x) => (float[3] y) { y = Relu(x) }");
  CHECK(e.id == "shape-contradiction");
  CHECK(e.node == "y");
  CHECK(e.message.find("[3]") != std::string::npos);
  CHECK(e.message.find("[2]") != std::string::npos);
  CHECK(error_of("g (float[2] x) => (int32[2] y) { y = Relu(x) }").id == "type-contradiction");
  CHECK(error_of("g (float[2] x) => (float[2] y) <float[7] m> { m = Relu(x) y = Relu(m) }").id == "shape-contradiction");
}
