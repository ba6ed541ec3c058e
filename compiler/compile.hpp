// The whole compiler on one page: ONNX file in, source files out.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>

#include "choose.hpp"
#include "emit/emit.hpp"
#include "graph/graph.hpp"
#include "lower/program.hpp"
#include "quantize/quantize.hpp"

namespace netsuke {

struct CompileOptions {
  std::filesystem::path model;
  std::map<std::string, Shape> input_shapes;  // --shape
  EmitOptions emit;
  std::filesystem::path test_data;            // ONNX backend-test folder for the self-test; empty: none
  bool rows_io = false;                       // --io rows: NAME_begin, NAME_push_row, NAME_finish
  bool arena_io = false;                      // --io arena: the caller writes the inputs into the arena
  std::optional<std::pair<std::string, int64_t>> stream;  // --stream INPUT:axis
  Optimise optimise = Optimise::kBalanced;
  std::optional<int64_t> ram_budget;          // bytes of arena
  std::optional<int64_t> flash_budget;        // bytes of weights
  std::vector<std::string> disabled_passes;
  bool native_io = false;                     // --io native: inputs and outputs on a grid are the integers
  std::optional<QuantizeOptions> quantize;    // --quantize int8
  std::function<void(const std::string& stage)> progress;  // told when a stage begins
  std::function<void(const std::string& stage, const std::string& text)> dump;  // sees the graph after each pass
};

struct CompileResult {
  Graph reference;  // what the model means: as loaded, or as quantised here
  std::optional<QuantizeResult> quantized;
  Graph optimised;
  Program program;
  std::vector<Choice> choices;  // of memory against instructions
  Files files;
  std::vector<std::string> warnings;
};

// Throws model Errors, and budget Errors after everything else has succeeded.
CompileResult compile(const CompileOptions& options);

// Tensors as the generated code takes or gives them at these inputs or outputs of the optimised graph: float ones become
// integers where those are (--io native).
std::vector<Tensor> on_grids(const Graph& g, const std::vector<ValueId>& ports, std::vector<Tensor> tensors);
// The model as `netsuke quantize` gives it to save_model(). Warnings are those of loading and of quantising.
QuantizeResult quantize(const CompileOptions& options);

// Every file that compile() reads, for build systems: the model, its external data, the test data. And the
// folder of the test data, since another set in it changes the result too.
std::vector<std::filesystem::path> input_files(const CompileOptions& options);

// The targets that --target knows.
struct Target {
  std::string_view name, description;
};
std::span<const Target> all_targets();

// Names that --dump-after knows: the passes, "load" before and "plan" after them, "quantize" among them.
std::vector<std::string> dump_stages();

}  // namespace netsuke
