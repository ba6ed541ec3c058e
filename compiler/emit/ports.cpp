#include "emit/ports.hpp"

#include <fmt/ranges.h>

#include <algorithm>

#include "lower/lowering.hpp"

namespace netsuke {
namespace {

using data = TemplateData;

// An input that no call reads (a Shape of it is a constant) has no name in the function: compilers would complain.
bool is_read(const Program& p, size_t input) {
  auto reads = [&](const Argument& a) { return p[a.buffer].place == Place::kInput && p[a.buffer].index == static_cast<int>(input); };
  return std::any_of(p.calls.begin(), p.calls.end(),
                     [&](const Call& c) { return std::any_of(c.arguments.begin(), c.arguments.end(), reads); });
}

}  // namespace

int64_t arena_input_offset(const Program& p, size_t i) {
  for (const Buffer& b : p.buffers)
    if (b.is_arena_input() && b.index == static_cast<int>(i)) return b.offset;
  return -1;
}

TemplateData port_data(const Emission& e, size_t i) {
  bool input = i < e.program.inputs.size();
  const Port& port = input ? e.program.inputs[i] : e.program.outputs[i - e.program.inputs.size()];
  std::string type(c_type_of(port.type));
  data d;
  d.set("direction", input ? "Input" : "Output");
  d.set("number", text_of(static_cast<int64_t>(input ? i : i - e.program.inputs.size())));
  d.set("onnx_name", comment_safe(port.name));
  d.set("type", type);
  d.set("shape", to_string(port.shape));
  d.set("shape_list", port.shape.empty() ? "{1}" : fmt::format("{{{}}}", fmt::join(port.shape, ", ")));
  d.set("rank", text_of(static_cast<int64_t>(port.shape.size())));
  d.set("count", text_of(count_of(port.shape)));
  d.set("MACRO", upper(e.options.name + "_" + e.ports[i]));
  d.set("variable", e.ports[i]);
  d.set("argument", fmt::format("{}{}* {}", input ? "const " : "", type, e.ports[i]));
  d.set("grid", list_of(port.grid ? 1 : 0, [&](size_t) {
          data grid{"scale", float_literal(port.grid->scale)};
          grid.set("zero_point", text_of(port.grid->zero_point));
          return grid;
        }));
  bool named = !input || is_read(e.program, i);
  d.set("parameter", fmt::format("{}{}*{}", input ? "const " : "", type, named ? " " + e.ports[i] : ""));
  int64_t offset = input ? arena_input_offset(e.program, i) : -1;
  d.set("in_arena", list_of(offset >= 0 ? 1 : 0, [&](size_t) { return data("offset", text_of(offset)); }));
  d.set("first", i == 0 ? data::type::bool_true : data::type::bool_false);
  return d;
}

}  // namespace netsuke
