// netsuke verify: does the generated code compute what the model says?
#pragma once

#include "compile.hpp"
#include "graph/range.hpp"

namespace netsuke {

struct VerifyOptions {
  CompileOptions compile;
  std::filesystem::path data;  // ONNX backend-test folder; empty: random inputs
  std::string compiler;        // host C++ compiler; empty: $CXX, then c++
  std::string runner;          // program that runs a self-test on a board: RUNNER TARGET DIR NAME; empty: host only
  std::vector<std::string> flags;  // added to its command line, e.g. -fsanitize=address
  std::function<void(const std::string&)> progress;  // told what goes on
  double tolerance = 1e-4;     // relative to the range of each output; at least one step of an output on a grid
};

// One output of one data set. Differences are relative to the output's range over all data sets: a model of
// one output that happens to be near zero in one of them is not wrong.
struct Comparison {
  size_t set = 0, output = 0;
  std::string output_name;
  double against_reference = 0;  // generated code against the reference evaluator
  std::optional<double> against_expected;  // generated code against the stored output, if there is one
  double step = 0;           // of the output's grid, relative to the range: what the two may differ by; 0: no grid
  std::optional<bool> exact; // bit for bit what the integers mean; absent where the code computes in floats
  bool pass = false;
};

// What the runner made of the self-test: its exit code 0 is a pass.
struct BoardRun {
  std::string target, output;
  bool pass = false;
};

struct VerifyResult {
  CompileResult compiled;
  std::vector<Comparison> comparisons;
  std::optional<BoardRun> board;
  bool pass() const;
};

// Compiles, builds for the host with all warnings as errors, runs, compares; then hands the self-test with the
// same vectors to the runner, if there is one. Throws what compile throws,
// and a kVerify Error when the generated code does not build or does not run.
VerifyResult verify_model(const VerifyOptions& options);

// Largest |a - b| relative to the width of `range`; infinite when NaNs differ.
double relative_difference(const Tensor& expected, const Tensor& actual, const Range& range);
// The same relative to the range of `expected` alone.
double relative_difference(const Tensor& expected, const Tensor& actual);

}  // namespace netsuke
