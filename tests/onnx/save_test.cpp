// Graph -> ONNX file -> Graph. tests/quantize/witness.py shows the same files to onnx.checker and onnxruntime.
#include <catch2/catch.hpp>

#include <cstdlib>

#include "onnx/save.hpp"
#include "passes/pipeline.hpp"
#include "support/models.hpp"
#include "verify.hpp"

using namespace netsuke;
using namespace netsuke::test;

namespace {

struct Model {
  std::string name, text;
};

// One input each, so that a reader sees at a glance what is tried.
std::vector<Model> models() {
  auto unary = [](const std::string& type, const std::string& call) {
    return "g (float[1,2,6,5] x) => (" + type + "[] y) { y = " + call + " }";
  };
  std::vector<Model> all;
  for (const char* op : {"Relu", "LeakyRelu<alpha=0.3>", "HardSigmoid<alpha=0.3>", "HardSwish", "Elu", "Celu<alpha=2.0>", "Selu",
                         "Sigmoid", "Tanh", "Softplus", "Softsign", "Erf", "ThresholdedRelu<alpha=0.2>", "Shrink<lambd=0.2>",
                         "Softmax<axis=1>", "LogSoftmax", "Hardmax", "GlobalAveragePool", "GlobalMaxPool", "Flatten", "Abs", "Neg",
                         "Transpose<perm=[0,2,3,1]>", "ReduceMean<axes=[2]>", "ReduceMax<axes=[1], keepdims=0>", "ArgMax<axis=2>",
                         "MaxPool<kernel_shape=[2,2], strides=[2,2]>", "AveragePool<kernel_shape=[3,2], pads=[1,0,1,1], ceil_mode=1>",
                         "Cast<to=6>", "Round", "DepthToSpace<blocksize=1>"}) {
    std::string call(op);
    std::string id = call.substr(0, call.find('<'));
    all.push_back({id, unary(id == "ArgMax" ? "int64" : id == "Cast" ? "int32" : "float", call + "(x)")});
  }
  auto with = [&](const std::string& name, const std::string& constants, const std::string& body) {
    all.push_back({name, "g (float[1,2,6,5] x) => (float[] y) <" + constants + "> { " + body + " }"});
  };
  with("Clip", "float a = {-0.5}, float b = {0.25}", "y = Clip(x, a, b)");
  with("ClipBelow", "float a = {-0.5}", "y = Clip(x, a)");
  with("Pad", "int64[8] p = {0,0,1,2,0,0,0,1}, float v = {3}", "y = Pad(x, p, v)");
  with("Slice", "int64[2] a = {5,1}, int64[2] b = {-100,4}, int64[2] d = {2,3}, int64[2] s = {-2,2}", "y = Slice(x, a, b, d, s)");
  with("Split", "int64[2] p = {2,4}", "y, z = Split<axis=2>(x, p)");
  with("Expand", "int64[5] s = {3,1,2,6,5}", "y = Expand(x, s)");
  with("Tile", "int64[4] r = {1,2,1,3}", "y = Tile(x, r)");
  with("Gather", "int64[3] i = {0,4,1}", "y = Gather<axis=3>(x, i)");
  with("ReduceSum", "int64[1] a = {3}", "y = ReduceSum<keepdims=0>(x, a)");
  with("CumSum", "int64 a = {2}", "y = CumSum(x, a)");
  with("Add", "float[2,1,1] c = {1,2}", "y = Add(x, c)");
  with("PRelu", "float[2,1,1] c = {0.1,0.2}", "y = PRelu(x, c)");
  with("Where", "float c = {0.3}", "b = Less(x, c) y = Where(b, x, c)");
  with("BatchNormalization", "float[2] s = {2,3}, float[2] b = {1,0}, float[2] m = {1,2}, float[2] v = {3,8}",
       "y = BatchNormalization(x, s, b, m, v)");
  with("InstanceNormalization", "float[2] s = {2,3}, float[2] b = {1,0}", "y = InstanceNormalization(x, s, b)");
  with("LayerNormalization", "float[5] s = {2,3,1,1,1}", "y = LayerNormalization(x, s)");
  for (const char* mode : {"nearest", "linear", "cubic"})
    with(std::string("Resize_") + mode, "float[4] s = {1,1,1.7,0.6}", "y = Resize<mode=\"" + std::string(mode) + "\">(x, , s)");
  with("ResizeSizes", "int64[4] s = {1,2,9,4}", "y = Resize<mode=\"linear\", coordinate_transformation_mode=\"align_corners\">(x, , , s)");
  with("Conv", "float[2,2,1,2] w = {1,-2,3,4,-5,6,7,8}, float[2] b = {1,-1}", "z = Conv<strides=[2,1], pads=[1,0,0,1]>(x, w, b) y = Relu(z)");
  with("Depthwise", "float[2,1,2,2] w = {1,2,3,4,5,6,7,8}", "z = Conv<group=2>(x, w) y = HardSwish(z)");
  with("ConvTranspose", "float[2,1,2,2] w = {1,2,3,4,5,6,7,8}", "y = ConvTranspose<strides=[3,2], output_padding=[1,0], pads=[0,1,1,0]>(x, w)");
  with("ConvTransposeShape", "float[2,1,3,3] w = {1,2,3,4,5,6,7,8,9,1,2,3,4,5,6,7,8,9}",
       "y = ConvTranspose<strides=[2,2], output_shape=[12,10]>(x, w)");
  with("MatMul", "float[5,3] w = {1,2,3,4,5,6,7,8,9,1,2,3,4,5,6}, float[3] b = {1,2,3}", "z = MatMul(x, w) y = Add(z, b)");
  with("Gemm", "float[60,2] w, float[2] b = {1,2}", "f = Flatten(x) r = Relu(f) k = ReduceSum(w) y = Mul(f, k)");
  all.back().text = "g (float[1,5] x) => (float[] y) <float[5,2] w = {1,2,3,4,5,6,7,8,9,10}, float[2] b = {1,2}> "
                    "{ z = Gemm(x, w, b) s = Sigmoid(z) y = Mul(z, s) }";  // ends in a fused Silu
  all.push_back({"Gelu", "<ir_version: 8, opset_import: [\"\" : 20]> g (float[2,9] x) => (float[] y) { y = Gelu<approximate=\"tanh\">(x) }"});
  all.push_back({"Mish", "<ir_version: 8, opset_import: [\"\" : 18]> g (float[2,9] x) => (float[] y) { y = Mish(x) }"});
  all.push_back({"OneHot", "g (int64[4] x) => (float[] y) <int64 d = {8}, float[2] v = {-1,2}> { y = OneHot(x, d, v) }"});
  return all;
}

Graph round_trip(const Graph& g, const std::filesystem::path& path) {
  save_model(g, path);
  std::vector<std::string> warnings;
  return load_model(path, {}, warnings);
}

// The passes that keep feature maps channels first.
Graph fused(Graph g) {
  for (const Pass& pass : pipeline()) {
    if (pass.name == "to-nhwc") break;
    pass.run(g, {});
  }
  return g;
}

void check_equal(const Graph& a, const Graph& b, const std::vector<Tensor>& inputs, const std::string& what) {
  std::vector<Tensor> expected = evaluate(a, inputs), found = evaluate(b, inputs);
  REQUIRE(expected.size() == found.size());
  for (size_t i = 0; i < expected.size(); i++) {
    INFO(what << ", output " << i);
    CHECK(a[a.outputs[i]].name == b[b.outputs[i]].name);
    REQUIRE(expected[i].type == found[i].type);
    REQUIRE(expected[i].shape == found[i].shape);
    CHECK(relative_difference(expected[i], found[i]) < 1e-6);
  }
}

}  // namespace

