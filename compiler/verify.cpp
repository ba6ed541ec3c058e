#include "verify.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "eval/eval.hpp"
#include "eval/test_data.hpp"
#include "ops/grid.hpp"
#include "ops/integer.hpp"
#include "support/files.hpp"

namespace netsuke {
namespace {

namespace fs = std::filesystem;

constexpr int kRandomVectors = 3;

// A directory that disappears with the object.
struct TemporaryDirectory {
  fs::path path;
  TemporaryDirectory() {
    std::string name = (fs::temp_directory_path() / "netsuke-XXXXXX").string();
    NETSUKE_CHECK(mkdtemp(name.data()), "cannot make a temporary directory");
    path = name;
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
};

std::string quoted(const std::string& s) {
  std::string out = "'";
  for (char c : s) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

[[noreturn]] void fail_verify(const char* id, const std::string& node, std::string message, std::string hint) {
  throw Error{ErrorKind::kVerify, id, node, std::move(message), std::move(hint)};
}

std::string host_compiler(const std::string& given) {
  if (!given.empty()) return given;
  const char* cxx = std::getenv("CXX");
  return cxx && *cxx ? cxx : "c++";
}

void build(const VerifyOptions& options, const std::string& name, const fs::path& directory) {
  std::string command = fmt::format("cd {} && {} -std=c++11 -O2 -Wall -Wextra -Wpedantic -Wconversion -Wshadow "
                                    "-Wdouble-promotion -Wundef -Wcast-qual -Werror -I.",
                                    quoted(directory.string()), quoted(host_compiler(options.compiler)));
  for (const std::string& flag : options.flags) command += " " + quoted(flag);
  for (const char* part : {"", "_weights", "_host_main"}) command += fmt::format(" {}{}.cpp", name, part);
  command += " -o run 2> build.log";
  if (std::system(command.c_str()) != 0)
    fail_verify("host-build-failed", options.compile.emit.model,
                "the generated code does not build:\n" + read_file(directory / "build.log"),
                "check that a C++ compiler is installed ($CXX or --compiler); otherwise report this with the model");
}

// One inference in a process of its own.
std::vector<Tensor> run(const CompileResult& compiled, const std::vector<Tensor>& inputs, const fs::path& directory,
                        const std::string& model) {
  std::string bytes;
  for (const Tensor& t : inputs) bytes.append(reinterpret_cast<const char*>(t.bytes.data()), t.bytes.size());
  if (inputs.empty()) bytes = "x";  // the driver runs once for each byte when there are no inputs
  write_file_if_changed(directory / "in.bin", bytes);
  std::string command =
      fmt::format("cd {} && ./run < in.bin > out.bin 2> run.log", quoted(directory.string()));
  if (std::system(command.c_str()) != 0)
    fail_verify("host-run-failed", model, "the generated code does not run:\n" + read_file(directory / "run.log"),
                "this is a bug in netsuke: please report it with the model");
  std::string out = read_file(directory / "out.bin");
  std::vector<Tensor> outputs;
  size_t at = 0;
  for (const Port& port : compiled.program.outputs) {
    Tensor t(port.type, port.shape);
    NETSUKE_CHECK(at + t.bytes.size() <= out.size(), "the host program wrote {} bytes", out.size());
    std::memcpy(t.bytes.data(), out.data() + at, t.bytes.size());
    at += t.bytes.size();
    outputs.push_back(std::move(t));
  }
  return outputs;
}

}  // namespace

namespace {

// One step of the grid that output `i` is on, in its own unit; 0 where it is on none.
double step_of(const Graph& g, size_t i) {
  const Value& output = g[g.outputs[i]];
  if (output.quantization && output.type != DType::kFloat32) return 1;
  for (const Node& n : g.nodes)
    if (n.op == "DequantizeLinear" && n.outputs[0] == g.outputs[i] && !has_attribute(n, "axis"))
      return double(grid_attributes(n).scales[0]);
  return 0;
}

void compare(const std::vector<TestVector>& vectors, const std::vector<std::vector<Tensor>>& references,
             const std::vector<std::vector<Tensor>>& actuals, const std::vector<std::vector<Tensor>>& exact, double tolerance, VerifyResult& r) {
  std::vector<Range> ranges(r.compiled.program.outputs.size());
  for (const std::vector<Tensor>& reference : references)
    for (size_t i = 0; i < ranges.size(); i++) widen(ranges[i], reference[i]);
  for (size_t set = 0; set < vectors.size(); set++)
    for (size_t i = 0; i < ranges.size(); i++) {
      const Tensor& actual = actuals[set][i];
      Comparison c{.set = set, .output = i, .output_name = r.compiled.program.outputs[i].name};
      c.against_reference = relative_difference(references[set][i], actual, ranges[i]);
      if (!vectors[set].outputs.empty())
        c.against_expected = relative_difference(vectors[set].outputs[i], actual, ranges[i]);
      c.step = step_of(r.compiled.optimised, i) / width_of(ranges[i]);
      if (!exact.empty()) c.exact = exact[set][i] == actual;
      double allowed = std::max(tolerance, 1.001 * c.step);
      c.pass = c.against_reference <= allowed && c.against_expected.value_or(0) <= allowed && c.exact.value_or(true);
      r.comparisons.push_back(c);
    }
}

// Board and host must have the same vectors, and the same tolerance.
BoardRun run_on_board(const VerifyOptions& options, const CompileResult& compiled, std::vector<TestVector> vectors,
                      const std::vector<std::vector<Tensor>>& references, const fs::path& directory) {
  for (size_t set = 0; set < vectors.size(); set++)
    if (vectors[set].outputs.empty()) vectors[set].outputs = references[set];
  EmitOptions emit_options = options.compile.emit;
  emit_options.test_vectors = std::move(vectors);
  emit_options.tolerance = options.tolerance;
  fs::path files = directory / "board";
  for (const auto& [name, content] : emit(compiled.program, emit_options)) write_file_if_changed(files / name, content);
  std::string command = fmt::format("{} {} {} {} > {} 2>&1", quoted(options.runner), emit_options.target,
                                    quoted(files.string()), emit_options.name, quoted((directory / "board.log").string()));
  bool pass = std::system(command.c_str()) == 0;
  return {emit_options.target, read_file(directory / "board.log"), pass};
}

}  // namespace

bool VerifyResult::pass() const {
  return (!board || board->pass) && std::all_of(comparisons.begin(), comparisons.end(), [](const Comparison& c) { return c.pass; });
}

double relative_difference(const Tensor& expected, const Tensor& actual, const Range& range) {
  std::vector<double> e = to_doubles(expected), a = to_doubles(actual);
  double worst = 0;
  for (size_t i = 0; i < e.size(); i++) {
    if (std::isnan(e[i]) && std::isnan(a[i])) continue;
    if (std::isnan(e[i]) || std::isnan(a[i])) return std::numeric_limits<double>::infinity();
    if (e[i] != a[i]) worst = std::max(worst, std::fabs(e[i] - a[i]));
  }
  return worst / width_of(range);
}

double relative_difference(const Tensor& expected, const Tensor& actual) {
  Range range;
  widen(range, expected);
  return relative_difference(expected, actual, range);
}

VerifyResult verify_model(const VerifyOptions& options) {
  VerifyResult r;
  CompileOptions compile_options = options.compile;
  compile_options.emit.host_main = true;
  r.compiled = compile(compile_options);
  auto progress = [&](const std::string& text) {
    if (options.progress) options.progress(text);
  };
  progress("building for the host");
  TemporaryDirectory directory;
  for (const auto& [name, content] : r.compiled.files) write_file_if_changed(directory.path / name, content);
  build(options, compile_options.emit.name, directory.path);

  std::vector<TestVector> vectors;
  if (!options.data.empty()) vectors = load_test_vectors(options.data, r.compiled.reference);
  for (uint32_t seed = 0; options.data.empty() && seed < kRandomVectors; seed++)
    vectors.push_back({random_inputs(r.compiled.reference, seed), {}});
  const Graph& optimised = r.compiled.optimised;
  bool is_integer = is_exact(optimised);
  // A model that is quantised here means its integers; the stored outputs are those of the float model, which
  // `netsuke quantize --report` compares it with.
  const Graph& meant = r.compiled.quantized ? optimised : r.compiled.reference;
  std::vector<std::vector<Tensor>> references, actuals, exact;
  for (size_t set = 0; set < vectors.size(); set++) {
    progress(fmt::format("data set {} of {}", set + 1, vectors.size()));
    if (r.compiled.quantized) vectors[set] = {on_grids(optimised, optimised.inputs, std::move(vectors[set].inputs)), {}};
    references.push_back(on_grids(optimised, optimised.outputs, evaluate(meant, vectors[set].inputs)));
    vectors[set].inputs = on_grids(optimised, optimised.inputs, std::move(vectors[set].inputs));
    vectors[set].outputs = on_grids(optimised, optimised.outputs, std::move(vectors[set].outputs));
    if (is_integer) exact.push_back(evaluate(optimised, vectors[set].inputs));
    actuals.push_back(run(r.compiled, vectors[set].inputs, directory.path, compile_options.emit.model));
  }
  compare(vectors, references, actuals, exact, options.tolerance, r);
  if (!options.runner.empty()) {
    progress("running on " + compile_options.emit.target);
    VerifyOptions board_options = options;
    for (size_t set = 0; is_integer && set < vectors.size(); set++) vectors[set].outputs = exact[set];
    if (is_integer) board_options.tolerance = 0;
    r.board = run_on_board(board_options, r.compiled, vectors, references, directory.path);
  }
  return r;
}

}  // namespace netsuke
