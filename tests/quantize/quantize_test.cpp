// The whole way: float model and data in, quantised model out.
#include "quantize/quantize.hpp"

#include <fstream>

#include "compile.hpp"
#include "onnx/save.hpp"
#include "ops/integer.hpp"
#include "passes/pipeline.hpp"
#include "support/models.hpp"
#include "verify.hpp"

using namespace netsuke;
using namespace netsuke::test;

namespace {

namespace fs = std::filesystem;

// A little of everything: a pointwise convolution with padding behind BatchNormalization, HardSwish, a residual Add, a pool,
// Concat, Resize, dense, Softmax.
const std::string kModel =
    "g (float[1,2,8,8] x) => (float[1,3] y) <float[4,2,3,3] a, float[4] s = {1,2,0.5,1}, float[4] b = {0.1,-0.2,0.3,0}, float[4] m = {0,0.5,0,-1},"
    " float[4] v = {1,2,1,4}, float[4,4,1,1] c, float[3,8] w, float[3] z = {0.1,0,-0.1}> {"
    " c1 = Conv<pads=[1,1,1,1]>(x, a) n1 = BatchNormalization(c1, s, b, m, v) r1 = Relu(n1) p1 = MaxPool<kernel_shape=[2,2], strides=[2,2]>(r1)"
    " c2 = Conv(p1, c) h2 = HardSwish(c2) a2 = Add(p1, h2) k = Concat<axis=1>(a2, h2) g = GlobalAveragePool(k) f = Flatten(g)"
    " d = Gemm<transB=1>(f, w, z) y = Softmax(d) }";

// The text with numbers for the weights that have none.
std::string model_text() {
  std::string text = kModel;
  uint32_t state = 7;
  for (auto [name, count] : {std::pair<std::string, int>{"[4,2,3,3] a", 72}, {"[4,4,1,1] c", 16}, {"[3,8] w", 24}}) {
    std::string values = " = {";
    for (int i = 0; i < count; i++) values += fmt::format("{}{:.3f}", i ? "," : "", double((state = state * 1664525u + 1013904223u) >> 8) / double(1 << 23) - 1);
    text.replace(text.find(name), name.size(), name + values + "}");
  }
  return text;
}

fs::path data_for(const fs::path& directory, const Graph& g, int sets) {
  for (int k = 0; k < sets; k++) {
    fs::path set = directory / fmt::format("data/test_data_set_{}", k);
    fs::create_directories(set);
    save_tensor(random_inputs(g, uint32_t(k))[0], set / "input_0.pb");
  }
  return directory / "data";
}

struct Fixture {
  fs::path directory = fresh_directory("quantize");
  Graph loaded, g;
  QuantizeOptions options;

  explicit Fixture(const std::string& text = model_text()) : loaded(load_text(text)), g(loaded) {
    run_passes(g, {}, {}, model_passes());
    options.calibration = data_for(directory, loaded, 16);
  }
  QuantizeResult run() const { return quantize(loaded, g, options); }
};

const LayerFigures& layer(const QuantizeResult& r, const std::string& op) {
  for (const LayerFigures& l : r.figures.layers)
    if (l.op == op) return l;
  FAIL("no layer " << op);
  return r.figures.layers[0];
}

}  // namespace

TEST_CASE("A quantised model is close to the float model, and closer with each refinement") {
  Fixture f;
  double best = f.run().figures.output_snr_db;
  CHECK(best > 40);
  f.options.tune_rounding = f.options.correct_bias = false;
  f.options.equalize = false;
  f.options.ranges.method = RangeMethod::kMinMax;
  CHECK(f.run().figures.output_snr_db < best);
}

TEST_CASE("Every method of choosing ranges works, and both kinds of weight scales") {
  for (RangeMethod m : {RangeMethod::kMse, RangeMethod::kMinMax, RangeMethod::kPercentile, RangeMethod::kEntropy})
    for (bool per_tensor : {false, true}) {
      Fixture f;
      f.options.ranges.method = m;
      f.options.per_tensor = per_tensor;
      QuantizeResult r = f.run();
      CHECK(r.figures.output_snr_db > 20);
      const Node& conv = r.quantised.nodes[1];
      REQUIRE(conv.op == "Conv");
      CHECK(r.quantised[conv.inputs[1]].quantization->scales.size() == (per_tensor ? 1u : 4u));
      CHECK(r.quantised[conv.inputs[2]].quantization->type == DType::kInt32);
    }
}

