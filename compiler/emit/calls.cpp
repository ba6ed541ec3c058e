#include "emit/calls.hpp"

#include <fmt/ranges.h>

#include <algorithm>

#include "lower/lowering.hpp"
#include "lower/times.hpp"

namespace netsuke {

std::string upper(std::string s) {
  std::transform(s.begin(), s.end(), s.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return s;
}

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

std::string comment_safe(std::string s) {
  for (char& c : s)
    if (static_cast<unsigned char>(c) < 32 || c == '\\') c = '_';
  for (size_t at; (at = s.find("*/")) != std::string::npos;) s[at] = '_';
  for (size_t at; (at = s.find("/*")) != std::string::npos;) s[at] = '_';
  return s;
}

namespace {

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

}  // namespace

std::string struct_for(Structs& structs, const std::string& kernel, const std::vector<Parameter>& parameters) {
  std::vector<std::string> members = members_of(parameters);
  auto [it, added] = structs.by_content.try_emplace({kernel, members});
  if (added) {
    std::string base = struct_base(kernel);
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
    case Place::kState:
      return fmt::format("netsuke::at<{}>(state, {})", c_type_of(b.type), b.offset + a.offset * size_of(b.type));
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
  return fmt::format("netsuke::{}<{}>({});", c.kernel, struct_for(structs, c.kernel, c.parameters), fmt::join(arguments, ", "));
}

std::string call_comment(const Emission& e, const Call& c) {
  std::vector<std::string> in, out;
  for (const Argument& a : c.arguments) {
    const Buffer& b = e.program[a.buffer];
    if (b.place == Place::kConstant || a.access == Access::kScratch) continue;
    (a.access == Access::kWrite ? out : in).push_back(to_string(b.shape));
  }
  return fmt::format("{}: {} ({}): {} -> {}", &c - e.program.calls.data(), c.node, c.op, fmt::join(in, " "), fmt::join(out, " "));
}

std::vector<std::string> hooked(const Emission& e, int call, const std::vector<std::string>& statements, const std::string& give_up) {
  if (!e.options.profile) return statements;
  std::vector<std::string> lines{fmt::format("if (!{}_layer_begin({})) {};", e.options.name, call, give_up)};
  lines.insert(lines.end(), statements.begin(), statements.end());
  lines.push_back(fmt::format("{}_layer_end({});", e.options.name, call));
  return lines;
}

std::set<std::string> headers_of(const Program& p, size_t call) {
  const Call& c = p.calls[call];
  bool rows = segment_of(p, static_cast<int>(call)) != nullptr;
  std::set<std::string> headers{rows ? c.row_form->header : c.header};
  if (rows) headers.insert("rows.hpp");
  for (const Parameter& parameter : rows ? c.row_form->parameters : c.parameters)
    if (auto* f = std::get_if<Function>(&parameter.value); f && !f->header.empty()) headers.insert(f->header);
  return headers;
}

std::vector<std::string> memory_map(const Program& p) {
  std::vector<std::string> lines;
  std::vector<Lifetime> lives = lifetimes(p);
  Occupancy occupancy = occupancy_of(p, timeline_of(p));
  // Maps whose rows come and go one by one: others may lie on what is not there yet or any more.
  auto by_rows = [&](const Buffer& b) {
    auto it = occupancy.slots().find(b.slot);
    return b.place == Place::kArena && it != occupancy.slots().end() && !it->second.ring && it->second.bands.size() > 1;
  };
  for (size_t i = 0; i < p.buffers.size(); i++) {
    const Buffer& b = p.buffers[i];
    bool ours = b.place == Place::kArena || b.place == Place::kState;
    if (!ours || lives[i].first < 0) continue;
    std::string rows = b.ring && b.ring < b.rows ? fmt::format(", {} of {} rows", b.ring, b.rows) : "";
    if (b.place == Place::kState) rows += ", in the state";
    if (by_rows(b)) rows += ", row by row";
    lines.push_back(fmt::format("{:>8} {:>8}  {:>3}..{:<3} {}{}{}", b.offset, b.memory(), lives[i].first, lives[i].last,
                                b.name, to_string(b.shape), rows));
  }
  return lines;
}

}  // namespace netsuke
