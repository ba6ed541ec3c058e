#include "ops/run_time_zero.hpp"

#include <algorithm>

#include "graph/quantization.hpp"
#include "ops/helpers.hpp"

namespace netsuke {
namespace {

// Zero points as a grid of scale 1.
Quantization offset_grid(DType type, const Tensor* zero, int64_t axis) {
  Quantization q = per_tensor_grid(1, 0, type);
  if (!zero) return q;
  std::vector<int64_t> values = to_int64s(*zero);
  q.zero_points.assign(values.begin(), values.end());
  q.scales.assign(values.size(), 1);
  q.axis = values.size() > 1 ? axis : -1;
  return q;
}

bool fits_int8(const Tensor& distances) {
  auto values = distances.as<float>();
  return std::all_of(values.begin(), values.end(), [](float x) { return x >= -128 && x <= 127; });
}

void check_zero_count(const Canonicaliser& c, const OffsetOperand& o) {
  const Shape& shape = shape_of(c.graph, c.node, o.values);
  int64_t count = count_of(shape_of(c.graph, c.node, o.zero));
  bool along_axis = o.axis >= 0 && o.axis < static_cast<int64_t>(shape.size()) && count == shape[static_cast<size_t>(o.axis)];
  if (count != 1 && !along_axis) refuse(c.node, fmt::format("{} zero points for an operand {}", count, to_string(shape)));
}

}  // namespace

void canonicalise_offset(Canonicaliser& c, const OffsetOperand& o) {
  Node& n = c.node;
  require_offset_types(c.graph, n, o);
  bool has_zero = has_input(n, o.zero);
  if (has_zero) check_zero_count(c, o);
  const Tensor *t = constant_of(c.graph, n.inputs[o.values]), *zero = has_zero ? constant_of(c.graph, n.inputs[o.zero]) : nullptr;
  if (!t || (has_zero && !zero)) return;
  Tensor distance = from_grid(*t, offset_grid(t->type, zero, o.axis));
  if (!fits_int8(distance)) return;
  n.inputs[o.values] = add_constant(c.graph, c.graph[n.inputs[o.values]].name, to_grid(distance, per_tensor_grid(1, 0, DType::kInt8)));
  if (has_zero) n.inputs[o.zero] = kNoValue;
}

void require_offset_types(const Graph& g, const Node& n, const OffsetOperand& o) {
  require_type(g, n, o.values, {DType::kInt8, DType::kUint8});
  if (has_input(n, o.zero) && type_of(g, n, o.zero) != type_of(g, n, o.values))
    refuse(n, fmt::format("input '{}' is {}, its zero point {}", g[n.inputs[o.values]].name, name_of(type_of(g, n, o.values)),
                          name_of(type_of(g, n, o.zero))));
}

void require_int32_sums(const Node& n, int64_t products) {
  if (products > INT32_MAX / (255 * 255)) refuse(n, fmt::format("sums of {} products may not fit int32", products));
}

Tensor distances(const Evaluation& e, const OffsetOperand& o) {
  const Tensor* zero = o.zero < e.in.size() ? e.in[o.zero] : nullptr;
  Tensor real = from_grid(*e.in[o.values], offset_grid(e.in[o.values]->type, zero, o.axis));
  return make_tensor<double>(real.shape, to_doubles(real));
}

Argument offset_argument(Lowering& l, const Node& n, const OffsetOperand& o, const std::string& name, Call& call) {
  bool has_zero = has_input(n, o.zero);
  BufferId b = buffer_of(l, n.inputs[has_zero ? o.zero : o.values]);
  call.parameters.push_back({name + "_has_zero", has_zero});
  call.parameters.push_back({name + "_zero_rom", l.program[b].place == Place::kConstant});
  call.parameters.push_back({name + "_zero_step", int64_t{has_zero && count_of(shape_of(l.graph, n, o.zero)) > 1}});
  return read(b);
}

}  // namespace netsuke