TEST_CASE("Grids are shared where numbers only move, and known where functions have limits") {
  QuantizeResult r = Fixture().run();
  std::map<std::string, const Node*> by_op;
  for (const Node& n : r.quantised.nodes) by_op.emplace(n.op, &n);
  auto grid = [&](ValueId v) { return r.quantised[v].quantization; };
  CHECK(grid(by_op["MaxPool"]->inputs[0]) == grid(by_op["MaxPool"]->outputs[0]));
  CHECK(grid(by_op["Softmax"]->outputs[0]) == per_tensor_grid(1.0f / 256, -128, DType::kInt8));
  CHECK(grid(by_op["MaxPool"]->inputs[0])->zero_points[0] == -128);  // behind a Relu
  CHECK(by_op.count("HardSwish") == 1);                             // integers need a grid in front of it
}

TEST_CASE("What is quantised runs in integers, and the saved model means the same") {
  Fixture f;
  QuantizeResult r = f.run();
  fs::path path = f.directory / "quantised.onnx";
  save_model(r.quantised, path);
  std::vector<std::string> warnings;
  Graph back = load_model(path, {}, warnings), integers = r.quantised;
  for (int seed = 100; seed < 104; seed++) {
    std::vector<Tensor> inputs = random_inputs(f.loaded, uint32_t(seed));
    // Half a step of the last grid; each grid on the way may round one value another way.
    CHECK(relative_difference(evaluate(r.quantised, inputs)[0], evaluate(back, inputs)[0]) < 1.5 / 256 / 0.3);
  }
  for (Graph* g : {&back, &integers}) {
    if (g == &back) run_passes(*g, {});
    else run_passes(*g, {}, {}, layout_passes());
    for (const Node& n : g->nodes) {
      INFO(n.op << " " << n.name);
      CHECK((is_integer_node(*g, n) || n.op.find("uantize") != std::string::npos));  // and Requantize
    }
  }
}

TEST_CASE("Layers in higher precision, by name and by what they cost") {
  Fixture f;
  std::string conv = f.g.nodes[0].name;
  f.options.precision.keep_float = {conv};
  QuantizeResult r = f.run();
  CHECK(layer(r, "Conv").precision == "float");
  CHECK(!r.quantised[r.quantised.nodes[1].inputs[1]].quantization);
  f.options.precision.keep_float = {};
  f.options.precision.int16 = {conv};
  r = f.run();
  CHECK(layer(r, "Conv").precision == "int16");
  CHECK(r.quantised[r.quantised.nodes[1].outputs[0]].quantization->type == DType::kInt16);
  f.options.precision.int16 = {};
  f.options.keep_float_worst = 2;
  r = f.run();
  CHECK(std::count_if(r.figures.layers.begin(), r.figures.layers.end(), [](const LayerFigures& l) { return l.precision == "float"; }) >= 1);
  f.options.precision.keep_float = {"nonsense"};
  CHECK_THROWS_MATCHES(f.run(), Error, Catch::Predicate<Error>([](const Error& e) { return e.id == "unknown-node" && !e.hint.empty(); }));
}

namespace {

// The model with 16 bits behind these operators (all: empty), saved.
QuantizeResult with_int16(Fixture& f, const std::set<std::string>& operators, const fs::path& path) {
  for (const LayerFigures& l : f.run().figures.layers)
    if (operators.empty() || operators.contains(l.op)) f.options.precision.int16.insert(l.node);
  QuantizeResult r = f.run();
  save_model(r.quantised, path);
  return r;
}

}  // namespace

TEST_CASE("Networks with layers of 16 bits run in integers and are closer to float") {
  Fixture bytes;
  double snr = bytes.run().figures.output_snr_db;
  for (const std::set<std::string>& operators : {std::set<std::string>{"Add"}, {"Add", "HardSwish", "Concat", "Softmax"}, {}}) {
    Fixture f;
    QuantizeResult r = with_int16(f, operators, f.directory / "quantised.onnx");
    CHECK(r.figures.output_snr_db > snr - 1);
    if (operators.empty()) CHECK(r.figures.output_snr_db > 55);
    std::vector<std::string> warnings;
    Graph integers = load_model(f.directory / "quantised.onnx", {}, warnings), reference = integers;
    run_passes(integers, {});
    INFO(to_text(integers));
    for (const Node& n : integers.nodes) CHECK((is_integer_node(integers, n) || n.op.find("uantize") != std::string::npos));
    CHECK(is_exact(integers));
    for (uint32_t seed = 100; seed < 104; seed++) {
      std::vector<Tensor> inputs = random_inputs(f.loaded, seed);
      double step = double(r.quantised[r.quantised.outputs[0]].quantization->scales[0]);
      for (size_t i = 0; i < 3; i++)
        CHECK(std::abs(to_doubles(evaluate(reference, inputs)[0])[i] - to_doubles(evaluate(integers, inputs)[0])[i]) <= 2.01 * step);
    }
  }
}

