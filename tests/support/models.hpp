// Small models written as ONNX text, and the check that generated code computes what they mean.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "compile.hpp"
#include "eval/eval.hpp"
#include "onnx/load.hpp"

namespace netsuke::test {

// ONNX text syntax (libonnx's parser), e.g.
//   <ir_version: 8, opset_import: ["" : 17]>
//   g (float[1,4] x) => (float[1,4] y) { y = Relu(x) }
// The header line may be left out: opset 17 then. Throws what load_model throws; syntax errors fail the test.
Graph load_text(const std::string& text, const LoadOptions& options = {});

// Serialises the text as an ONNX file.
void write_model(const std::string& text, const std::filesystem::path& path);

// A directory of its own under the build tree, empty.
std::filesystem::path fresh_directory(const std::string& name);

// A float tensor from a list.
Tensor floats(Shape shape, std::vector<float> values);
Tensor int64s(Shape shape, std::vector<int64_t> values);

// Evaluates a model written as text on inputs, in order.
std::vector<Tensor> run_text(const std::string& text, const std::vector<Tensor>& inputs);

// Loads the text, runs the pass of this name alone (plus dead code removal), and returns the graph.
Graph after_pass(const std::string& text, const std::string& pass);

struct GeneratedCase {
  std::string name;   // a C identifier
  std::string model;  // ONNX text
  double tolerance = 1e-5;                // relative to the output's range
  std::vector<std::vector<Tensor>> inputs = {};  // empty: two random vectors
  // Above 0: a quantised model. Outputs are within `tolerance` steps of this size of the reference (one for each
  // output, or one for all), and equal to what the optimised graph means bit for bit.
  std::vector<double> steps = {};
};

// Emits every case, builds all of them for the host with warnings as errors (few compiler runs), runs them
// with poisoned, fenced arenas, and CHECKs every output against the reference evaluator; of models that compute in
// integers also against the optimised graph, bit for bit.
void check_generated(const std::vector<GeneratedCase>& cases);

// The largest difference of a quantised model's outputs from the literal meaning of its QuantizeLinears and
// DequantizeLinears in float, in steps of the outputs (one for each output, or one for all), over random inputs.
double steps_from_reference(const std::string& model, const std::vector<double>& steps);

// The folder with the MLPerf Tiny models, or nothing where ../shared is absent: then say "skipped".
std::optional<std::filesystem::path> shared_models();

}  // namespace netsuke::test