TEST_CASE("A saved model means what it meant, as loaded and with everything fused") {
  const char* wanted = std::getenv("NETSUKE_SAVED_MODELS");  // tests/quantize/witness.py says where it wants them
  std::filesystem::path directory = wanted ? std::filesystem::path(wanted) : fresh_directory("save");
  for (const Model& m : models()) {
    INFO(m.name);
    Graph g = load_text(m.text), optimised = fused(g);
    std::vector<Tensor> inputs = random_inputs(g, 3);
    std::filesystem::path folder = directory / m.name, set = folder / "test_data_set_0";
    std::filesystem::create_directories(set);
    check_equal(g, round_trip(g, folder / "model.onnx"), inputs, m.name);
    check_equal(g, round_trip(optimised, folder / "fused.onnx"), inputs, m.name + " fused");
    // For onnxruntime, which computes the same from the files.
    for (size_t i = 0; i < inputs.size(); i++) save_tensor(inputs[i], set / fmt::format("input_{}.pb", i));
    std::vector<Tensor> outputs = evaluate(g, inputs);
    for (size_t i = 0; i < outputs.size(); i++) save_tensor(outputs[i], set / fmt::format("output_{}.pb", i));
  }
}

TEST_CASE("Quantised values are saved as QuantizeLinear and DequantizeLinear, constants as integers") {
  Graph g = load_text("g (float[1,2] x) => (float[1,2] y) <float[2,2] w = {0.5,-0.25,1,2}, float[2] b = {0.5, 0.25}>"
                      " { r = Identity(x) y = Gemm<transB=1>(r, w, b) }");
  g[g.nodes[0].outputs[0]].quantization = Quantization{{0.5f}, {3}, -1, DType::kInt8};
  g[g.outputs[0]].quantization = Quantization{{0.25f}, {-128}, -1, DType::kInt8};
  Node& n = g.nodes.back();
  g[n.inputs[1]].quantization = Quantization{{0.25f, 0.5f}, {0, 0}, 0, DType::kInt8};
  g[n.inputs[2]].quantization = Quantization{{0.125f, 0.25f}, {0, 0}, 0, DType::kInt32};
  std::filesystem::path path = fresh_directory("save_qdq") / "model.onnx";
  Graph back = round_trip(g, path);
  ModelSummary s = summarise_model(path);
  CHECK(s.opsets.at("ai.onnx") == 13);
  CHECK(s.operators.at("QuantizeLinear") == 2);
  CHECK(s.operators.at("DequantizeLinear") == 4);
  CHECK(s.operators.count("Identity") == 0);  // the copy of the input was there for the grid only
  run_passes(back, {}, {}, model_passes());
  CHECK(to_text(back).find("Quantize") == std::string::npos);
  check_equal(g, back, {floats({1, 2}, {3.2f, -1.7f})}, "collapsed");
  g[g.nodes[0].outputs[0]].quantization->type = DType::kInt16;
  save_model(g, path);
  CHECK(summarise_model(path).opsets.at("ai.onnx") == 21);
}

