#include "report/json.hpp"

#include <nlohmann/json.hpp>

#include "onnx/schemas.hpp"
#include "ops/op.hpp"
#include "passes/pipeline.hpp"
#include "report/layers.hpp"
#include "support/version.hpp"

namespace netsuke {
namespace {

using Json = nlohmann::ordered_json;

Json document(const char* schema) {
  Json j;
  j["schema"] = schema;
  j["version"] = kVersion;
  return j;
}

// Names from a model may be any bytes: what is not UTF-8 is replaced, not refused.
std::string print(const Json& j) { return j.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

Json port_json(const Port& port, const std::string& variable) {
  return {{"name", port.name}, {"variable", variable}, {"type", name_of(port.type)}, {"shape", port.shape},
          {"bytes", count_of(port.shape) * size_of(port.type)}};
}

void add_ports(Json& j, const Program& p) {
  std::vector<std::string> variables = port_variables(p);
  j["inputs"] = Json::array();
  j["outputs"] = Json::array();
  for (size_t i = 0; i < p.inputs.size(); i++) j["inputs"].push_back(port_json(p.inputs[i], variables[i]));
  for (size_t i = 0; i < p.outputs.size(); i++)
    j["outputs"].push_back(port_json(p.outputs[i], variables[p.inputs.size() + i]));
}

Json arena_json(const Program& p) {
  return {{"bytes", p.arena_bytes}, {"align", p.arena_align}, {"lower_bound", p.arena_lower_bound},
          {"optimal", p.arena_bytes == p.arena_lower_bound}};
}

Json calls_json(const Program& p) {
  Json calls = Json::array();
  for (const Call& c : p.calls)
    calls.push_back({{"node", c.node}, {"op", c.op}, {"kernel", c.kernel}, {"macs", c.macs}, {"weight_bytes", weight_bytes(p, c)}, {"weights", weights_text(c)}});
  return calls;
}

Json buffers_json(const Program& p) {
  Json buffers = Json::array();
  std::vector<Lifetime> lives = lifetimes(p);
  for (size_t i = 0; i < p.buffers.size(); i++) {
    const Buffer& b = p.buffers[i];
    if (b.place != Place::kArena || lives[i].first < 0) continue;
    buffers.push_back({{"name", b.name}, {"type", name_of(b.type)}, {"shape", b.shape}, {"offset", b.offset},
                       {"bytes", b.memory()}, {"ring_rows", b.ring}, {"first_call", lives[i].first}, {"last_call", lives[i].last}});
  }
  return buffers;
}

Json segments_json(const Program& p) {
  Json segments = Json::array();
  for (const Segment& s : p.segments)
    segments.push_back({{"first_call", s.first}, {"last_call", s.end - 1}, {"sweeps", s.sweeps}});
  return segments;
}

Json choices_json(const CompileResult& r) {
  Json choices = Json::array();
  for (const Choice& c : r.choices)
    choices.push_back({{"arena_bytes", c.arena_bytes}, {"instructions", c.instructions}, {"row_calls", c.row_calls}, {"chosen", c.chosen}});
  return choices;
}

Json error_object(const Error& e) {
  return {{"id", e.id}, {"node", e.node}, {"message", e.message}, {"hint", e.hint}, {"exit_code", exit_code(e.kind)}};
}

// JSON has no infinity.
Json number(double x) { return x <= 1e300 ? Json(x) : Json("inf"); }

}  // namespace

int64_t parameter_count(const Graph& g) {
  std::vector<bool> counted(g.values.size(), false);
  int64_t count = 0;
  for (const Node& n : g.nodes)
    for (ValueId v : n.inputs) {
      if (v == kNoValue || !g[v].constant || counted[static_cast<size_t>(v)]) continue;
      counted[static_cast<size_t>(v)] = true;
      count += g[v].constant->count();
    }
  return count;
}

std::string compile_json(const CompileOptions& options, const CompileResult& result,
                         const std::vector<std::string>& written) {
  const Program& p = result.program;
  Json j = document("netsuke.compile/1");
  j["model"] = options.emit.model;
  j["name"] = options.emit.name;
  j["target"] = options.emit.target;
  add_ports(j, p);
  j["arena"] = arena_json(p);
  j["weight_bytes"] = weight_bytes(p);
  j["macs"] = total_macs(p);
  j["calls"] = calls_json(p);
  j["buffers"] = buffers_json(p);
  j["segments"] = segments_json(p);
  j["choices"] = choices_json(result);
  if (p.stream)
    j["stream"] = {{"window", p.stream->window}, {"hop", p.stream->hop}, {"state_bytes", p.stream->state_bytes},
                   {"macs_per_frame", p.stream->macs_per_frame}};
  j["files"] = Json::array();
  for (const auto& [name, content] : result.files)
    j["files"].push_back({{"path", name}, {"bytes", content.size()},
                          {"written", std::find(written.begin(), written.end(), name) != written.end()}});
  j["warnings"] = result.warnings;
  return print(j);
}

std::string verify_json(const VerifyOptions& options, const VerifyResult& result) {
  Json j = document("netsuke.verify/1");
  j["model"] = options.compile.emit.model;
  j["pass"] = result.pass();
  j["tolerance"] = options.tolerance;
  j["comparisons"] = Json::array();
  for (const Comparison& c : result.comparisons) {
    Json item = {{"set", c.set}, {"output", c.output_name}, {"against_reference", number(c.against_reference)}};
    if (c.against_expected) item["against_expected"] = number(*c.against_expected);
    if (c.step > 0) item["step"] = number(c.step);
    if (c.exact) item["exact"] = *c.exact;
    item["pass"] = c.pass;
    j["comparisons"].push_back(std::move(item));
  }
  if (result.board)
    j["board"] = {{"target", result.board->target}, {"pass", result.board->pass}, {"output", result.board->output}};
  j["arena"] = arena_json(result.compiled.program);
  j["warnings"] = result.compiled.warnings;
  return print(j);
}

std::string inspect_json(const std::string& model, const ModelSummary& summary, const CompileResult* compiled,
                         const Error* problem) {
  Json j = document("netsuke.inspect/1");
  j["model"] = model;
  j["producer"] = summary.producer;
  j["ir_version"] = summary.ir_version;
  j["opsets"] = summary.opsets;
  j["operators"] = summary.operators;
  j["unsupported"] = Json::array();
  for (const UnsupportedNode& u : summary.unsupported)
    j["unsupported"].push_back({{"node", u.node}, {"op", u.op}, {"reason", u.reason}});
  j["compiles"] = compiled != nullptr;
  if (problem) j["error"] = error_object(*problem);
  if (!compiled) return print(j);
  add_ports(j, compiled->program);
  j["parameters"] = parameter_count(compiled->reference);
  j["macs"] = total_macs(compiled->program);
  j["weight_bytes"] = weight_bytes(compiled->program);
  j["arena"] = arena_json(compiled->program);
  j["calls"] = calls_json(compiled->program);
  j["warnings"] = compiled->warnings;
  return print(j);
}

std::string ops_json() {
  Json j = document("netsuke.ops/1");
  j["oldest_opset"] = kOldestOpset;
  j["newest_opset"] = kNewestOpset;
  j["operators"] = Json::array();
  for (const Op& op : all_ops())
    if (op.domain != "netsuke")
      j["operators"].push_back({{"name", op.name}, {"domain", op.domain.empty() ? "ai.onnx" : op.domain},
                                {"since", first_opset(op.name, op.domain)}, {"limits", op.limits}});
  return print(j);
}

std::string passes_json() {
  Json j = document("netsuke.passes/1");
  j["passes"] = Json::array();
  for (const Pass& pass : pipeline()) j["passes"].push_back({{"name", pass.name}, {"reason", pass.reason}});
  return print(j);
}

std::string error_json(const Error& e) {
  Json j = document("netsuke.error/1");
  j["error"] = error_object(e);
  return print(j);
}

}  // namespace netsuke
