#include "support/models.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <cstring>

#include "lower/lowering.hpp"
#include "onnx/load.hpp"
#include "passes/pipeline.hpp"
#include "ops/integer.hpp"
#include "support/files.hpp"
#include "verify.hpp"

namespace netsuke::test {

namespace fs = std::filesystem;

void serialise_text(const std::string& text, const std::string& path);  // parse_text.cpp

namespace {

constexpr const char* kHeader = "<ir_version: 8, opset_import: [\"\" : 17]>\n";

std::string with_header(const std::string& text) {
  size_t first = text.find_first_not_of(" \n\t");
  return first != std::string::npos && text[first] == '<' ? text : kHeader + text;
}

struct BuiltCase {
  const GeneratedCase* test;
  CompileResult compiled;
  std::vector<std::vector<Tensor>> inputs;
};

BuiltCase compile_case(const GeneratedCase& test, const fs::path& directory) {
  INFO("case " << test.name);
  fs::path model = directory / (test.name + ".onnx");
  write_model(test.model, model);
  CompileOptions options;
  options.model = model;
  options.emit.name = test.name;
  options.emit.model = test.name;
  options.emit.host_main = true;
  BuiltCase built{&test, compile(options), test.inputs};
  for (const auto& [name, content] : built.compiled.files) write_file_if_changed(directory / name, content);
  for (uint32_t seed = 1; test.inputs.empty() && seed <= 2; seed++)
    built.inputs.push_back(random_inputs(built.compiled.reference, seed));
  return built;
}

// One executable for all cases: each host main becomes a function of its own name.
void build_all(const std::vector<BuiltCase>& cases, const fs::path& directory) {
  std::string main = "#include <string.h>\n", table, sources;
  for (const BuiltCase& c : cases) {
    const std::string& name = c.test->name;
    main += fmt::format("int {}_main();\n", name);
    table += fmt::format("  if (!strcmp(argv[1], \"{0}\")) return {0}_main();\n", name);
    sources += fmt::format(" {0}.cpp {0}_weights.cpp {0}_driver.cpp", name);
    write_file_if_changed(directory / (name + "_driver.cpp"),
                          fmt::format("int {0}_main();\n#define main {0}_main\n#include \"{0}_host_main.cpp\"\n", name));
  }
  main += "int main(int, char** argv) {\n" + table + "  return 9;\n}\n";
  write_file_if_changed(directory / "all_main.cpp", main);
  const char* cxx = std::getenv("CXX");
  std::string flags = "-std=c++11 -O1 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wdouble-promotion -Wundef "
                      "-Wcast-qual -Werror -I.";
  if (const char* more = std::getenv("NETSUKE_TEST_CXXFLAGS")) flags += std::string(" ") + more;
  std::string command =
      fmt::format("cd '{}' && printf '%s\\n' {} all_main.cpp | xargs -n 8 -P 2 {} {} -c 2> build.log && {} {} *.o -o run 2>> build.log",
                  directory.string(), sources, cxx ? cxx : "c++", flags, cxx ? cxx : "c++", flags);
  bool built = std::system(command.c_str()) == 0;
  INFO(read_file(directory / "build.log"));
  REQUIRE(built);
}

std::vector<Tensor> run_case(const BuiltCase& c, const std::vector<Tensor>& inputs, const fs::path& directory) {
  std::string bytes;
  for (const Tensor& t : inputs) bytes.append(reinterpret_cast<const char*>(t.bytes.data()), t.bytes.size());
  if (inputs.empty()) bytes.push_back('x');
  write_file_if_changed(directory / "in.bin", bytes);
  std::string command = fmt::format("cd '{}' && ./run {} < in.bin > out.bin", directory.string(), c.test->name);
  REQUIRE(std::system(command.c_str()) == 0);
  std::string out = read_file(directory / "out.bin");
  std::vector<Tensor> outputs;
  size_t at = 0;
  for (const Port& port : c.compiled.program.outputs) {
    Tensor t(port.type, port.shape);
    REQUIRE(at + t.bytes.size() <= out.size());
    std::memcpy(t.bytes.data(), out.data() + at, t.bytes.size());
    at += t.bytes.size();
    outputs.push_back(std::move(t));
  }
  return outputs;
}

double largest_difference(const Tensor& a, const Tensor& b) {
  std::vector<double> x = to_doubles(a), y = to_doubles(b);
  double worst = x.size() == y.size() && a.type == b.type ? 0 : 1e30;
  for (size_t i = 0; i < std::min(x.size(), y.size()); i++)
    if (!(std::abs(x[i] - y[i]) <= worst)) worst = std::isfinite(x[i] - y[i]) ? std::abs(x[i] - y[i]) : 1e30;
  return worst;
}

double in_steps(const std::vector<Tensor>& a, const std::vector<Tensor>& b, const std::vector<double>& steps) {
  double worst = 0;
  for (size_t i = 0; i < a.size(); i++)
    worst = std::max(worst, largest_difference(a[i], b[i]) / steps[steps.size() == 1 ? 0 : i]);
  return worst;
}

void check_quantised(const BuiltCase& c, const fs::path& directory) {
  for (const std::vector<Tensor>& inputs : c.inputs) {
    INFO("case " << c.test->name << "\n" << to_text(c.compiled.optimised) << to_text(c.compiled.program));
    std::vector<Tensor> meant = evaluate(c.compiled.optimised, inputs), actual = run_case(c, inputs, directory);
    for (size_t i = 0; i < meant.size(); i++) CHECK(meant[i] == actual[i]);
    CHECK(in_steps(evaluate(c.compiled.reference, inputs), actual, c.test->steps) <= c.test->tolerance);
  }
}

void check_case(const BuiltCase& c, const fs::path& directory) {
  if (!c.test->steps.empty()) return check_quantised(c, directory);
  for (const std::vector<Tensor>& inputs : c.inputs) {
    std::vector<Tensor> expected = evaluate(c.compiled.reference, inputs);
    std::vector<Tensor> actual = run_case(c, inputs, directory);
    if (is_exact(c.compiled.optimised)) {
      INFO("case " << c.test->name << "\n" << to_text(c.compiled.optimised));
      CHECK(evaluate(c.compiled.optimised, inputs) == actual);
    }
    for (size_t i = 0; i < expected.size(); i++) {
      INFO("case " << c.test->name << ", output " << i << "\n" << to_text(c.compiled.program));
      CHECK(relative_difference(expected[i], actual[i]) <= c.test->tolerance);
    }
  }
}

}  // namespace

void write_model(const std::string& text, const fs::path& path) { serialise_text(with_header(text), path.string()); }

fs::path fresh_directory(const std::string& name) {
  fs::path path = fs::temp_directory_path() / fmt::format("netsuke-test-{}-{}", ::getpid(), name);
  fs::remove_all(path);
  fs::create_directories(path);
  return path;
}

Graph load_text(const std::string& text, const LoadOptions& options) {
  fs::path directory = fresh_directory("load");
  write_model(text, directory / "model.onnx");
  std::vector<std::string> warnings;
  Graph g = load_model(directory / "model.onnx", options, warnings);
  fs::remove_all(directory);
  return g;
}

Tensor floats(Shape shape, std::vector<float> values) {
  return make_tensor<float>(std::move(shape), std::span<const float>(values));
}
Tensor int64s(Shape shape, std::vector<int64_t> values) {
  return make_tensor<int64_t>(std::move(shape), std::span<const int64_t>(values));
}

std::vector<Tensor> run_text(const std::string& text, const std::vector<Tensor>& inputs) {
  return evaluate(load_text(text), inputs);
}

Graph after_pass(const std::string& text, const std::string& pass) {
  Graph g = load_text(text);
  bool found = false;
  for (const Pass& p : pipeline())
    if (p.name == pass || p.name == "remove-dead-code") {
      found |= p.name == pass;
      p.run(g, {});
      verify(g, pass);
    }
  REQUIRE(found);
  return g;
}

void check_generated(const std::vector<GeneratedCase>& cases) {
  fs::path directory = fresh_directory("generated");
  std::vector<BuiltCase> built;
  for (const GeneratedCase& test : cases) built.push_back(compile_case(test, directory));
  build_all(built, directory);
  for (const BuiltCase& c : built) check_case(c, directory);
  fs::remove_all(directory);
}

double steps_from_reference(const std::string& model, const std::vector<double>& steps) {
  Graph reference = load_text(model), optimised = reference;
  run_passes(optimised, {});
  double worst = 0;
  for (uint32_t seed = 0; seed < 6; seed++) {
    std::vector<Tensor> inputs = random_inputs(reference, seed);
    worst = std::max(worst, in_steps(evaluate(reference, inputs), evaluate(optimised, inputs), steps));
  }
  return worst;
}

std::optional<fs::path> shared_models() {
  const char* given = std::getenv("NETSUKE_SHARED");
  fs::path path = given ? fs::path(given) : fs::path(NETSUKE_SOURCE_DIR) / ".." / "shared";
  path /= "models/mlperf-tiny";
  if (!fs::is_directory(path)) return std::nullopt;
  return fs::canonical(path);
}

}  // namespace netsuke::test
