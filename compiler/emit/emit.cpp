#include "emit/emit.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <kainjow/mustache.hpp>
#include <limits>
#include <set>

#include "emit/embedded.hpp"
#include "emit/literals.hpp"
#include "graph/range.hpp"
#include "lower/lowering.hpp"
#include "support/version.hpp"

namespace netsuke {
namespace {

using kainjow::mustache::data;

std::string upper(std::string s) {
  std::transform(s.begin(), s.end(), s.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return s;
}

std::string text(int64_t x) { return fmt::to_string(x); }

struct Emission {
  const Program& program;
  const EmitOptions& options;
  std::vector<std::string> ports;      // C names of inputs, then outputs
  std::vector<std::string> constants;  // C names
};

// --- names ---

std::vector<std::string> constant_names(const Program& p, const std::string& prefix) {
  std::vector<std::string> names;
  std::set<std::string> taken;
  for (const Constant& c : p.constants) {
    std::string base = fmt::format("{}_{}", prefix, identifier(c.name)), name = base;
    for (int i = 2; !taken.insert(upper(name)).second; i++) name = fmt::format("{}_{}", base, i);
    names.push_back(name);
  }
  return names;
}

const std::string& port_name(const Emission& e, const Buffer& b) {
  size_t first = b.place == Place::kInput ? 0 : e.program.inputs.size();
  return e.ports[first + static_cast<size_t>(b.index)];
}

// --- parameter structs ---

std::string member(const Parameter& p) {
  struct {
    const std::string& name;
    std::string operator()(int64_t v) const { return fmt::format("{} = {}", name, v); }
    std::string operator()(float v) const {
      return fmt::format("static constexpr float {} = {};", name, float_literal(v));
    }
    std::string operator()(bool v) const { return fmt::format("static constexpr bool {} = {};", name, v); }
    std::string operator()(const std::vector<int64_t>& v) const {
      return fmt::format("typedef netsuke::Ints<{}> {};", fmt::join(v, ", "), name);
    }
    std::string operator()(const TypeName& v) const { return fmt::format("typedef {} {};", v.name, name); }
    std::string operator()(const Function& f) const {
      return fmt::format("static {} {}({}) {{ return {}; }}", f.result, name, f.parameters, f.expression);
    }
  } print{p.name};
  return std::visit(print, p.value);
}

// Neighbouring integers share a declaration, as many as fit on a line.
std::vector<std::string> members_of(const std::vector<Parameter>& parameters) {
  constexpr size_t kWidth = 100;
  std::vector<std::string> members;
  bool open = false;  // the last member is a list of integers that may grow
  for (const Parameter& p : parameters) {
    bool integer = std::holds_alternative<int64_t>(p.value);
    std::string text = member(p);
    if (integer && open && members.back().size() + text.size() < kWidth) {
      members.back().back() = ',';
      members.back() += " " + text + ";";
    } else {
      members.push_back(integer ? "static constexpr int32_t " + text + ";" : text);
    }
    open = integer;
  }
  return members;
}

std::string struct_base(const std::string& kernel) {
  std::string name;
  bool start = true;
  for (char c : kernel) {
    if (c == '_') {
      start = true;
      continue;
    }
    name += start ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    start = false;
  }
  return name;
}

// Calls with the same kernel and parameters share a struct, and with it the kernel's code.
struct Structs {
  std::vector<std::pair<std::string, std::vector<std::string>>> list;  // name, members
  std::map<std::pair<std::string, std::vector<std::string>>, std::string> by_content;
  std::map<std::string, int> count;
};

std::string struct_for(Structs& structs, const Call& c) {
  std::vector<std::string> members = members_of(c.parameters);
  auto [it, added] = structs.by_content.try_emplace({c.kernel, members});
  if (added) {
    std::string base = struct_base(c.kernel);
    it->second = fmt::format("{}_{}", base, ++structs.count[base]);
    structs.list.push_back({it->second, members});
  }
  return it->second;
}

// --- calls ---

std::string argument_text(const Emission& e, const Argument& a) {
  const Buffer& b = e.program[a.buffer];
  std::string offset = a.offset ? fmt::format(" + {}", a.offset) : "";
  switch (b.place) {
    case Place::kArena:
      return fmt::format("netsuke::at<{}>(arena, {})", c_type_of(b.type), b.offset + a.offset * size_of(b.type));
    case Place::kConstant: return e.constants[static_cast<size_t>(b.index)] + offset;
    case Place::kInput:
    case Place::kOutput: return port_name(e, b) + offset;
  }
  return "";
}

std::string call_text(const Emission& e, Structs& structs, const Call& c) {
  std::vector<std::string> arguments;
  for (const Argument& a : c.arguments) arguments.push_back(argument_text(e, a));
  return fmt::format("{}<{}>({})", c.kernel, struct_for(structs, c), fmt::join(arguments, ", "));
}

// "conv1 (Conv + relu): [1,49,10,1] -> [1,25,5,64]"
std::string call_comment(const Emission& e, const Call& c) {
  std::vector<std::string> in, out;
  for (const Argument& a : c.arguments) {
    const Buffer& b = e.program[a.buffer];
    if (b.place == Place::kConstant || a.access == Access::kScratch) continue;
    (a.access == Access::kWrite ? out : in).push_back(to_string(b.shape));
  }
  return fmt::format("{} ({}): {} -> {}", c.node, c.op, fmt::join(in, " "), fmt::join(out, " "));
}

// One line for each arena buffer: offset, length, the calls between which it is needed.
std::vector<std::string> memory_map(const Program& p) {
  std::vector<std::string> lines;
  std::vector<Lifetime> lives = lifetimes(p);
  for (size_t i = 0; i < p.buffers.size(); i++) {
    const Buffer& b = p.buffers[i];
    if (b.place != Place::kArena || lives[i].first < 0) continue;
    lines.push_back(fmt::format("{:>8} {:>8}  {:>3}..{:<3} {}{}", b.offset, b.bytes(), lives[i].first, lives[i].last,
                                b.name, to_string(b.shape)));
  }
  return lines;
}

// Comments must not end early or be continued by what a model calls its nodes.
std::string comment_safe(std::string s) {
  for (char& c : s)
    if (static_cast<unsigned char>(c) < 32 || c == '\\') c = '_';
  for (size_t at; (at = s.find("*/")) != std::string::npos;) s[at] = '_';
  for (size_t at; (at = s.find("/*")) != std::string::npos;) s[at] = '_';
  return s;
}

// --- template data ---

template <class F>
data list_of(size_t count, F&& item) {
  data list{data::type::list};
  for (size_t i = 0; i < count; i++) list << item(i);
  return list;
}

data port_data(const Emission& e, size_t i) {
  bool input = i < e.program.inputs.size();
  const Port& port = input ? e.program.inputs[i] : e.program.outputs[i - e.program.inputs.size()];
  std::string type(c_type_of(port.type));
  data d;
  d.set("direction", input ? "Input" : "Output");
  d.set("number", text(static_cast<int64_t>(input ? i : i - e.program.inputs.size())));
  d.set("onnx_name", comment_safe(port.name));
  d.set("type", type);
  d.set("shape", to_string(port.shape));
  d.set("shape_list", port.shape.empty() ? "{1}" : fmt::format("{{{}}}", fmt::join(port.shape, ", ")));
  d.set("rank", text(static_cast<int64_t>(port.shape.size())));
  d.set("count", text(count_of(port.shape)));
  d.set("MACRO", upper(e.options.name + "_" + e.ports[i]));
  d.set("variable", e.ports[i]);
  d.set("argument", fmt::format("{}{}* {}", input ? "const " : "", type, e.ports[i]));
  d.set("grid", list_of(port.grid ? 1 : 0, [&](size_t) {
          data grid{"scale", float_literal(port.grid->scale)};
          grid.set("zero_point", text(port.grid->zero_point));
          return grid;
        }));
  d.set("first", i == 0 ? data::type::bool_true : data::type::bool_false);
  return d;
}

// What the call includes directly.
std::set<std::string> headers_of(const Call& c) {
  std::set<std::string> headers{c.header};
  for (const Parameter& p : c.parameters)
    if (auto* f = std::get_if<Function>(&p.value); f && !f->header.empty()) headers.insert(f->header);
  return headers;
}

void set_calls(const Emission& e, data& d) {
  Structs structs;
  std::set<std::string> headers;
  data calls{data::type::list};
  bool arena_used = false;
  for (const Call& c : e.program.calls) {
    headers.merge(headers_of(c));
    data call;
    call.set("comment", comment_safe(call_comment(e, c)));
    call.set("call", call_text(e, structs, c));
    calls << call;
    for (const Argument& a : c.arguments) arena_used |= e.program[a.buffer].place == Place::kArena;
  }
  d.set("calls", calls);
  d.set("arena_used", arena_used ? data::type::bool_true : data::type::bool_false);
  d.set("structs", list_of(structs.list.size(), [&](size_t i) {
          data s;
          s.set("struct_name", structs.list[i].first);
          s.set("members", list_of(structs.list[i].second.size(),
                                   [&](size_t m) { return data("member", structs.list[i].second[m]); }));
          return s;
        }));
  std::vector<std::string> names(headers.begin(), headers.end());
  d.set("headers", list_of(names.size(), [&](size_t i) { return data("header", names[i]); }));
}

data weight_data(const Emission& e, size_t i) {
  const Constant& c = e.program.constants[i];
  data d;
  d.set("onnx_name", comment_safe(fmt::format("{} {}", c.name, to_string(c.data.shape))));
  d.set("type", std::string(c_type_of(c.data.type)));
  d.set("variable", e.constants[i]);
  d.set("MACRO", upper(e.constants[i]));
  d.set("count", text(std::max<int64_t>(1, c.data.count())));
  d.set("align", text(std::max<int64_t>(4, size_of(c.data.type))));
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
  d.set("arena_bytes", text(std::max<int64_t>(p.arena_bytes, p.arena_align)));
  d.set("arena_align", text(p.arena_align));
  d.set("arena_note", p.arena_bytes == p.arena_lower_bound ? "optimal for this order of calls"
                                                           : fmt::format("lower bound {}", p.arena_lower_bound));
  d.set("weight_bytes", text(weight_bytes(p)));
  d.set("macs", text(total_macs(p)));
  // A list of one or none: a false section that is a bool leaves an empty line behind.
  d.set("static_arena", list_of(e.options.static_arena ? 1 : 0, [](size_t) { return data(); }));
  d.set("ports", list_of(e.ports.size(), [&](size_t i) { return port_data(e, i); }));
  return d;
}

void set_memory_map(const Program& p, data& d) {
  std::vector<std::string> lines = memory_map(p);
  d.set("arena_use", lines.empty() ? "need no memory in it." : "and what they keep in it:");
  if (!lines.empty()) lines.insert(lines.begin(), "  offset    bytes    calls buffer");
  d.set("memory_map", list_of(lines.size(), [&](size_t i) { return data("line", comment_safe(lines[i])); }));
}

// --- test and host drivers ---

// Drivers keep each port in a static array; the prefix keeps its name apart from the driver's own.
std::string driver_buffer(const Emission& e, size_t i) { return "io_" + e.ports[i]; }

void set_driver_ports(const Emission& e, data& d) {
  size_t n_in = e.program.inputs.size(), n = e.ports.size();
  auto item = [&](size_t i) {
    data p = port_data(e, i);
    p.set("variable", driver_buffer(e, i));
    p.set("buffer", driver_buffer(e, i));
    return p;
  };
  d.set("buffers", list_of(n, item));
  d.set("arguments", list_of(n, item));
  d.set("inputs", list_of(n_in, item));
  d.set("outputs", list_of(n - n_in, [&](size_t i) { return item(n_in + i); }));
  d.set("has_inputs", n_in ? data::type::bool_true : data::type::bool_false);
}

// A float of any size above zero, so that the self-test can divide by it.
std::string range_literal(const Emission& e, size_t output) {
  Range range;
  for (const TestVector& v : e.options.test_vectors) widen(range, v.outputs[output]);
  double width = std::clamp<double>(width_of(range), std::numeric_limits<float>::min(), std::numeric_limits<float>::max());
  return float_literal(static_cast<float>(width));
}

data vector_data(const Emission& e, size_t v) {
  const TestVector& vector = e.options.test_vectors[v];
  size_t n_in = e.program.inputs.size();
  auto tensor = [&](size_t i) {
    const Tensor& t = i < n_in ? vector.inputs[i] : vector.outputs[i - n_in];
    data d = port_data(e, i);
    d.set("variable", fmt::format("vector{}_{}", v, e.ports[i]));
    d.set("buffer", driver_buffer(e, i));
    d.set("values", literal_list(t));
    d.set("tolerance", text(static_cast<int64_t>(e.options.tolerance * 1e6)));
    d.set("number", text(static_cast<int64_t>(v)));
    if (i >= n_in) d.set("range", range_literal(e, i - n_in));
    return d;
  };
  data d;
  d.set("tensors", list_of(e.ports.size(), tensor));
  d.set("inputs", list_of(n_in, tensor));
  d.set("outputs", list_of(e.ports.size() - n_in, [&](size_t i) { return tensor(n_in + i); }));
  return d;
}

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
  d.set("weights", list_of(p.constants.size(), [&](size_t i) { return weight_data(e, i); }));
  Files files;
  files[options.name + ".h"] = render("model.h", d);
  files[options.name + ".cpp"] = render("model.cpp", d);
  files[options.name + "_weights.h"] = render("weights.h", d);
  files[options.name + "_weights.cpp"] = render("weights.cpp", d);
  files["CMakeLists.txt"] = render("CMakeLists.txt", d);
  set_driver_ports(e, d);
  if (options.host_main) files[options.name + "_host_main.cpp"] = render("host_main.cpp", d);
  if (!options.test_vectors.empty()) {
    d.set("vectors", list_of(options.test_vectors.size(), [&](size_t v) { return vector_data(e, v); }));
    d.set("tolerance_text", fmt::format("{} of each output's range", options.tolerance));
    files[options.name + "_test_main.cpp"] = render("test_main.cpp", d);
  }
  add_headers("core.hpp", files);
  for (const Call& c : p.calls)
    for (const std::string& header : headers_of(c)) add_headers(header, files);
  return files;
}

}  // namespace netsuke
