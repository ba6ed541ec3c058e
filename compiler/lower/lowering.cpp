#include "lower/lowering.hpp"

#include <cmath>

namespace netsuke {
namespace {

BufferId add_buffer(Program& p, Buffer b) {
  p.buffers.push_back(std::move(b));
  return static_cast<BufferId>(p.buffers.size()) - 1;
}

BufferId constant_buffer(Program& p, const std::string& name, Tensor data) {
  for (size_t i = 0; i < p.buffers.size(); i++)
    if (p.buffers[i].place == Place::kConstant &&
        p.constants[static_cast<size_t>(p.buffers[i].index)].data == data)
      return static_cast<BufferId>(i);
  int index = static_cast<int>(p.constants.size());
  BufferId id = add_buffer(p, Buffer{name, data.type, data.shape, Place::kConstant, index});
  p.constants.push_back(Constant{name, std::move(data)});
  return id;
}

}  // namespace

BufferId buffer_of(Lowering& l, ValueId v) {
  BufferId& id = l.buffers[static_cast<size_t>(v)];
  if (id >= 0) return id;
  const Value& value = l.graph[v];
  id = value.constant ? constant_buffer(l.program, value.name, *value.constant)
                      : add_buffer(l.program, Buffer{value.name, value.type, value.shape});
  return id;
}

BufferId add_weights(Lowering& l, const std::string& name, Tensor data) {
  return constant_buffer(l.program, name, std::move(data));
}

BufferId add_scratch(Lowering& l, const std::string& name, DType type, int64_t count) {
  return add_buffer(l.program, Buffer{name, type, {count}});
}

void add_copy(Lowering& l, const std::string& name, BufferId from, BufferId to) {
  const Buffer& source = l.program[from];
  Call call;
  call.kernel = "copy";
  call.header = "copy.hpp";
  call.op = "copy";
  call.node = name;
  call.parameters = {{"T", TypeName{std::string(c_type_of(source.type))}},
                     {"count", count_of(source.shape)},
                     {"in_rom", source.place == Place::kConstant}};
  call.arguments = {read(from), write(to)};
  l.program.calls.push_back(std::move(call));
}

void alias(Lowering& l, const Node& n, ValueId from, ValueId to) {
  BufferId source = buffer_of(l, from);
  BufferId& target = l.buffers[static_cast<size_t>(to)];
  if (target < 0) target = source;
  if (target == source) return;
  add_copy(l, n.name, source, target);
}

Argument read(BufferId b, int64_t offset) { return {b, Access::kRead, offset}; }
Argument write(BufferId b, int64_t offset) { return {b, Access::kWrite, offset}; }
Argument scratch(BufferId b) { return {b, Access::kScratch, 0}; }

std::string float_literal(float x) {
  if (std::isnan(x)) return "NAN";
  if (std::isinf(x)) return x > 0 ? "INFINITY" : "-INFINITY";
  std::string text = fmt::format("{}", x);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text + "f";
}

Parameter activation_parameter(const Node& n) {
  std::string expression = "x";
  for (const Activation& a : n.activations) {
    std::string call = fmt::format("netsuke::{}({}", a.function, expression);
    for (float argument : a.arguments) call += ", " + float_literal(argument);
    expression = call + ")";
  }
  return {"act", Function{"float", "float x", expression, n.activations.empty() ? "" : "activations.hpp"}};
}

std::string op_label(const Node& n) {
  std::string label = n.op;
  for (const Activation& a : n.activations) label += " + " + a.function;
  return label;
}

Call make_call(const Node& n, std::string kernel, std::string header) {
  Call c;
  c.kernel = std::move(kernel);
  c.header = std::move(header);
  c.op = op_label(n);
  c.node = n.name;
  return c;
}

}  // namespace netsuke
