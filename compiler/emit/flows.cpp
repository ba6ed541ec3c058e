// Rows that flow through a segment, as C++: a function for one sweep.
#include <fmt/ranges.h>

#include "emit/calls.hpp"

namespace netsuke {
namespace {

struct FlowWriter {
  const Emission& e;
  Structs& structs;
  const Segment& segment;
  FlowText text;
  std::map<std::tuple<BufferId, int64_t, int64_t>, std::string> maps;  // buffer, rows, pitch -> variable
  std::set<std::string> names;
  std::vector<std::string> parameters, arguments;

  const Program& p() const { return e.program; }
  bool streams() const { return p().stream && segment.first == 0; }
};

void add_parameter(FlowWriter& w, const std::string& parameter, const std::string& argument) {
  if (std::find(w.arguments.begin(), w.arguments.end(), argument) != w.arguments.end()) return;
  w.parameters.push_back(parameter);
  w.arguments.push_back(argument);
}

bool is_pushed(const FlowWriter& w, const Argument& a) { return w.p().push && w.p().push->input == a.buffer; }

// What the function needs from its caller to reach this argument.
void pass_memory(FlowWriter& w, const Argument& a) {
  const Buffer& b = w.p()[a.buffer];
  if (b.place == Place::kConstant) return;
  if (b.place == Place::kArena) return add_parameter(w, "void* arena", "arena");
  if (b.place == Place::kState) return add_parameter(w, "void* state", "state");
  if (is_pushed(w, a)) return add_parameter(w, fmt::format("const {}* row", c_type_of(b.type)), "row");
  std::string name = argument_text(w.e, {a.buffer});
  add_parameter(w, fmt::format("{}{}* {}", b.place == Place::kInput ? "const " : "", c_type_of(b.type), name), name);
}

// "Rows<float, 25, 320, 3>"
std::string rows_type(const FlowWriter& w, const Buffer& b, const RowMap& map) {
  bool read_only = b.place == Place::kInput || b.place == Place::kConstant;
  std::string element = fmt::format("{}{}", read_only ? "const " : "", c_type_of(b.type));
  if (w.streams() && b.slides) return fmt::format("SlidingRows<{}, {}, {}>", element, map.rows, map.elements);
  if (w.streams() && !read_only) return fmt::format("Rows<{}, netsuke::kEndless, {}, {}>", element, map.elements, b.ring);
  std::string ring = b.ring && b.ring < map.rows ? fmt::format(", {}", b.ring) : "";
  return fmt::format("Rows<{}, {}, {}{}>", element, map.rows, map.elements, ring);
}

// The variable that stands for the rows of an argument.
std::string rows_variable(FlowWriter& w, const Argument& a, const RowMap& map) {
  const Buffer& b = w.p()[a.buffer];
  auto [it, added] = w.maps.try_emplace({a.buffer, map.rows, map.elements});
  if (!added) return it->second;
  std::string base = identifier(b.name) + "_rows", name = base;
  for (int i = 2; !w.names.insert(name).second; i++) name = fmt::format("{}_{}", base, i);
  std::string type = rows_type(w, b, map);
  w.text.lines.push_back(fmt::format("const netsuke::{} {} = {{{}}};", type, name, argument_text(w.e, {a.buffer})));
  return it->second = name;
}

// Row number `map.first(r)` as C++.
std::string first_row(const RowMap& map) {
  std::string text = map.stride == 1 ? "r" : fmt::format("r * {}", map.stride);
  if (map.pad != 0) text += fmt::format(" {} {}", map.pad > 0 ? "-" : "+", std::abs(map.pad));
  return map.divisor == 1 ? text : fmt::format("({}) / {}", text, map.divisor);
}

// The row that has just arrived.
std::string pushed_row(const FlowWriter& w, const Argument& a, const RowMap& map) {
  if (map.window) return fmt::format("netsuke::RowWindow<{}, 1>{{{{row}}}}", c_type_of(w.p()[a.buffer].type));
  return map.offset ? fmt::format("row + {}", map.offset) : "row";
}

std::string turn_argument(FlowWriter& w, const Call& c, int i) {
  const Argument& a = c.arguments[static_cast<size_t>(i)];
  const auto& map = c.row_form->maps[static_cast<size_t>(i)];
  pass_memory(w, a);
  if (!map) return argument_text(w.e, a);
  if (is_pushed(w, a)) return pushed_row(w, a, *map);
  std::string rows = rows_variable(w, a, *map);
  if (map->window) return fmt::format("netsuke::window<{}, {}>({}, {})", map->kernel, map->dilation, rows, first_row(*map));
  return fmt::format("{}.row({}){}", rows, first_row(*map), map->offset ? fmt::format(" + {}", map->offset) : "");
}

std::string kernel_call(FlowWriter& w, const Call& c, const std::string& suffix, const std::vector<int>& arguments) {
  const RowForm& form = *c.row_form;
  std::string parameters = struct_for(w.structs, c.kernel, form.parameters);
  std::vector<std::string> texts;
  for (int i : arguments) texts.push_back(turn_argument(w, c, i));
  if (!form.row_count.empty()) texts.insert(texts.begin() + 1, fmt::format("netsuke::{}<{}>(r)", form.row_count, parameters));
  return fmt::format("netsuke::{}{}<{}>({});", form.kernel, suffix, parameters, fmt::join(texts, ", "));
}

// Turn r of a call, if it has one in this sweep.
std::vector<std::string> turn_statements(FlowWriter& w, const Call& c) {
  const RowForm& form = *c.row_form;
  std::vector<std::string> lines;
  for (size_t i = 0; i < c.arguments.size(); i++)
    if (w.streams() && c.arguments[i].access == Access::kWrite && w.p()[c.arguments[i].buffer].slides)
      lines.push_back(fmt::format("{}.make_room(r);", rows_variable(w, c.arguments[i], *form.maps[i])));
  if (form.running) lines.push_back("if (r == 0) " + kernel_call(w, c, "_begin", form.begin));
  lines.push_back(kernel_call(w, c, form.running ? "_row" : "", form.turn));
  if (form.running) lines.push_back(fmt::format("if (r == {}) ", form.turns - 1) + kernel_call(w, c, "_end", form.end));
  return lines;
}

void add_call(FlowWriter& w, int call, std::vector<std::string>& lines) {
  const Call& c = w.p().calls[static_cast<size_t>(call)];
  const Turns& t = w.segment.turns[static_cast<size_t>(call - w.segment.first)];
  lines.push_back("// " + comment_safe(call_comment(w.e, c)));
  if (w.streams()) lines.push_back(fmt::format("r = netsuke::endless_turn_in<{}, {}>(t);", t.start, t.every));
  else lines.push_back(fmt::format("r = netsuke::turn_in<{}, {}, {}>(t);", t.start, t.every, c.row_form->turns));
  std::vector<std::string> statements = hooked(w.e, call, turn_statements(w, c), "return false");
  if (statements.size() == 1) return lines.push_back("if (r >= 0) " + statements[0]);
  lines.push_back("if (r >= 0) {");
  for (const std::string& s : statements) lines.push_back("  " + s);
  lines.push_back("}");
}

}  // namespace

int segment_at(const Program& p, int call) {
  for (size_t i = 0; i < p.segments.size(); i++)
    if (p.segments[i].first == call) return static_cast<int>(i);
  return -1;
}

FlowText flow_text(const Emission& e, Structs& structs, size_t segment) {
  FlowWriter w{e, structs, e.program.segments[segment], {}, {}, {}, {}, {}};
  w.text.name = fmt::format("rows_{}", segment + 1);
  std::vector<std::string> calls;
  for (int i = w.segment.first; i < w.segment.end; i++) add_call(w, i, calls);
  w.text.lines.emplace_back("netsuke::index_t r;");
  w.text.lines.insert(w.text.lines.end(), calls.begin(), calls.end());
  w.text.parameters = fmt::format("{}", fmt::join(w.parameters, ", "));
  w.text.arguments = fmt::format("{}", fmt::join(w.arguments, ", "));
  return w.text;
}

}  // namespace netsuke
