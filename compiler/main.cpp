// Command line, printing and exit codes: nowhere else.
#include <CLI/CLI.hpp>
#include <iostream>

#include "compile.hpp"
#include "ops/op.hpp"
#include "passes/pipeline.hpp"
#include "support/version.hpp"
#include "verify.hpp"

using namespace netsuke;

namespace {

struct Options {
  CompileOptions compile;
  std::string output, data, dump_after, name;
  std::vector<std::string> shapes;
};

void print_error(const Error& e) {
  fmt::print(stderr, "error[{}]: {}{}\n", e.id, e.node.empty() ? "" : e.node + ": ", e.message);
  if (!e.hint.empty()) fmt::print(stderr, "  help: {}\n", e.hint);
}

Shape parse_shape(const std::string& option, std::string& input) {
  size_t eq = option.rfind('=');
  Shape shape;
  if (eq != std::string::npos) {
    input = option.substr(0, eq);
    for (const std::string& d : CLI::detail::split(option.substr(eq + 1), ',')) {
      int64_t size = 0;
      if (!CLI::detail::lexical_cast(d, size) || size < 1) shape.push_back(-1);
      else shape.push_back(size);
    }
  }
  if (shape.empty() || std::find(shape.begin(), shape.end(), -1) != shape.end())
    throw Error{ErrorKind::kUsage, "bad-shape-option", option, "this is not INPUT=sizes",
                "write e.g. --shape image=1,3,96,96"};
  return shape;
}

void finish_options(Options& o) {
  for (const std::string& s : o.shapes) {
    std::string input;
    Shape shape = parse_shape(s, input);
    o.compile.input_shapes[input] = shape;
  }
  o.compile.emit.model = o.compile.model.filename().string();
  o.compile.emit.name = identifier(o.name.empty() ? o.compile.model.stem().string() : o.name);
  if (!o.dump_after.empty())
    o.compile.dump = [wanted = o.dump_after](const std::string& stage, const std::string& text) {
      if (stage == wanted) fmt::print("{}", text);
    };
}

int run_compile(Options& o) {
  CompileResult r = compile(o.compile);
  for (const std::string& w : r.warnings) fmt::print(stderr, "warning: {}\n", w);
  for (const auto& [name, content] : r.files) write_file_if_changed(std::filesystem::path(o.output) / name, content);
  fmt::print(stderr, "{}: arena {} bytes (lower bound {}), weights {} bytes, {} MACs\n", o.compile.emit.name,
             r.program.arena_bytes, r.program.arena_lower_bound, weight_bytes(r.program), total_macs(r.program));
  return 0;
}

int run_verify(Options& o) {
  VerifyOptions v{o.compile, o.data, "", {}, 1e-4};
  VerifyResult r = verify_model(v);
  for (const Comparison& c : r.comparisons)
    fmt::print("{} set {} output {}: reference {:.2e}, expected {:.2e}\n", c.pass ? "ok  " : "FAIL", c.set,
               c.output_name, c.against_reference, c.against_expected);
  return r.pass() ? 0 : exit_code(ErrorKind::kVerify);
}

void add_model_options(CLI::App* app, Options& o) {
  app->add_option("MODEL", o.compile.model, "ONNX model")->required();
  app->add_option("--shape", o.shapes, "INPUT=1,3,96,96: sizes of an input");
  app->add_option("--name", o.name, "prefix of all symbols");
  app->add_option("--dump-after", o.dump_after, "print the graph after this pass");
}

int run(int argc, char** argv) {
  CLI::App app{"netsuke: carves neural networks into firmware", "netsuke"};
  app.require_subcommand(1);
  Options o;
  CLI::App* compile_app = app.add_subcommand("compile", "compile a model to C++");
  add_model_options(compile_app, o);
  compile_app->add_option("-o,--output", o.output, "directory for the generated files")->required();
  compile_app->add_option("--with-test", o.compile.test_data, "emit a self-test with these test vectors");
  CLI::App* verify_app = app.add_subcommand("verify", "compile, run on this machine and compare");
  add_model_options(verify_app, o);
  verify_app->add_option("--data", o.data, "ONNX backend-test folder");
  CLI11_PARSE(app, argc, argv);
  finish_options(o);
  return *compile_app ? run_compile(o) : run_verify(o);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const Error& e) {
    print_error(e);
    return exit_code(e.kind);
  }
}
