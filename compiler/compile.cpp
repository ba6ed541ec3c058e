#include "compile.hpp"

#include "eval/eval.hpp"
#include "eval/test_data.hpp"
#include "graph/quantization.hpp"
#include "lower/flash.hpp"
#include "onnx/load.hpp"
#include "ops/integer.hpp"
#include "passes/pipeline.hpp"
#include "plan/plan.hpp"
#include "schedule/push.hpp"
#include "schedule/stream.hpp"

namespace netsuke {
namespace {

constexpr Target kTargets[] = {
    {"generic", "any C++11 compiler"},
    {"host", "the machine netsuke runs on"},
    {"cortex-m0plus", "Armv6-M"},
    {"cortex-m3", "Armv7-M"},
    {"cortex-m4", "Armv7E-M with DSP and single-precision FPU"},
    {"cortex-m7", "Armv7E-M with DSP and FPU"},
    {"cortex-m33", "Armv8-M Mainline with DSP and FPU"},
    {"cortex-m55", "Armv8.1-M with Helium"},
    {"rv32imc", "32-bit RISC-V with multiply and compressed instructions"},
    {"avr", "8-bit AVR; weights in program memory"},
};

void check_budget(const char* what, const char* option, int64_t need, std::optional<int64_t> budget,
                  const std::string& model) {
  if (!budget || need <= *budget) return;
  throw Error{ErrorKind::kBudget, fmt::format("over-{}-budget", option), model,
              fmt::format("{} needs {} bytes, {} more than the budget of {}", what, need, need - *budget, *budget),
              fmt::format("raise --{}-budget, or use a smaller model", option)};
}

// The choice is the one that needs least if none meets the budget.
void check_ram_budget(const CompileResult& r, const CompileOptions& options) {
  if (!options.ram_budget || r.program.arena_bytes <= *options.ram_budget) return;
  std::string layer = call_name(r.program, busiest_call(r.program));
  throw Error{ErrorKind::kBudget, "over-ram-budget", layer,
              fmt::format("the arena needs {} bytes at this layer, {} more than the budget of {}", r.program.arena_bytes,
                          r.program.arena_bytes - *options.ram_budget, *options.ram_budget),
              options.arena_io ? "that is the least, and the inputs are in it: raise --ram-budget, leave out --io arena, or make this layer smaller"
                               : "that is the least this model can do with: raise --ram-budget, or make this layer smaller"};
}

// avr-gcc arrays end at 32 KB, and program memory is read with 16-bit addresses.
void check_target(const Program& p, const EmitOptions& options, bool by_rows) {
  if (options.target != "avr") return;
  auto check_port = [](const Port& port, const char* hint) {
    if (int64_t bytes = count_of(port.shape) * size_of(port.type); bytes > 32767)
      fail("too-large-for-target", port.name, fmt::format("it has {} bytes, an array on AVR at most 32767", bytes), hint);
  };
  for (const Port& port : p.inputs)
    if (!by_rows) check_port(port, "use --io rows, or a smaller input");
  for (const Port& port : p.outputs) check_port(port, "use a smaller output");
  for (const Constant& c : p.constants)
    if (c.data.bytes.size() > 32767)
      fail("too-large-for-target", c.name,
           fmt::format("it has {} bytes, an array on AVR at most 32767", c.data.bytes.size()), "use a smaller layer");
  if (p.arena_bytes > 32767)
    fail("too-large-for-target", options.model,
         fmt::format("its arena has {} bytes, an array on AVR at most 32767", p.arena_bytes), "use a smaller model");
  if (weight_bytes(p) > 65535)
    fail("too-large-for-target", options.model,
         fmt::format("its weights have {} bytes, program memory within 16-bit addresses has 65536", weight_bytes(p)),
         "use a smaller model");
}

// What the self-test expects: the stored outputs, or, where every machine must give the same bits, those. The stored
// outputs of a model that is quantised here are those of the float model, which are not meant.
void set_test_vectors(EmitOptions& emit_options, const CompileOptions& options, const CompileResult& r) {
  emit_options.test_vectors = load_test_vectors(options.test_data, r.reference);
  bool exact = is_exact(r.optimised);
  if (exact) emit_options.tolerance = 0;
  for (TestVector& v : emit_options.test_vectors) {
    v.inputs = on_grids(r.optimised, r.optimised.inputs, std::move(v.inputs));
    v.outputs = exact || r.quantized ? evaluate(r.optimised, v.inputs) : on_grids(r.optimised, r.optimised.outputs, std::move(v.outputs));
  }
}

std::function<void(const Pass&, const Graph&)> dump_to(const CompileOptions& options) {
  if (!options.dump) return {};
  return [&](const Pass& pass, const Graph& g) { options.dump(std::string(pass.name), to_text(g)); };
}

QuantizeResult quantize_graph(const CompileOptions& options, const Graph& loaded, const Graph& g) {
  QuantizeOptions o = *options.quantize;
  if (options.progress) o.progress = options.progress;
  QuantizeResult r = quantize(loaded, g, o);
  if (options.dump) options.dump("quantize", to_text(r.quantised));
  return r;
}

Goal goal_of(Optimise o) {
  return o == Optimise::kSpeed ? Goal::kSpeed : o == Optimise::kRam ? Goal::kMemory : Goal::kSize;
}

// Winograd by patches needs whole maps and memory of its own: not where rows arrive one by one, nor where a budget of RAM
// could only be met without them. A budget of flash is met layer by layer.
void lower_and_schedule(CompileResult& r, const CompileOptions& options) {
  PackChoice pack = pack_choice(options.emit.target, goal_of(options.optimise));
  if (options.rows_io || options.stream) pack.winograd = 0;
  for (;; pack.winograd = 0) {
    std::set<std::string> small;
    if (options.flash_budget) small = kept_at_int8_size(r.optimised, pack, *options.flash_budget);
    r.program = lower(r.optimised, pack, small);
    if (options.arena_io) put_inputs_into_arena(r.program);
    if (options.rows_io || options.stream) push_rows(r.program);
    if (options.stream) stream_rows(r.program, options.stream->first, options.stream->second);
    r.choices = choose(r.program, {options.optimise, options.ram_budget});
    for (Call& c : r.program.calls)
      if (small.contains(c.node)) c.choice = "kept at int8 size for --flash-budget";
    if (pack.winograd == 0 || !options.ram_budget || r.program.arena_bytes <= *options.ram_budget) return;
  }
}

}  // namespace

std::vector<Tensor> on_grids(const Graph& g, const std::vector<ValueId>& ports, std::vector<Tensor> tensors) {
  for (size_t i = 0; i < tensors.size(); i++)
    if (const Value& v = g[ports[i]]; is_quantised(v) && tensors[i].type == DType::kFloat32)
      tensors[i] = to_grid(tensors[i], *v.quantization);
  return tensors;
}

std::vector<std::string> dump_stages() {
  std::vector<std::string> stages{"load"};
  for (const Pass& pass : model_passes()) stages.emplace_back(pass.name);
  stages.emplace_back("quantize");
  for (const Pass& pass : layout_passes()) stages.emplace_back(pass.name);
  stages.emplace_back("plan");
  return stages;
}

std::span<const Target> all_targets() { return kTargets; }

std::vector<std::filesystem::path> input_files(const CompileOptions& options) {
  std::vector<std::filesystem::path> files = external_files(options.model);
  files.insert(files.begin(), options.model);
  if (options.quantize && !options.quantize->calibration.empty()) {
    files.push_back(options.quantize->calibration);
    for (const auto& file : calibration_files(options.quantize->calibration)) files.push_back(file);
  }
  if (options.test_data.empty()) return files;
  files.push_back(options.test_data);
  for (const auto& file : test_vector_files(options.test_data)) files.push_back(file);
  return files;
}

QuantizeResult quantize(const CompileOptions& options) {
  std::vector<std::string> warnings;
  if (options.progress) options.progress("loading");
  Graph loaded = load_model(options.model, {options.input_shapes}, warnings), g = loaded;
  run_passes(g, {options.disabled_passes}, dump_to(options), model_passes());
  QuantizeResult r = quantize_graph(options, loaded, g);
  r.warnings.insert(r.warnings.begin(), warnings.begin(), warnings.end());
  return r;
}

CompileResult compile(const CompileOptions& options) {
  CompileResult r;
  auto begin = [&](const char* stage) {
    if (options.progress) options.progress(stage);
  };
  begin("loading");
  r.reference = load_model(options.model, {options.input_shapes}, r.warnings);
  if (options.dump) options.dump("load", to_text(r.reference));

  begin("optimising");
  r.optimised = r.reference;
  PassOptions pass_options{options.disabled_passes, options.native_io};
  run_passes(r.optimised, pass_options, dump_to(options), model_passes());
  if (options.quantize) {
    r.quantized = quantize_graph(options, r.reference, r.optimised);
    r.reference = r.optimised = r.quantized->quantised;
    r.warnings.insert(r.warnings.end(), r.quantized->warnings.begin(), r.quantized->warnings.end());
  }
  run_passes(r.optimised, pass_options, dump_to(options), layout_passes());

  begin("planning");
  lower_and_schedule(r, options);
  if (options.dump) options.dump("plan", to_text(r.program));
  check_plan(r.program);

  begin("emitting");
  check_target(r.program, options.emit, options.rows_io);
  EmitOptions emit_options = options.emit;
  if (!options.test_data.empty()) set_test_vectors(emit_options, options, r);
  r.files = emit(r.program, emit_options);

  check_ram_budget(r, options);
  check_budget("the weights", "flash", weight_bytes(r.program), options.flash_budget, emit_options.model);
  return r;
}

}  // namespace netsuke
