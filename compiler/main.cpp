// The command line and the exit codes. What the commands print is in commands.cpp.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <new>

#include "commands.hpp"
#include "support/version.hpp"

using namespace netsuke;

namespace {

constexpr const char* kFooter =
    "exit codes: 0 done, 1 wrong usage, 2 the model cannot be compiled, 3 over budget,\n"
    "            4 verification failed, 70 a bug in netsuke";

const std::map<std::string, Optimise> kOptimise{
    {"speed", Optimise::kSpeed}, {"balanced", Optimise::kBalanced}, {"ram", Optimise::kRam}};

struct Arguments {
  CommandOptions command;
  std::string model, output, depfile, data, test_data, name, dump_after, ram_budget, stream, flash_budget;
  std::vector<std::string> shapes, io, keep_float, int16;
  std::string quantize, calibration, ranges = "mse", report, metric;
  bool no_equalize = false, no_bias_correction = false, round_nearest = false;
  QuantizeOptions quantize_options;
};

[[noreturn]] void fail_usage(const char* id, const std::string& place, std::string message, std::string hint) {
  throw Error{ErrorKind::kUsage, id, place, std::move(message), std::move(hint)};
}

// A positive whole number, or nothing.
std::optional<int64_t> parse_number(const std::string& text) {
  bool digits = !text.empty() && text.size() <= 15 && std::all_of(text.begin(), text.end(), ::isdigit);
  return digits ? std::optional<int64_t>(std::stoll(text)) : std::nullopt;
}

// INPUT=1,3,96,96
void add_shape(const std::string& option, std::map<std::string, Shape>& shapes) {
  size_t eq = option.rfind('=');
  Shape shape;
  bool ok = eq != std::string::npos && eq > 0 && eq + 1 < option.size();
  if (ok)
    for (const std::string& d : CLI::detail::split(option.substr(eq + 1), ',')) {
      std::optional<int64_t> size = parse_number(d);
      ok = ok && size && *size > 0;
      shape.push_back(size.value_or(0));
    }
  if (!ok)
    fail_usage("bad-shape-option", option, "this is not INPUT=SIZES with positive sizes", "write e.g. --shape image=1,3,96,96");
  shapes[option.substr(0, eq)] = shape;
}

// "65536", "64K" or "1M"; K is 1024 bytes.
std::optional<int64_t> parse_bytes(const char* option, std::string text) {
  if (text.empty()) return std::nullopt;
  int64_t unit = 1;
  if (text.back() == 'K' || text.back() == 'k') unit = 1024;
  if (text.back() == 'M' || text.back() == 'm') unit = 1024 * 1024;
  std::optional<int64_t> n = parse_number(unit == 1 ? text : text.substr(0, text.size() - 1));
  if (!n || *n > INT64_MAX / unit) fail_usage("bad-size-option", option, fmt::format("'{}' is not a size", text), "write e.g. 64K");
  return *n * unit;
}

std::string model_name(const Arguments& a) {
  if (a.name.empty()) return identifier(std::filesystem::path(a.model).stem().string());
  if (identifier(a.name) != a.name)
    fail_usage("bad-name", a.name, "this is not a C identifier", fmt::format("write e.g. --name {}", identifier(a.name)));
  return a.name;
}

void set_dump(Arguments& a) {
  if (a.dump_after.empty()) return;
  std::vector<std::string> stages = dump_stages();
  if (std::find(stages.begin(), stages.end(), a.dump_after) == stages.end()) {
    std::string list;
    for (const std::string& s : stages) list += (list.empty() ? "" : ", ") + s;
    fail_usage("bad-pass", a.dump_after, "there is no such pass", "use one of " + list);
  }
  a.command.compile.dump = [wanted = a.dump_after, json = a.command.json](const std::string& stage, const std::string& text) {
    if (stage == wanted) fmt::print(json ? stderr : stdout, "{}", text);
  };
}

void set_quantize(Arguments& a) {
  QuantizeOptions& q = a.quantize_options;
  a.command.report = a.report;
  if (a.quantize.empty()) {
    bool given = !a.calibration.empty() || !a.metric.empty();
    if (given) fail_usage("bad-quantize-option", "--calibration", "it is of no use without --quantize int8", "add --quantize int8");
    return;
  }
  q.calibration = a.calibration;
  q.labels = a.metric;
  q.ranges.method = *range_method(a.ranges);
  q.equalize = !a.no_equalize;
  q.correct_bias = !a.no_bias_correction;
  q.tune_rounding = !a.round_nearest;
  q.precision.keep_float = {a.keep_float.begin(), a.keep_float.end()};
  q.precision.int16 = {a.int16.begin(), a.int16.end()};
  q.measure_gains = !a.report.empty();
  a.command.compile.quantize = q;
}

// INPUT:axis
std::pair<std::string, int64_t> parse_stream(const std::string& option) {
  size_t colon = option.rfind(':');
  std::optional<int64_t> axis = colon == std::string::npos ? std::nullopt : parse_number(option.substr(colon + 1));
  if (!axis) fail_usage("bad-stream-option", option, "this is not INPUT:axis", "write e.g. --stream mfcc:1");
  return {option.substr(0, colon), *axis};
}

void finish(Arguments& a) {
  CompileOptions& c = a.command.compile;
  set_quantize(a);
  c.model = a.model;
  c.test_data = a.test_data;
  c.emit.model = c.model.filename().string();
  c.emit.name = model_name(a);
  c.ram_budget = parse_bytes("--ram-budget", a.ram_budget);
  c.flash_budget = parse_bytes("--flash-budget", a.flash_budget);
  for (const std::string& s : a.shapes) add_shape(s, c.input_shapes);
  a.command.output = a.output;
  a.command.depfile = a.depfile;
  a.command.compile.rows_io = std::count(a.io.begin(), a.io.end(), "rows") > 0;
  if (!a.stream.empty()) c.stream = parse_stream(a.stream);
  c.arena_io = std::count(a.io.begin(), a.io.end(), "arena") > 0;
  if (c.rows_io && c.stream) fail_usage("bad-io-option", "--io rows", "it does not go with --stream", "leave out one of them");
  if (c.arena_io && (c.rows_io || c.stream || c.emit.static_arena))
    fail_usage("bad-io-option", "--io arena", "it does not go with --io rows, --stream or --static-arena", "leave out one of them");
  if (c.rows_io && c.emit.static_arena) fail_usage("bad-io-option", "--io rows", "it does not go with --static-arena", "leave out one of them");
  a.command.compile.native_io = std::count(a.io.begin(), a.io.end(), "native") > 0;
  a.command.data = a.data;
  set_dump(a);
}

void add_output_flags(CLI::App* app, Arguments& a) {
  app->add_flag("--json", a.command.json, "print one JSON document to stdout (docs/json.md)");
  app->add_flag("--quiet,-q", a.command.quiet, "print errors and warnings only");
}

void add_model_options(CLI::App* app, Arguments& a) {
  app->add_option("MODEL", a.model, "ONNX model")->required();
  app->add_option("--shape", a.shapes, "sizes of an input that the model leaves open, e.g. image=1,3,96,96; may be repeated");
  app->add_option("--dump-after", a.dump_after, "print the graph after this pass (netsuke passes lists them)");
  app->add_option("--disable-pass", a.command.compile.disabled_passes, "leave a pass out, to find out which one matters");
  app->add_option("--optimize", a.command.compile.optimise, "what rows may cost (docs/memory.md)")
      ->transform(CLI::CheckedTransformer(kOptimise, CLI::ignore_case))->option_text("balanced|ram|speed (default: balanced)");
  app->add_option("--ram-budget", a.ram_budget, "refuse a larger arena, e.g. 64K");
  app->add_option("--flash-budget", a.flash_budget, "refuse more bytes of weights, e.g. 256K");
  app->add_option("--stream", a.stream, "INPUT:axis, an input that slides along this axis from one inference to the next (docs/memory.md)");
  app->add_option("--io", a.io, "float: inputs and outputs as the model has them (the default); native: those that are quantised are int8 or int16; rows: the input comes row by row; arena: inputs are written into the arena and overwritten there")
      ->delimiter(',')
      ->check(CLI::IsMember({"float", "native", "rows", "arena"}));
  add_output_flags(app, a);
}

void add_target(CLI::App* app, Arguments& a) {
  std::vector<std::string> targets;
  for (const Target& t : all_targets()) targets.emplace_back(t.name);
  app->add_option("--target", a.command.compile.emit.target, "what the code is for")->check(CLI::IsMember(targets))->capture_default_str();
}

// Of quantize, and of compile and verify with --quantize int8.
void add_quantize_options(CLI::App* sub, Arguments& a) {
  QuantizeOptions& q = a.quantize_options;
  auto add = [&](const char* name, auto& value, const char* text) { return sub->add_option(name, value, text)->group("Quantising"); };
  auto flag = [&](const char* name, bool& value, const char* text) { return sub->add_flag(name, value, text)->group("Quantising"); };
  add("--calibration", a.calibration, "what the model is used with: .npy, .npz, a folder of .npy, or test data as in the ONNX backend tests");
  add("--samples", q.most_samples, "use at most so many samples, evenly spread")->check(CLI::PositiveNumber)->capture_default_str();
  add("--ranges", a.ranges, "how ranges are chosen")->check(CLI::IsMember({"mse", "min-max", "percentile", "entropy"}))->capture_default_str();
  add("--percentile", q.ranges.percentile, "share of values kept by --ranges percentile")->check(CLI::Range(50.0, 100.0))->capture_default_str();
  flag("--per-tensor", q.per_tensor, "one scale for all weights of a layer, not one for each output channel");
  flag("--no-equalize", a.no_equalize, "leave out cross-layer equalisation");
  flag("--no-bias-correction", a.no_bias_correction, "leave the biases as they are");
  flag("--round-nearest", a.round_nearest, "round each weight by itself, not by what its layer computes");
  add("--int16", a.int16, "node whose output gets 16 bits; may be repeated");
  add("--keep-float", a.keep_float, "node that stays in float; may be repeated");
  add("--keep-float-worst", q.keep_float_worst, "so many nodes that cost most stay in float");
  add("--metric", a.metric, "labels of all samples, .npy or text: accuracy before and after");
  add("--report", a.report, "figures for each layer and the memory map, as .html or JSON by the name");
}

CLI::App* add_quantize(CLI::App& app, Arguments& a) {
  CLI::App* sub = app.add_subcommand("quantize", "turn a float model into an int8 one, as ONNX (QDQ)");
  sub->add_option("MODEL", a.model, "ONNX model in float32")->required();
  sub->add_option("-o,--output", a.output, "the quantised model, an .onnx file")->required();
  sub->add_flag("--int8-activations", a.command.int8_activations,
                "store 8-bit activations as int8, not uint8: the same numbers, but onnxruntime computes them as integers on Arm only");
  sub->add_option("--shape", a.shapes, "sizes of an input that the model leaves open, e.g. image=1,3,96,96; may be repeated");
  sub->add_option("--dump-after", a.dump_after, "print the graph after this pass, or after quantize");
  sub->add_option("--disable-pass", a.command.compile.disabled_passes, "leave a pass out, to find out which one matters");
  add_quantize_options(sub, a);
  add_output_flags(sub, a);
  return sub;
}

void add_quantize_switch(CLI::App* sub, Arguments& a) {
  sub->add_option("--quantize", a.quantize, "quantise the float model first")->check(CLI::IsMember({"int8"}))->group("Quantising");
  add_quantize_options(sub, a);
}

CLI::App* add_compile(CLI::App& app, Arguments& a) {
  CLI::App* sub = app.add_subcommand("compile", "compile an ONNX model to self-contained C++");
  add_model_options(sub, a);
  sub->add_option("-o,--output", a.output, "directory for the generated files")->required();
  sub->add_option("--name", a.name, "prefix of all symbols and files; default: the model's file name");
  add_target(sub, a);
  sub->add_flag("--static-arena", a.command.compile.emit.static_arena, "also emit NAME_run_static with an arena of its own");
  sub->add_flag("--profile", a.command.compile.emit.profile, "call NAME_layer_begin and NAME_layer_end around every layer (docs/profiling.md)");
  sub->add_option("--with-test", a.test_data, "also emit NAME_test_main.cpp with the test vectors of this folder");
  sub->add_option("--depfile", a.depfile, "write the files that were read, in Make syntax, for build systems");
  add_quantize_switch(sub, a);
  sub->add_option("--depfile-target", a.command.depfile_target, "what the depfile says depends on them; default: NAME.cpp");
  return sub;
}

CLI::App* add_verify(CLI::App& app, Arguments& a) {
  CLI::App* sub = app.add_subcommand("verify", "compile, run on this machine, compare with the reference and expected outputs");
  add_model_options(sub, a);
  add_target(sub, a);
  sub->add_option("--data", a.data, "test data in the layout of the ONNX backend tests; without it, random inputs");
  sub->add_option("--compiler", a.command.compiler, "host C++ compiler; default: $CXX, then c++");
  sub->add_option("--runner", a.command.runner, "also run the self-test on a board: the program RUNNER is given TARGET DIR NAME, "
                  "and says 0 for a pass (tests/target/run is one)");
  add_quantize_switch(sub, a);
  sub->add_option("--tolerance", a.command.tolerance, "largest difference, relative to each output's range")->capture_default_str();
  return sub;
}

int run(int argc, char** argv, Arguments& a) {
  CLI::App app{"netsuke carves neural networks into firmware: ONNX in, C++ out", "netsuke"};
  app.set_version_flag("--version", std::string("netsuke ") + kVersion);
  app.footer(kFooter);
  app.require_subcommand(1);
  CLI::App* compile_app = add_compile(app, a);
  CLI::App* quantize_app = add_quantize(app, a);
  CLI::App* inspect_app = app.add_subcommand("inspect", "show what is in a model, what it needs and what is not supported");
  add_model_options(inspect_app, a);
  CLI::App* verify_app = add_verify(app, a);
  CLI::App* ops_app = app.add_subcommand("ops", "list the operators, their versions and limits");
  add_output_flags(ops_app, a);
  CLI::App* passes_app = app.add_subcommand("passes", "list the optimisation passes, in order, and their reasons");
  add_output_flags(passes_app, a);
  for (CLI::App* table : {ops_app, passes_app})
    table->add_flag("--markdown", a.command.markdown, "print the table of the documentation");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : exit_code(ErrorKind::kUsage);
  }
  if (*ops_app) return run_ops(a.command);
  if (*passes_app) return run_passes(a.command);
  if (*quantize_app) a.quantize = "int8";
  finish(a);
  if (*quantize_app) return run_quantize(a.command);
  if (*compile_app) return run_compile(a.command);
  if (*inspect_app) return run_inspect(a.command);
  NETSUKE_CHECK(*verify_app);
  return run_verify(a.command);
}

}  // namespace

int main(int argc, char** argv) {
  Arguments a;
  Error error{ErrorKind::kBug, "internal", "", "", "this is a bug in netsuke: please report it with the model"};
  try {
    return run(argc, argv, a);
  } catch (const Error& e) {
    error = e;
  } catch (const std::bad_alloc&) {
    error.message = "out of memory";
  } catch (const std::exception& e) {
    error.message = e.what();
  }
  print_error(error, a.command);
  return exit_code(error.kind);
}