TEST_CASE("Generated code of networks with layers of 16 bits", "[codegen]") {
  for (const std::set<std::string>& operators : {std::set<std::string>{"Add", "HardSwish"}, {}})
    for (Optimise mode : {Optimise::kRam, Optimise::kSpeed}) {
      Fixture f;
      VerifyOptions options;
      options.compile.model = f.directory / "quantised.onnx";
      options.compile.optimise = mode;
      with_int16(f, operators, options.compile.model);
      VerifyResult v = verify_model(options);
      for (const Comparison& c : v.comparisons) CHECK(c.exact.value_or(false));
    }
}

TEST_CASE("Figures of layers: noise adds up, saturation is seen, gains are measured") {
  Fixture f;
  f.options.measure_gains = true;
  QuantizeResult r = f.run();
  for (const LayerFigures& l : r.figures.layers) {
    CHECK(l.own_snr_db >= l.snr_db - 3);
    CHECK(l.saturated <= 0.05);
    REQUIRE(l.gain_db);
  }
}

TEST_CASE("Accuracy against labels, and which answers changed") {
  Fixture f;
  std::ofstream labels(f.directory / "labels.txt");
  for (int i = 0; i < 16; i++) labels << i % 3 << "\n";
  labels.close();
  f.options.labels = f.directory / "labels.txt";
  QuantizeResult r = f.run();
  REQUIRE(r.accuracy);
  CHECK(r.accuracy->samples == 16);
  std::ofstream(f.directory / "labels.txt") << "0 1 2";
  CHECK_THROWS_MATCHES(f.run(), Error, Catch::Predicate<Error>([](const Error& e) { return e.id == "bad-labels"; }));
}

TEST_CASE("Without data, inputs are made up from BatchNormalization statistics, with a warning") {
  Fixture f;
  f.options.calibration.clear();
  QuantizeResult r = f.run();
  REQUIRE(r.warnings.size() == 1);
  CHECK(r.warnings[0].find("BatchNormalization") != std::string::npos);
  CHECK(r.figures.output_snr_db > 20);
  // The statistics come out again: mean -1 and variance 4 of the fourth channel, for instance.
  Synthetic s = synthetic_inputs(f.loaded, 32);
  REQUIRE(s.fits);
  std::vector<Tensor> values = evaluate_all(f.loaded, s.data.sample(0));
  CHECK(values[size_t(f.loaded.inputs[0])].shape == Shape{1, 2, 8, 8});
}

TEST_CASE("Weights and data of nothing but zeros") {
  Fixture f("g (float[1,2,3,3] x) => (float[1,2,3,3] y) <float[2,2,1,1] a = {0,0,0,0}, float[2] b = {1,0}> { y = Conv(x, a, b) }");
  QuantizeResult r = f.run();
  CHECK(r.figures.output_snr_db > 40);  // the bias is all there is
  Fixture dead("g (float[1,2] x) => (float[1,2] y) <float[2,2] w = {1e-30,0,1,2}, float[2] b = {1000,1}> { y = Gemm<transB=1>(x, w, b) }");
  CHECK(dead.run().figures.output_snr_db > 40);  // int32 still holds the bias of the filter of all but nothing
}

TEST_CASE("Models that cannot be quantised") {
  auto id = [](const std::string& text) {
    try {
      Fixture(text).run();
    } catch (const Error& e) {
      return e.id;
    }
    return std::string("none");
  };
  CHECK(id("g (float[1,2] x) => (float[1,2] y) <float s = {0.1}, int8 z = {0}> { q = QuantizeLinear(x, s, z) d = DequantizeLinear(q, s, z) y = Relu(d) }") ==
        "already-quantized");
  CHECK(id("g (int32[1,2] x) => (int32[1,2] y) { y = Add(x, x) }") == "nothing-to-quantize");
}
