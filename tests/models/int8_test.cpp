// The int8 models of MLPerf Tiny: every quantised value inside, against the literal QDQ graph in float.
#include <catch2/catch.hpp>
#include <map>

#include "eval/test_data.hpp"
#include "graph/quantization.hpp"
#include "ops/integer.hpp"
#include "ops/layout.hpp"
#include "passes/pipeline.hpp"
#include "support/models.hpp"

using namespace netsuke;
using namespace netsuke::test;

namespace {

struct Count {
  int64_t values = 0, different = 0, largest = 0;
};

// What QuantizeLinear nodes of the literal graph give, by the name of the value that they round.
std::map<std::string, Tensor> rounded_values(const Graph& g, const std::vector<Tensor>& values) {
  std::map<std::string, Tensor> rounded;
  for (const Node& n : g.nodes)
    if (n.op == "QuantizeLinear") rounded[g[n.inputs[0]].name] = values[static_cast<size_t>(n.outputs[0])];
  return rounded;
}

// Feature maps lie channels last in the optimised graph.
Tensor in_order_of(const Tensor& t, const Shape& shape) {
  if (t.shape == shape || t.shape.size() < 3) return t;
  Tensor moved = permuted(t, to_channels_last(t.shape.size()));
  REQUIRE(moved.shape == shape);
  return moved;
}

void compare(const Tensor& expected, const Tensor& actual, Count& count) {
  std::vector<int64_t> e = to_int64s(expected), a = to_int64s(actual);
  REQUIRE(e.size() == a.size());
  for (size_t i = 0; i < e.size(); i++) {
    count.values++;
    count.different += e[i] != a[i];
    count.largest = std::max(count.largest, std::abs(e[i] - a[i]));
  }
}

Count compare_all(const std::filesystem::path& folder) {
  std::vector<std::string> warnings;
  Graph literal = load_model(folder / "model.onnx", {}, warnings), integers = literal;
  run_passes(integers, {{"remove-dead-channels"}});
  CHECK(is_exact(integers));
  Count count;
  for (const TestVector& v : load_test_vectors(folder, literal)) {
    std::map<std::string, Tensor> rounded = rounded_values(literal, evaluate_all(literal, v.inputs));
    std::vector<Tensor> values = evaluate_all(integers, v.inputs);
    size_t found = 0;
    for (const Node& n : integers.nodes)
      for (ValueId out : n.outputs)
        if (auto it = rounded.find(integers[out].name); it != rounded.end() && is_quantised(integers[out])) {
          compare(in_order_of(it->second, integers[out].shape), values[static_cast<size_t>(out)], count);
          found++;
        }
    CHECK(found + 3 >= rounded.size());  // the input's copy, the mean's two shapes
  }
  return count;
}

}  // namespace

TEST_CASE("Values inside the int8 models are those of the QDQ graph", "[.models]") {
  auto shared = shared_models();
  if (!shared) {
    WARN("skipped: ../shared is absent");
    return;
  }
  for (const char* model : {"kws_int8", "vww_int8", "ic_int8", "ad_int8"}) {
    Count c = compare_all(*shared / model);
    WARN(model << ": " << c.different << " of " << c.values << " values differ, by at most " << c.largest);
    CHECK(c.values > 1000);
    CHECK(double(c.different) <= 0.001 * double(c.values));
    CHECK(c.largest <= 1);
  }
}
