#include "emit/emit.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "emit/embedded.hpp"
#include "emit/literals.hpp"
#include "emit/ports.hpp"
#include "lower/lowering.hpp"
#include "support/version.hpp"

namespace netsuke {
namespace {

using data = TemplateData;

// --- template data ---

data call_data(const std::string& comment, const std::string& call) {
  data d;
  d.set("comment", comment_safe(comment));
  d.set("call", call);
  return d;
}

// A function that makes one sweep of a segment.
data flow_data(const Emission& e, const Segment& s, const FlowText& text) {
  data flow;
  flow.set("flow_comment", fmt::format("Sweep t of calls {}..{}: each whose turn it is makes one row.", s.first, s.end - 1));
  flow.set("flow_name", text.name);
  flow.set("parameters", text.parameters);
  flow.set("result", e.options.profile ? "bool" : "void");
  std::vector<std::string> lines = text.lines;
  if (e.options.profile) lines.push_back("return true;");
  flow.set("lines", list_of(lines.size(), [&](size_t i) { return data("line", lines[i]); }));
  return flow;
}

// Leaves the function that runs the calls of one inference.
std::string give_up(const Emission& e) { return e.program.stream ? "return false" : "return"; }

// One sweep of a segment; its function returns false if a hook wants to give up.
std::string sweep_text(const Emission& e, const FlowText& text) {
  std::string call = fmt::format("{}({}, t)", text.name, text.arguments);
  return e.options.profile ? fmt::format("if (!{}) {}", call, give_up(e)) : call;
}

void set_stream(const Program& p, data& row) {
  const Stream& s = *p.stream;
  row.set("window", text_of(s.window));
  row.set("hop", text_of(s.hop));
  row.set("turn_back", text_of(s.settled + s.wrap));
  row.set("wrap", text_of(s.wrap));
  row.set("state_bytes", text_of(s.state_bytes));
  row.set("state_align", text_of(s.state_align));
  row.set("macs_per_frame", fmt::format("{:.0f}", s.macs_per_frame));
}

// What one call of NAME_push_row does: the sweeps from the one in which its row arrives to that of the next.
void set_push(const Emission& e, const FlowText& text, data& d) {
  const Program& p = e.program;
  const Turns t = pushed_turns(p);
  const Push& push = *p.push;
  data row;
  row.set("counter", text_of(p[push.counter].offset));
  row.set("sweep", sweep_text(e, text));
  row.set("type", std::string(c_type_of(p[push.input].type)));
  row.set("rows", text_of(push.rows));
  row.set("row_count", text_of(push.outer * push.inner));
  row.set("row_shape", push.outer == 1 ? fmt::format("[{}]", push.inner) : fmt::format("[{},{}]", push.outer, push.inner));
  row.set("more", t.every == 1 && t.start == 0 ? "false" : fmt::format("t < {} || (t - {}) % {} != 0", t.start + t.every, t.start, t.every));
  row.set("sweeps", text_of(pushed_segment(p)->sweeps));
  if (p.stream) set_stream(p, row);
  data list{data::type::list};
  list << row;
  d.set(p.stream ? "stream" : "push", list);
}

// The calls as texts: what NAME_begin runs, the functions of segments, and the rest.
struct CallTexts {
  Structs structs;
  data before{data::type::list}, flows{data::type::list}, calls{data::type::list};
  bool begun = false;  // no pushed input, or behind the segment that receives it
  void add(const std::string& comment, const std::string& call) { (begun ? calls : before) << call_data(comment, call); }
};

void add_segment(const Emission& e, size_t index, CallTexts& texts, data& d) {
  const Segment& s = e.program.segments[index];
  FlowText text = flow_text(e, texts.structs, index);
  texts.flows << flow_data(e, s, text);
  if (&s == pushed_segment(e.program)) {
    texts.begun = true;
    return set_push(e, text, d);
  }
  texts.add(fmt::format("Calls {}..{}, row by row", s.first, s.end - 1),
            fmt::format("for (netsuke::index_t t = 0; t < {}; ++t) {};", s.sweeps, sweep_text(e, text)));
}

void set_structs(const Structs& structs, data& d) {
  d.set("structs", list_of(structs.list.size(), [&](size_t i) {
          data s;
          s.set("struct_name", structs.list[i].first);
          s.set("members", list_of(structs.list[i].second.size(),
                                   [&](size_t m) { return data("member", structs.list[i].second[m]); }));
          return s;
        }));
}

void set_headers(const Program& p, data& d) {
  std::set<std::string> headers;
  for (size_t i = 0; i < p.calls.size(); i++) headers.merge(headers_of(p, i));
  std::vector<std::string> names(headers.begin(), headers.end());
  d.set("headers", list_of(names.size(), [&](size_t i) { return data("header", names[i]); }));
}

bool uses_arena(const Program& p) {
  for (const Call& c : p.calls)
    for (const Argument& a : c.arguments)
      if (p[a.buffer].place == Place::kArena) return true;
  return false;
}

// The ports that are arguments of NAME_run, and those of NAME_finish and NAME_push.
void set_arguments(const Emission& e, data& d) {
  size_t inputs = e.program.inputs.size();
  size_t first = inputs == 0 || arena_input_offset(e.program, 0) < 0 ? 0 : inputs;
  d.set("run_ports", list_of(e.ports.size() - first, [&](size_t i) { return port_data(e, first + i); }));
  d.set("outputs_only", list_of(e.program.outputs.size(), [&](size_t i) { return port_data(e, inputs + i); }));
  d.set("run", list_of(e.program.push ? 0 : 1, [](size_t) { return data(); }));
}

void set_calls(const Emission& e, data& d) {
  const Program& p = e.program;
  CallTexts texts;
  texts.begun = !p.push;
  for (int i = 0; i < static_cast<int>(p.calls.size()); i++) {
    const Call& c = p.calls[static_cast<size_t>(i)];
    if (int s = segment_at(p, i); s >= 0) add_segment(e, static_cast<size_t>(s), texts, d);
    if (!segment_of(p, i))
      texts.add(call_comment(e, c), fmt::format("{}", fmt::join(hooked(e, i, {call_text(e, texts.structs, c)}, give_up(e)), "\n  ")));
  }
  d.set("before_calls", texts.before);
  d.set("calls", texts.calls);
  d.set("flows", texts.flows);
  d.set("arena_used", uses_arena(p) ? data::type::bool_true : data::type::bool_false);
  set_structs(texts.structs, d);
  set_headers(p, d);
  set_arguments(e, d);
}

data weight_data(const Emission& e, size_t i) {
  const Constant& c = e.program.constants[i];
  data d;
  d.set("onnx_name", comment_safe(fmt::format("{} {}", c.name, to_string(c.data.shape))));
  d.set("type", std::string(c_type_of(c.data.type)));
  d.set("variable", e.constants[i]);
  d.set("MACRO", upper(e.constants[i]));
  d.set("count", text_of(std::max<int64_t>(1, c.data.count())));
  d.set("align", text_of(std::max<int64_t>(4, size_of(c.data.type))));
  d.set("values", literal_list(c.data));
  return d;
}

data base_data(const Emission& e) {
  const Program& p = e.program;
  data d;
  d.set("model", comment_safe(e.options.model));
  d.set("version", kVersion);
  d.set("target", e.options.target);
  d.set("name", e.options.name);
  d.set("NAME", upper(e.options.name));
  // An array of no bytes is not C++: a model that needs no arena gets a token one.
  d.set("arena_bytes", text_of(std::max<int64_t>(p.arena_bytes, p.arena_align)));
  d.set("arena_align", text_of(p.arena_align));
  d.set("arena_note", p.arena_bytes == p.arena_lower_bound ? "optimal for this order of calls"
                                                           : fmt::format("lower bound {}", p.arena_lower_bound));
  d.set("weight_bytes", text_of(weight_bytes(p)));
  d.set("macs", text_of(total_macs(p)));
  // A list of one or none: a false section that is a bool leaves an empty line behind.
  d.set("static_arena", list_of(e.options.static_arena ? 1 : 0, [](size_t) { return data(); }));
  d.set("ports", list_of(e.ports.size(), [&](size_t i) { return port_data(e, i); }));
  return d;
}

// What the header says of the hooks: a name for each call.
void set_profile(const Emission& e, data& d) {
  const std::vector<Call>& calls = e.program.calls;
  d.set("profile", list_of(e.options.profile ? 1 : 0, [&](size_t) {
          data profile{"count", text_of(static_cast<int64_t>(calls.size()))};
          profile.set("names", list_of(calls.size(), [&](size_t i) {
                        bool says_op = calls[i].node.find(calls[i].op) != std::string::npos;
                        data name{"text", string_literal(says_op ? calls[i].node : fmt::format("{} ({})", calls[i].node, calls[i].op))};
                        name.set("macs", text_of(calls[i].macs));
                        name.set("comma", i + 1 < calls.size() ? "," : "");
                        return name;
                      }));
          return profile;
        }));
}

void set_memory_map(const Program& p, data& d) {
  std::vector<std::string> lines = memory_map(p);
  d.set("arena_use", lines.empty() ? "need no memory in it." : "and what they keep in it:");
  bool by_rows = std::any_of(lines.begin(), lines.end(), [](const std::string& line) { return line.ends_with(", row by row"); });
  if (!lines.empty()) lines.insert(lines.begin(), "  offset    bytes    calls buffer");
  if (by_rows) lines.emplace_back("Row by row: each is there from its first write to its last use, others may have its place before and after.");
  d.set("memory_map", list_of(lines.size(), [&](size_t i) { return data("line", comment_safe(lines[i])); }));
}

// --- files ---

std::string render(const std::string& template_name, const data& d) {
  kainjow::mustache::mustache m{std::string(embedded_file("templates/" + template_name + ".mustache"))};
  m.set_custom_escape([](const std::string& s) { return s; });
  NETSUKE_CHECK(m.is_valid(), "template {}: {}", template_name, m.error_message());
  return m.render(d);
}

// The header and those that it includes, transitively; includes are relative to the file they stand in.
void add_headers(const std::string& header, Files& files) {
  std::string path = "netsuke/" + header;
  if (files.contains(path)) return;
  std::string content(embedded_file("runtime-stub/" + path));
  files[path] = content;
  const std::string include = "#include \"";
  for (size_t at = content.find(include); at != std::string::npos; at = content.find(include, at + 1)) {
    size_t start = at + include.size();
    std::string name = content.substr(start, content.find('"', start) - start);
    add_headers((std::filesystem::path(header).parent_path() / name).lexically_normal().generic_string(), files);
  }
}

}  // namespace

Files emit(const Program& p, const EmitOptions& options) {
  Emission e{p, options, port_variables(p), constant_names(p, options.name)};
  data d = base_data(e);
  set_calls(e, d);
  set_memory_map(p, d);
  set_profile(e, d);
  d.set("weights", list_of(p.constants.size(), [&](size_t i) { return weight_data(e, i); }));
  Files files;
  files[options.name + ".h"] = render("model.h", d);
  files[options.name + ".cpp"] = render("model.cpp", d);
  files[options.name + "_weights.h"] = render("weights.h", d);
  files[options.name + "_weights.cpp"] = render("weights.cpp", d);
  files["CMakeLists.txt"] = render("CMakeLists.txt", d);
  set_driver_ports(e, d);
  set_inference(e, "memory + kGuard", d);
  if (options.host_main) files[options.name + "_host_main.cpp"] = render("host_main.cpp", d);
  set_inference(e, "arena", d);
  if (!options.test_vectors.empty()) {
    set_test_vectors(e, d);
    files[options.name + "_test_main.cpp"] = render("test_main.cpp", d);
  }
  add_headers("core.hpp", files);
  for (size_t i = 0; i < p.calls.size(); i++)
    for (const std::string& header : headers_of(p, i)) add_headers(header, files);
  return files;
}

}  // namespace netsuke