TEST_CASE("Activations that the grid implies are not written, others are") {
  Graph g = fused(load_text("g (float[1,2] x) => (float[1,2] y) <float[2,2] w = {0.5,-0.25,1,2}> { r = Gemm(x, w) y = Relu(r) }"));
  std::filesystem::path path = fresh_directory("save_implied") / "model.onnx";
  auto relus = [&](Quantization grid) {
    g[g.outputs[0]].quantization = grid;
    Graph back = round_trip(g, path);
    run_passes(back, {}, {}, model_passes());
    check_equal(g, back, {floats({1, 2}, {3.2f, -1.7f})}, "implied");
    return summarise_model(path).operators["Relu"];
  };
  CHECK(relus({{0.25f}, {-128}, -1, DType::kInt8}) == 0);
  CHECK(relus({{0.25f}, {-127}, -1, DType::kInt8}) == 1);  // one step below zero is left
  CHECK(relus({{0.001f}, {0}, -1, DType::kInt16}) == 1);
  CHECK(relus({{0.25f}, {0}, -1, DType::kUint8}) == 0);
}

TEST_CASE("uint8 activations mean what int8 ones do; weights stay int8") {
  Graph g = load_text("g (float[1,2] x) => (float[1,2] y) <float[2,2] w = {0.5,-0.25,1,2}> { y = Gemm(x, w) }");
  g[g.outputs[0]].quantization = Quantization{{0.25f}, {-3}, -1, DType::kInt8};
  g[g.nodes[0].inputs[1]].quantization = Quantization{{0.25f}, {0}, -1, DType::kInt8};
  std::filesystem::path path = fresh_directory("save_uint8") / "model.onnx";
  save_model(g, path, {.uint8_activations = true});
  std::vector<std::string> warnings;
  Graph back = load_model(path, {}, warnings);
  run_passes(back, {}, {}, model_passes());
  check_equal(g, back, {floats({1, 2}, {3.2f, -1.7f})}, "uint8");
  CHECK(back[back.outputs[0]].quantization == Quantization{{0.25f}, {125}, -1, DType::kUint8});
  for (const Node& n : back.nodes)
    if (n.op == "Dense" || n.op == "Gemm") CHECK(back[n.inputs[1]].quantization->type == DType::kInt8);
}

TEST_CASE("The same graph gives the same bytes") {
  Graph g = load_text("g (float[1,2] x) => (float[1,2] y) { y = Relu(x) }");
  CHECK(serialise_model(g) == serialise_model(g));
}
