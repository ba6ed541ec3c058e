// Gather, GatherElements, GatherND, Compress, OneHot. Canonical form: attribute axis >= 0 (batch_dims for
// GatherND, axis and depth for OneHot); constant indices are >= 0 and in range.
//
// A Gather whose constant indices are evenly spaced is a Slice, and a Reshape where they are a scalar.
#include "lower/lowering.hpp"
#include "ops/movement.hpp"

namespace netsuke {
namespace {

// --- indices ---

void require_indices(const Graph& g, const Node& n, size_t input) {
  require_type(g, n, input, {DType::kInt32, DType::kInt64});
}

int64_t checked_index(const Node& n, int64_t index, int64_t length) {
  if (index < -length || index >= length)
    mismatch(n, fmt::format("index {} is outside [{}, {}]", index, -length, length - 1), "correct the indices");
  return index < 0 ? index + length : index;
}

// For evaluation: what the kernels do with an index that is out of range at run time.
int64_t clamped_index(int64_t index, int64_t length) {
  return std::clamp<int64_t>(index < 0 ? index + length : index, 0, length - 1);
}

void refuse_empty(const Node& n, int64_t length, size_t axis) {
  if (length == 0) mismatch(n, fmt::format("dimension {} has no elements", axis));
}

// --- Gather ---

bool evenly_spaced(const Shape& indices) {
  if (indices.empty()) return false;
  for (size_t i = 1; i < indices.size(); i++)
    if (indices[i] - indices[i - 1] != indices[1] - indices[0] || indices[i] == indices[i - 1]) return false;
  return true;
}

Shape gathered_shape(const Shape& in, const Shape& indices, size_t axis) {
  Shape out(in.begin(), in.begin() + static_cast<std::ptrdiff_t>(axis));
  out.insert(out.end(), indices.begin(), indices.end());
  out.insert(out.end(), in.begin() + static_cast<std::ptrdiff_t>(axis) + 1, in.end());
  return out;
}

void become_slice(Canonicaliser& c, const Shape& indices, const Shape& index_shape, size_t axis) {
  Shape in = shape_of(c.graph, c.node, 0), starts(in.size(), 0), steps(in.size(), 1), shape = in;
  starts[axis] = indices[0];
  steps[axis] = indices.size() > 1 ? indices[1] - indices[0] : 1;
  shape[axis] = static_cast<int64_t>(indices.size());
  std::map<std::string, Attribute> attributes{{"starts", starts}, {"steps", steps}, {"shape", shape}};
  ValueId data = c.node.inputs[0];
  if (index_shape.size() == 1) {
    c.node = Node{"Slice", c.node.name, {data}, c.node.outputs, std::move(attributes), {}};
    return;
  }
  ValueId slice = add_preceding(c, "Slice", {data}, std::move(attributes));
  c.node = Node{"Reshape", c.node.name, {slice}, c.node.outputs,
                {{"shape", gathered_shape(in, index_shape, axis)}, {"allowzero", int64_t{1}}}, {}};
}

void canonicalise_gather(Canonicaliser& c) {
  Node& n = c.node;
  require_indices(c.graph, n, 1);
  set_default<int64_t>(n, "axis", 0);
  normalise_axes(c, "axis", rank_of(c.graph, n, 0));
  size_t axis = static_cast<size_t>(get_int(n, "axis"));
  int64_t length = shape_of(c.graph, n, 0)[axis];
  refuse_empty(n, length, axis);
  const Tensor* constant = constant_of(c.graph, n.inputs[1]);
  if (!constant) return;
  Shape indices = to_int64s(*constant), index_shape = constant->shape;
  for (int64_t& i : indices) i = checked_index(n, i, length);
  if (evenly_spaced(indices)) return become_slice(c, indices, index_shape, axis);
  std::vector<int32_t> narrow(indices.begin(), indices.end());
  n.inputs[1] = add_constant(c.graph, c.graph[n.inputs[1]].name, make_tensor<int32_t>(index_shape, std::span<const int32_t>(narrow)));
}

void infer_gather(Graph& g, Node& n) {
  set_output(g, n, 0, type_of(g, n, 0),
             gathered_shape(shape_of(g, n, 0), shape_of(g, n, 1), static_cast<size_t>(get_int(n, "axis"))));
}

void eval_gather(Evaluation& e) {
  const Shape& in = e.in[0]->shape;
  size_t axis = static_cast<size_t>(get_int(e.node, "axis")), index_rank = e.in[1]->shape.size();
  Shape steps = strides_of(in), index_steps = strides_of(e.in[1]->shape), indices = to_int64s(*e.in[1]);
  move_elements(*e.in[0], e.out[0], [&](const Shape& index) {
    int64_t from = 0, at = 0;
    for (size_t d = 0; d < index_rank; d++) at += index[axis + d] * index_steps[d];
    for (size_t d = 0; d < in.size(); d++) {
      int64_t i = d < axis ? index[d] : d > axis ? index[d - 1 + index_rank] : clamped_index(indices[static_cast<size_t>(at)], in[axis]);
      from += i * steps[d];
    }
    return from;
  });
}

// --- lowering ---

bool in_flash(const Lowering& l, BufferId b) { return l.program[b].place == Place::kConstant; }
TypeName type_name(const Lowering& l, BufferId b) { return TypeName{std::string(c_type_of(l.program[b].type))}; }

Call indexed_call(Lowering& l, const Node& n, const char* kernel) {
  Call call = make_call(n, kernel, "gather.hpp");
  BufferId in = buffer_of(l, n.inputs[0]), indices = buffer_of(l, n.inputs[1]);
  call.parameters = {{"T", type_name(l, in)}, {"I", type_name(l, indices)}, {"in_rom", in_flash(l, in)},
                     {"index_rom", in_flash(l, indices)}};
  call.arguments = {read(in), read(indices), write(buffer_of(l, n.outputs[0]))};
  return call;
}

void add_parameters(Call& call, std::initializer_list<Parameter> more) {
  call.parameters.insert(call.parameters.end(), more);
}

void lower_gather(Lowering& l, const Node& n) {
  const Shape& in = l.graph[n.inputs[0]].shape;
  size_t axis = static_cast<size_t>(get_int(n, "axis"));
  Call call = indexed_call(l, n, "gather");
  add_parameters(call, {{"outer", span_count(in, 0, axis)}, {"length", in[axis]},
                        {"inner", span_count(in, axis + 1, in.size())}, {"count", count_of(l.graph[n.inputs[1]].shape)}});
  l.program.calls.push_back(std::move(call));
}

// --- GatherElements ---

void canonicalise_gather_elements(Canonicaliser& c) {
  require_indices(c.graph, c.node, 1);
  set_default<int64_t>(c.node, "axis", 0);
  normalise_axes(c, "axis", rank_of(c.graph, c.node, 0));
  const Shape &in = shape_of(c.graph, c.node, 0), &indices = shape_of(c.graph, c.node, 1);
  size_t axis = static_cast<size_t>(get_int(c.node, "axis"));
  refuse_empty(c.node, in[axis], axis);
  bool fits = in.size() == indices.size();
  for (size_t d = 0; fits && d < in.size(); d++) fits = d == axis || indices[d] <= in[d];
  if (!fits) mismatch(c.node, fmt::format("indices of shape {} for data of shape {}", to_string(indices), to_string(in)));
  if (const Tensor* constant = constant_of(c.graph, c.node.inputs[1]))
    for (int64_t i : to_int64s(*constant)) checked_index(c.node, i, in[axis]);
}

void infer_gather_elements(Graph& g, Node& n) { set_output(g, n, 0, type_of(g, n, 0), shape_of(g, n, 1)); }

void eval_gather_elements(Evaluation& e) {
  const Shape& in = e.in[0]->shape;
  size_t axis = static_cast<size_t>(get_int(e.node, "axis")), next = 0;
  Shape steps = strides_of(in), indices = to_int64s(*e.in[1]);
  move_elements(*e.in[0], e.out[0], [&](const Shape& index) {
    int64_t from = clamped_index(indices[next++], in[axis]) * steps[axis];
    for (size_t d = 0; d < in.size(); d++) from += d == axis ? 0 : index[d] * steps[d];
    return from;
  });
}

void lower_gather_elements(Lowering& l, const Node& n) {
  const Shape& in = l.graph[n.inputs[0]].shape;
  size_t axis = static_cast<size_t>(get_int(n, "axis"));
  Shape steps = strides_of(in);
  int64_t axis_step = std::exchange(steps[axis], 0);
  Call call = indexed_call(l, n, "gather_elements");
  add_parameters(call, {{"dims", l.graph[n.outputs[0]].shape}, {"steps", steps}, {"axis_step", axis_step},
                        {"length", in[axis]}});
  l.program.calls.push_back(std::move(call));
}

// --- GatherND ---

struct TupleShape {
  size_t batch_dims, depth;
  int64_t batch, count, inner;  // tuples in a batch, elements that one tuple names
};

TupleShape tuple_shape(const Graph& g, const Node& n) {
  const Shape &in = shape_of(g, n, 0), &indices = shape_of(g, n, 1);
  size_t b = static_cast<size_t>(get_int(n, "batch_dims"));
  size_t depth = static_cast<size_t>(indices.back());
  return {b, depth, span_count(in, 0, b), span_count(indices, b, indices.size() - 1), span_count(in, b + depth, in.size())};
}

void canonicalise_gather_nd(Canonicaliser& c) {
  require_indices(c.graph, c.node, 1);
  set_default<int64_t>(c.node, "batch_dims", 0);
  const Shape &in = shape_of(c.graph, c.node, 0), &indices = shape_of(c.graph, c.node, 1);
  int64_t b = get_int(c.node, "batch_dims"), rank = static_cast<int64_t>(in.size());
  bool fits = b >= 0 && b < static_cast<int64_t>(indices.size()) && b < rank && indices.back() >= 1 &&
              indices.back() <= rank - b && std::equal(in.begin(), in.begin() + b, indices.begin());
  if (!fits)
    mismatch(c.node, fmt::format("indices of shape {} for data of shape {} with {} batch dimensions", to_string(indices),
                                 to_string(in), b));
}

void infer_gather_nd(Graph& g, Node& n) {
  const Shape &in = shape_of(g, n, 0), &indices = shape_of(g, n, 1);
  Shape out(indices.begin(), indices.end() - 1);
  out.insert(out.end(), in.begin() + get_int(n, "batch_dims") + indices.back(), in.end());
  set_output(g, n, 0, type_of(g, n, 0), std::move(out));
}

void eval_gather_nd(Evaluation& e) {
  TupleShape s = tuple_shape(e.graph, e.node);
  const Shape& in = e.in[0]->shape;
  Shape steps = strides_of(in), indices = to_int64s(*e.in[1]);
  int64_t next = 0;
  move_elements(*e.in[0], e.out[0], [&](const Shape&) {
    int64_t element = next++, tuple = element / s.inner, batch = tuple / s.count;
    int64_t from = batch * span_count(in, s.batch_dims, in.size()) + element % s.inner;
    for (size_t d = 0; d < s.depth; d++) {
      int64_t index = indices[static_cast<size_t>(tuple) * s.depth + d];
      from += clamped_index(index, in[s.batch_dims + d]) * steps[s.batch_dims + d];
    }
    return from;
  });
}

void lower_gather_nd(Lowering& l, const Node& n) {
  TupleShape s = tuple_shape(l.graph, n);
  const Shape& in = l.graph[n.inputs[0]].shape;
  auto part = [&](const Shape& all) {
    auto first = all.begin() + static_cast<std::ptrdiff_t>(s.batch_dims);
    return Shape(first, first + static_cast<std::ptrdiff_t>(s.depth));
  };
  Call call = indexed_call(l, n, "gather_nd");
  add_parameters(call, {{"batch", s.batch}, {"batch_step", span_count(in, s.batch_dims, in.size())}, {"count", s.count},
                        {"depth", static_cast<int64_t>(s.depth)}, {"inner", s.inner}, {"dims", part(in)},
                        {"steps", part(strides_of(in))}});
  l.program.calls.push_back(std::move(call));
}

// --- Compress ---

// With a known condition it is a Gather of the indices where it holds.
void canonicalise_compress(Canonicaliser& c) {
  const Tensor* condition = constant_of(c.graph, c.node.inputs[1]);
  if (!condition) refuse(c.node, "its condition is computed at run time, so its output has no fixed shape");
  ValueId data = c.node.inputs[0];
  if (!has_attribute(c.node, "axis"))
    data = add_preceding(c, "Reshape", {data}, {{"shape", Shape{count_of(c.graph[data].shape)}}, {"allowzero", int64_t{1}}});
  std::vector<int64_t> kept;
  for (size_t i = 0; i < condition->bytes.size(); i++)
    if (condition->bytes[i]) kept.push_back(static_cast<int64_t>(i));
  int64_t axis = has_attribute(c.node, "axis") ? get_int(c.node, "axis") : 0;
  Shape shape{static_cast<int64_t>(kept.size())};
  ValueId indices = add_constant(c.graph, c.node.name + "/indices", make_tensor<int64_t>(shape, std::span<const int64_t>(kept)));
  ValueId gathered = add_preceding(c, "Gather", {data, indices}, {{"axis", axis}});
  c.node = Node{"Identity", c.node.name, {gathered}, c.node.outputs, {}, {}};
}

// --- OneHot ---

void canonicalise_one_hot(Canonicaliser& c) {
  Node& n = c.node;
  if (has_attribute(n, "depth")) return;
  require_indices(c.graph, n, 0);
  set_default<int64_t>(n, "axis", -1);
  normalise_axes(c, "axis", rank_of(c.graph, n, 0) + 1);
  const Tensor* depth = constant_of(c.graph, n.inputs[1]);
  if (!depth) refuse(n, "its depth is computed at run time");
  if (depth->count() != 1 || to_int64s(*depth)[0] < 1) mismatch(n, "its depth must be one number > 0");
  if (count_of(shape_of(c.graph, n, 2)) != 2) mismatch(n, "its values must be two, off and on");
  n.attributes["depth"] = to_int64s(*depth)[0];
  n.inputs = {n.inputs[0], n.inputs[2]};
}

void infer_one_hot(Graph& g, Node& n) {
  Shape out = shape_of(g, n, 0);
  out.insert(out.begin() + get_int(n, "axis"), get_int(n, "depth"));
  set_output(g, n, 0, type_of(g, n, 1), std::move(out));
}

void eval_one_hot(Evaluation& e) {
  size_t axis = static_cast<size_t>(get_int(e.node, "axis"));
  int64_t depth = get_int(e.node, "depth");
  Shape indices = to_int64s(*e.in[0]), steps = strides_of(e.in[0]->shape);
  move_elements(*e.in[1], e.out[0], [&](const Shape& index) {
    int64_t at = 0;
    for (size_t d = 0; d < steps.size(); d++) at += index[d < axis ? d : d + 1] * steps[d];
    int64_t hot = indices[static_cast<size_t>(at)];
    return int64_t{index[axis] == hot || index[axis] - depth == hot};
  });
}

void lower_one_hot(Lowering& l, const Node& n) {
  const Shape& in = l.graph[n.inputs[0]].shape;
  size_t axis = static_cast<size_t>(get_int(n, "axis"));
  Call call = make_call(n, "one_hot", "gather.hpp");
  BufferId indices = buffer_of(l, n.inputs[0]), values = buffer_of(l, n.inputs[1]);
  call.parameters = {{"T", type_name(l, values)}, {"I", type_name(l, indices)}, {"index_rom", in_flash(l, indices)},
                     {"values_rom", in_flash(l, values)}, {"outer", span_count(in, 0, axis)},
                     {"depth", get_int(n, "depth")}, {"inner", span_count(in, axis, in.size())}};
  call.arguments = {read(indices), read(values), write(buffer_of(l, n.outputs[0]))};
  l.program.calls.push_back(std::move(call));
}

constexpr Op kOps[] = {
    {.name = "Gather", .min_inputs = 2, .max_inputs = 2, .canonicalise = canonicalise_gather, .infer = infer_gather,
     .eval = eval_gather, .lower = lower_gather, .quantisation = QuantRule::kSameScale, .integer = IntegerForm::kMove,
     .limits = "Run-time indices that are out of range are clamped."},
    {.name = "GatherElements", .min_inputs = 2, .max_inputs = 2, .canonicalise = canonicalise_gather_elements,
     .infer = infer_gather_elements, .eval = eval_gather_elements, .lower = lower_gather_elements,
     .quantisation = QuantRule::kSameScale, .integer = IntegerForm::kMove, .limits = "Run-time indices that are out of range are clamped."},
    {.name = "GatherND", .min_inputs = 2, .max_inputs = 2, .canonicalise = canonicalise_gather_nd,
     .infer = infer_gather_nd, .eval = eval_gather_nd, .lower = lower_gather_nd,
     .quantisation = QuantRule::kSameScale, .integer = IntegerForm::kMove, .limits = "Run-time indices that are out of range are clamped."},
    {.name = "Compress", .min_inputs = 2, .max_inputs = 2, .canonicalise = canonicalise_compress,
     .limits = "The condition must be known at compile time."},
    {.name = "OneHot", .min_inputs = 2, .max_inputs = 3, .canonicalise = canonicalise_one_hot, .infer = infer_one_hot,
     .eval = eval_one_hot, .lower = lower_one_hot,
     .limits = "The depth must be known at compile time; indices are int32 or int64."},
};

}  // namespace

std::span<const Op> gather_ops() { return kOps; }

}  // namespace netsuke
