#include "commands.hpp"

#include <fmt/ranges.h>
#include <unistd.h>

#include <cstdlib>

#include "onnx/save.hpp"
#include "onnx/schemas.hpp"
#include "ops/op.hpp"
#include "passes/pipeline.hpp"
#include "report/json.hpp"
#include "report/layers.hpp"
#include "report/memory.hpp"
#include "report/quantize.hpp"
#include "support/files.hpp"
#include "verify.hpp"

namespace netsuke {
namespace {

bool is_terminal() { return isatty(STDERR_FILENO) != 0; }

// One line on the terminal that is rewritten, and erased at the end.
struct Progress {
  bool on;
  explicit Progress(const CommandOptions& o) : on(!o.quiet && is_terminal()) {}
  Progress(const Progress&) = delete;
  ~Progress() {
    if (on) fmt::print(stderr, "\r\033[K");
  }
  void operator()(const std::string& text) const {
    if (on) fmt::print(stderr, "\r\033[Knetsuke: {} ...", text);
  }
};

void print_warnings(const std::vector<std::string>& warnings) {
  for (const std::string& w : warnings)
    fmt::print(stderr, "{}warning{}: {}\n", use_colour() ? "\033[1;33m" : "", use_colour() ? "\033[0m" : "", w);
}

void print_to_stdout(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

std::string thousands(int64_t n) {
  std::string s = fmt::to_string(n);
  for (size_t i = s.size(); i > 3; i -= 3) s.insert(i - 3, ",");
  return s;
}

// Make syntax: blanks and $ in names are escaped.
std::string make_escaped(const std::string& path) {
  std::string out;
  for (char c : path) {
    if (c == ' ' || c == '#' || c == '\\') out += '\\';
    if (c == '$') out += '$';
    out += c;
  }
  return out;
}

void write_depfile(const CommandOptions& o) {
  if (o.depfile.empty()) return;
  std::string target = o.depfile_target.empty() ? (o.output / (o.compile.emit.name + ".cpp")).string() : o.depfile_target;
  std::string text = make_escaped(target) + ":";
  for (const auto& path : input_files(o.compile)) text += " \\\n  " + make_escaped(std::filesystem::absolute(path).string());
  write_file_if_changed(o.depfile, text + "\n");
}

std::string bound_text(const Program& p) {
  return p.arena_bytes == p.arena_lower_bound ? "optimal" : fmt::format("lower bound {}", thousands(p.arena_lower_bound));
}

void print_ports(const Program& p) {
  auto list = [](const char* what, const std::vector<Port>& ports) {
    for (const Port& port : ports) fmt::print("  {:<8} {} {}{}\n", what, port.name, name_of(port.type), to_string(port.shape));
  };
  list("input", p.inputs);
  list("output", p.outputs);
}

void print_inspection(const CommandOptions& o, const ModelSummary& s, const CompileResult* r, const Error* problem) {
  std::vector<std::string> opsets, operators;
  for (const auto& [domain, version] : s.opsets) opsets.push_back(fmt::format("{} {}", domain, version));
  for (const auto& [op, count] : s.operators) operators.push_back(fmt::format("{} {}", op, count));
  fmt::print("{}: opset {}{}\n", o.compile.emit.model, fmt::join(opsets, ", "),
             s.producer.empty() ? "" : ", made by " + s.producer);
  fmt::print("  operators {}\n", fmt::join(operators, ", "));
  for (const UnsupportedNode& u : s.unsupported) fmt::print("  not supported: {} ({}): {}\n", u.node, u.op, u.reason);
  if (problem && s.unsupported.empty()) fmt::print("  does not compile: {}: {}\n", problem->node, problem->message);
  if (!r) return;
  const Program& p = r->program;
  print_ports(p);
  fmt::print("  parameters {}, in flash {} bytes\n", thousands(parameter_count(r->reference)), thousands(weight_bytes(p)));
  fmt::print("  MACs     {}\n", thousands(total_macs(p)));
  fmt::print("  peak RAM {} bytes ({}), beside the caller's inputs and outputs\n", thousands(p.arena_bytes), bound_text(p));
}

}  // namespace

bool use_colour() {
  const char* no_color = std::getenv("NO_COLOR");
  return is_terminal() && !(no_color && *no_color);
}

void print_error(const Error& e, const CommandOptions& o) {
  if (o.json) print_to_stdout(error_json(e));
  bool colour = use_colour();
  fmt::print(stderr, "{}error[{}]{}: {}{}\n", colour ? "\033[1;31m" : "", e.id, colour ? "\033[0m" : "",
             e.node.empty() ? "" : e.node + ": ", e.message);
  if (!e.hint.empty()) fmt::print(stderr, "  help: {}\n", e.hint);
}

namespace {

void write_report(const CommandOptions& o, const QuantizeResult& r) {
  if (o.report.empty()) return;
  bool html = o.report.extension() == ".html" || o.report.extension() == ".htm";
  write_file_if_changed(o.report, html ? quantize_html(o.compile.emit.model, r) : quantize_json(o.compile.emit.model, r));
}

// Figures of the layers if they were quantised here, and the memory map.
void write_compile_report(const CommandOptions& o, const CompileResult& r, const std::string& json) {
  if (o.report.empty()) return;
  bool html = o.report.extension() == ".html" || o.report.extension() == ".htm";
  if (!html && r.quantized) return write_report(o, *r.quantized);
  if (!html) return void(write_file_if_changed(o.report, json));
  if (!r.quantized) return void(write_file_if_changed(o.report, compile_page(o.compile, r)));
  std::string page = quantize_html(o.compile.emit.model, *r.quantized);
  page.insert(page.rfind("</html>"), layers_html(o.compile, r) + memory_html(r));
  write_file_if_changed(o.report, page);
}

}  // namespace

int run_quantize(const CommandOptions& o) {
  QuantizeResult r;
  {
    Progress progress(o);
    CompileOptions options = o.compile;
    options.progress = [&](const std::string& text) { progress(o.compile.emit.model + ": " + text); };
    r = quantize(options);
  }
  save_model(r.quantised, o.output, {.uint8_activations = !o.int8_activations});
  write_report(o, r);
  print_warnings(r.warnings);
  if (o.json) print_to_stdout(quantize_json(o.compile.emit.model, r));
  else if (!o.quiet) print_to_stdout(quantize_text(o.compile.emit.model, r));
  return 0;
}

int run_compile(const CommandOptions& o) {
  CompileResult r;
  {
    Progress progress(o);
    CompileOptions options = o.compile;
    options.progress = [&](const std::string& stage) { progress(stage + " " + o.compile.emit.model); };
    r = compile(options);
  }
  std::vector<std::string> written;
  for (const auto& [name, content] : r.files)
    if (write_file_if_changed(o.output / name, content)) written.push_back(name);
  write_depfile(o);
  print_warnings(r.warnings);
  const std::string json = o.json || !o.report.empty() ? compile_json(o.compile, r, written) : "";
  write_compile_report(o, r, json);
  if (r.quantized && !o.quiet && !o.json) print_to_stdout(quantize_text(o.compile.emit.model, *r.quantized));
  if (o.json) print_to_stdout(json);
  if (!o.quiet)
    fmt::print(stderr, "{}: arena {} bytes ({}), weights {} bytes, {} MACs; {} of {} files written to {}\n",
               o.compile.emit.name, thousands(r.program.arena_bytes), bound_text(r.program),
               thousands(weight_bytes(r.program)), thousands(total_macs(r.program)), written.size(), r.files.size(),
               o.output.string());
  return 0;
}

int run_inspect(const CommandOptions& o) {
  ModelSummary summary = summarise_model(o.compile.model);
  std::optional<CompileResult> compiled;
  std::optional<Error> problem;
  try {
    compiled = compile(o.compile);
    print_warnings(compiled->warnings);
  } catch (const Error& e) {
    if (e.kind != ErrorKind::kModel) throw;
    problem = e;
  }
  const CompileResult* r = compiled ? &*compiled : nullptr;
  const Error* e = problem ? &*problem : nullptr;
  if (o.json) print_to_stdout(inspect_json(o.compile.emit.model, summary, r, e));
  else print_inspection(o, summary, r, e);
  return problem ? exit_code(problem->kind) : 0;
}

namespace {

// "3.1e-05 of the range", or on a grid "1 step".
std::string difference_text(const Comparison& c, double difference) {
  if (c.step == 0) return fmt::format("{:.1e} of the range", difference);
  int64_t steps = std::llround(difference / c.step);
  return fmt::format("{} step{}", steps, steps == 1 ? "" : "s");
}

void print_comparison(const Comparison& c) {
  fmt::print("{} set {} output {}: differs from the reference by {}{}{}\n", c.pass ? "ok  " : "FAIL", c.set, c.output_name,
             difference_text(c, c.against_reference),
             c.against_expected ? fmt::format(", from the expected output by {}", difference_text(c, *c.against_expected)) : "",
             !c.exact ? "" : *c.exact ? "; equal bit for bit" : "; NOT equal bit for bit");
}

}  // namespace

int run_verify(const CommandOptions& o) {
  VerifyOptions options{.compile = o.compile, .data = o.data, .compiler = o.compiler, .runner = o.runner, .tolerance = o.tolerance};
  VerifyResult r;
  {
    Progress progress(o);
    options.progress = [&](const std::string& text) { progress(o.compile.emit.model + ": " + text); };
    r = verify_model(options);
  }
  print_warnings(r.compiled.warnings);
  if (o.json) {
    print_to_stdout(verify_json(options, r));
  } else if (!o.quiet) {
    for (const Comparison& c : r.comparisons) print_comparison(c);
    if (r.board) fmt::print("{} on {}\n{}", r.board->pass ? "ok  " : "FAIL", r.board->target, r.board->output);
  }
  return r.pass() ? 0 : exit_code(ErrorKind::kVerify);
}

namespace {

std::string qualified(const Op& op) {
  return op.domain.empty() ? std::string(op.name) : fmt::format("{}.{}", op.domain, op.name);
}

// docs/operators.md
void print_ops_markdown() {
  fmt::print("# Operators\n\nGenerated by `netsuke ops --markdown`: do not edit. ai.onnx, opsets {} to {}. `If` is\n"
             "supported where its condition is known at compile time; functions that the model defines are, too.\n\n",
             kOldestOpset, kNewestOpset);
  fmt::print("| operator | from opset | limits |\n|---|---|---|\n");
  for (const Op& op : all_ops())
    if (op.domain != "netsuke") fmt::print("| {} | {} | {} |\n", qualified(op), first_opset(op.name, op.domain), op.limits);
}

// docs/passes.md
void print_passes_markdown() {
  fmt::print("# Passes\n\nGenerated by `netsuke passes --markdown`: do not edit. In the order in which they run.\n\n");
  fmt::print("| pass | why, and why here |\n|---|---|\n");
  for (const Pass& pass : pipeline()) fmt::print("| {} | {} |\n", pass.name, pass.reason);
}

}  // namespace

int run_ops(const CommandOptions& o) {
  if (o.markdown) {
    print_ops_markdown();
    return 0;
  }
  if (o.json) {
    print_to_stdout(ops_json());
    return 0;
  }
  fmt::print("ai.onnx, opsets {} to {}\n\n{:<26} {:>5}  {}\n", kOldestOpset, kNewestOpset, "operator", "since", "limits");
  for (const Op& op : all_ops())
    if (op.domain != "netsuke")
      fmt::print("{:<26} {:>5}  {}\n", qualified(op), first_opset(op.name, op.domain), op.limits);
  return 0;
}

int run_passes(const CommandOptions& o) {
  if (o.markdown) print_passes_markdown();
  else if (o.json) print_to_stdout(passes_json());
  else
    for (const Pass& pass : pipeline()) fmt::print("{:<26} {}\n", pass.name, pass.reason);
  return 0;
}

}  // namespace netsuke
