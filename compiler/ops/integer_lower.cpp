#include "ops/integer_lower.hpp"

#include "graph/quantization.hpp"
#include "lower/strided_copy.hpp"
#include "ops/broadcasting.hpp"
#include "ops/grid.hpp"
#include "ops/integer.hpp"
#include "ops/layout.hpp"
#include "ops/window.hpp"

namespace netsuke {
namespace {

int64_t zero_of(const Graph& g, ValueId v) { return g[v].quantization->zero_points[0]; }

void append(std::vector<Parameter>& to, std::vector<Parameter> more) {
  for (Parameter& p : more) to.push_back(std::move(p));
}

std::vector<Parameter> limit_parameters(const Limits& limits) {
  return {{"out_min", int64_t{limits.low}}, {"out_max", int64_t{limits.high}}};
}

void lower_table(Lowering& l, const Node& n) {
  const Value& out = l.graph[n.outputs[0]];
  Call call = make_call(n, "table_s8", "table_s8.hpp");
  BufferId table = add_weights(l, out.name + "_table", function_table(l.graph, n));
  ValueId operand = n.inputs[run_time_operand(l.graph, n)];
  call.parameters = {{"count", count_of(out.shape)}, type_name("out_t", out.type)};
  call.arguments = {read(buffer_of(l, operand)), read(table), write(buffer_of(l, n.outputs[0]))};
  if (out.type == DType::kInt8) call.in_place = {{0, 2}};
  call.rows = elementwise_rows(l.graph, n);
  l.program.calls.push_back(std::move(call));
}

void add_operands(Lowering& l, const Node& n, Call& call) {
  const Graph& g = l.graph;
  Loops loops = collapse(g[n.outputs[0]].shape, {g[n.inputs[0]].shape, g[n.inputs[1]].shape});
  BufferId a = buffer_of(l, n.inputs[0]), b = buffer_of(l, n.inputs[1]);
  append(call.parameters, {type_name("A", g[n.inputs[0]].type), type_name("B", g[n.inputs[1]].type), type_name("T", g[n.outputs[0]].type),
                           {"a_rom", l.program[a].place == Place::kConstant}, {"b_rom", l.program[b].place == Place::kConstant},
                           {"dims", loops.dims}, {"a_strides", loops.strides[0]}, {"b_strides", loops.strides[1]}});
  call.arguments = {read(a), read(b), write(buffer_of(l, n.outputs[0]))};
  call.in_place = elementwise_in_place(g, n, 2);
  call.rows = elementwise_rows(g, n);
}

std::vector<Parameter> sum_parameters(const SmallSum& s) {
  std::vector<Parameter> p{{"a_multiplier", int64_t{s.multiplier_a}}, {"b_multiplier", int64_t{s.multiplier_b}},
                           {"offset", int64_t{s.offset}}, {"shift", int64_t{s.shift}}};
  append(p, limit_parameters(s.limits));
  return p;
}

std::vector<Parameter> product_parameters(const Graph& g, const Node& n) {
  Requantisation r = sum_requantisation(g, n);
  std::vector<Parameter> p{{"a_zero", zero_of(g, n.inputs[0])}, {"b_zero", zero_of(g, n.inputs[1])}, {"multiplier", int64_t{r.multipliers[0]}}};
  append(p, requantise_parameters(r));
  return p;
}

void lower_binary(Lowering& l, const Node& n) {
  bool sum = n.op == "Add" || n.op == "Sub";
  Call call = make_call(n, sum ? "add_s8" : n.op == "Mul" ? "mul_s8" : n.op == "Min" ? "min_s8" : "max_s8", "binary_s8.hpp");
  add_operands(l, n, call);
  if (sum) append(call.parameters, sum_parameters(small_sum(l.graph, n)));
  else if (n.op == "Mul") append(call.parameters, product_parameters(l.graph, n));
  else append(call.parameters, limit_parameters(limits_of(n, *l.graph[n.outputs[0]].quantization)));
  l.program.calls.push_back(std::move(call));
}

// --- sums of products ---

std::vector<int16_t> plain_weights(const Graph& g, const Node& n) {
  std::vector<int64_t> w = to_int64s(*g[n.inputs[1]].constant);
  return {w.begin(), w.end()};
}

std::vector<int32_t> plain_bias(const Graph& g, const Node& n) {
  if (!has_input(n, 2)) return {};
  auto b = g[n.inputs[2]].constant->as<int32_t>();
  return {b.begin(), b.end()};
}

BufferId add_packed(Lowering& l, const std::string& name, const PackedWeights& packed) {
  Tensor t(packed.wide ? DType::kInt16 : DType::kInt8, {static_cast<int64_t>(packed.values.size())});
  for (size_t i = 0; i < packed.values.size(); i++)
    if (packed.wide) t.as<int16_t>()[i] = packed.values[i];
    else t.as<int8_t>()[i] = static_cast<int8_t>(packed.values[i]);
  return add_weights(l, name, std::move(t));
}

// How the sums end: integers on the output's grid, or real numbers.
BufferId add_finish(Lowering& l, const Node& n, Call& call) {
  const Graph& g = l.graph;
  const Value& out = g[n.outputs[0]];
  const std::string name = g[n.inputs[1]].name;
  call.parameters.push_back(type_name("in_t", g[n.inputs[0]].type));
  call.parameters.push_back(type_name("out_t", out.type));
  call.parameters.push_back({"in_zero", zero_of(g, n.inputs[0])});
  if (!is_quantised(out)) {
    std::vector<double> scales = sum_scales(g, n);
    std::vector<float> floats(scales.begin(), scales.end());
    append(call.parameters, {{"per_channel", floats.size() > 1}, activation_parameter(n)});
    append(call.parameters, {{"out_zero", int64_t{0}}, {"out_min", int64_t{0}}, {"out_max", int64_t{0}}, {"shift", int64_t{32}}});
    return add_weights(l, name + "_scales", make_tensor<float>({static_cast<int64_t>(floats.size())}, floats));
  }
  Requantisation r = sum_requantisation(g, n);
  call.parameters.push_back({"per_channel", r.multipliers.size() > 1});
  append(call.parameters, requantise_parameters(r));
  return add_weights(l, name + "_multipliers", make_tensor<int32_t>({static_cast<int64_t>(r.multipliers.size())}, r.multipliers));
}

void add_weighted_call(Lowering& l, const Node& n, Call call, const PackedWeights& packed, const std::vector<int32_t>& bias) {
  const std::string name = l.graph[n.inputs[1]].name;
  call.parameters.push_back(type_name("weight_t", packed.wide ? DType::kInt16 : DType::kInt8));
  call.parameters.push_back({"layout", int64_t{packed.layout}});
  BufferId multipliers = add_finish(l, n, call);
  BufferId weights = add_packed(l, name, packed);
  BufferId biases = add_weights(l, has_input(n, 2) ? l.graph[n.inputs[2]].name : name + "_bias",
                                make_tensor<int32_t>({static_cast<int64_t>(bias.size())}, bias));
  call.arguments = {read(buffer_of(l, n.inputs[0])), read(weights), read(biases), read(multipliers), write(buffer_of(l, n.outputs[0]))};
  l.program.calls.push_back(std::move(call));
}

bool is_plain_pointwise(const Window2d& w, int64_t group) {
  return group == 1 && w.kernel_h == 1 && w.kernel_w == 1 && w.stride_h == 1 && w.stride_w == 1 && w.pad_top == 0 &&
         w.pad_left == 0 && w.pad_bottom == 0 && w.pad_right == 0;
}

// One output row of a pointwise convolution is all pixels of the map, which leaves fewer rests.
Plane flattened(const Plane& p) { return {1, 1, p.batch * p.h * p.w, p.c}; }

void lower_softmax(Lowering& l, const Node& n) {
  const Graph& g = l.graph;
  IntegerSoftmax s = integer_softmax(g, n);
  const Shape& shape = g[n.inputs[0]].shape;
  auto axis = static_cast<std::ptrdiff_t>(get_int(n, "axis"));
  Call call = make_call(n, "softmax_s8", "softmax_s8.hpp");
  call.parameters = {type_name("out_t", g[n.outputs[0]].type),
                     {"outer", count_of({shape.begin(), shape.begin() + axis})},
                     {"axis", shape[static_cast<size_t>(axis)]},
                     {"inner", count_of({shape.begin() + axis + 1, shape.end()})},
                     {"numerator", s.numerator},
                     {"fraction_bits", int64_t{s.fraction_bits}},
                     {"out_zero", zero_of(g, n.outputs[0])}};
  append(call.parameters, limit_parameters(limits_of(n, *g[n.outputs[0]].quantization)));
  BufferId table = add_weights(l, g[n.outputs[0]].name + "_exp", make_tensor<uint32_t>({256}, s.table));
  call.arguments = {read(buffer_of(l, n.inputs[0])), read(table), write(buffer_of(l, n.outputs[0]))};
  call.rows = rows_alone(shape, get_int(n, "axis"));
  if (g[n.outputs[0]].type == DType::kInt8) call.in_place = {{0, 2}};
  l.program.calls.push_back(std::move(call));
}

}  // namespace

Parameter type_name(std::string name, DType type) { return {std::move(name), TypeName{std::string(c_type_of(type))}}; }

std::vector<Parameter> requantise_parameters(const Requantisation& r) {
  return {{"out_zero", int64_t{r.zero_point}}, {"out_min", int64_t{r.low}}, {"out_max", int64_t{r.high}}, {"shift", int64_t{r.shift}}};
}

void lower_integer_conv(Lowering& l, const Node& n) {
  NETSUKE_CHECK(is_channels_last(n), "'{}' has not gone through to-nhwc", n.name);
  const Graph& g = l.graph;
  Plane in = plane_of(g[n.inputs[0]].shape), out = plane_of(g[n.outputs[0]].shape);
  Window2d w = window2d(window_of(n));
  int64_t group = get_int(n, "group");
  bool depthwise = group == in.c && group == out.c && group > 1;
  std::vector<int16_t> weights = plain_weights(g, n);
  std::vector<int32_t> bias = fold_zero_point(plain_bias(g, n), weights, out.c, static_cast<int32_t>(zero_of(g, n.inputs[0])));
  ConvShape shape{out.c, in.c, w.kernel_h, w.kernel_w, group};
  PackedWeights packed = depthwise ? pack_depthwise_s8(weights, shape, l.pack) : pack_conv2d_s8(weights, bias, shape, l.pack);
  Call call = make_call(n, depthwise ? "depthwise_s8" : "conv2d_s8", depthwise ? "depthwise_s8.hpp" : "conv2d_s8.hpp");
  call.rows = row_rule(in, out, w);
  call.macs = out.batch * out.h * out.w * static_cast<int64_t>(weights.size());
  if (is_plain_pointwise(w, group)) in = flattened(in), out = flattened(out);
  call.parameters = window_parameters(in, out, w);
  if (!depthwise) append(call.parameters, {{"out_c", out.c}, {"group", group}});
  add_weighted_call(l, n, std::move(call), packed, bias);
}

void lower_integer_conv_transpose(Lowering& l, const Node& n) {
  NETSUKE_CHECK(is_channels_last(n), "'{}' has not gone through to-nhwc", n.name);
  const Graph& g = l.graph;
  Plane in = plane_of(g[n.inputs[0]].shape), out = plane_of(g[n.outputs[0]].shape);
  Window2d w = window2d(window_of(n));
  int64_t group = get_int(n, "group");
  std::vector<int16_t> weights = plain_weights(g, n);
  std::vector<int32_t> bias = plain_bias(g, n);
  bias.resize(static_cast<size_t>(out.c));
  Call call = make_call(n, "conv_transpose2d_s8", "conv_transpose2d_s8.hpp");
  call.parameters = window_parameters(in, out, w);
  append(call.parameters, {{"out_c", out.c}, {"group", group}});
  call.macs = in.batch * in.h * in.w * static_cast<int64_t>(weights.size());
  add_weighted_call(l, n, std::move(call), pack_conv_transpose2d_s8(weights, {out.c, in.c, w.kernel_h, w.kernel_w, group}), bias);
}

void lower_integer_dense(Lowering& l, const Node& n) {
  const Graph& g = l.graph;
  int64_t out_c = g[n.inputs[1]].shape[0], in_c = g[n.inputs[1]].shape[1], batch = count_of(g[n.inputs[0]].shape) / in_c;
  std::vector<int16_t> weights = plain_weights(g, n);
  std::vector<int32_t> bias = fold_zero_point(plain_bias(g, n), weights, out_c, static_cast<int32_t>(zero_of(g, n.inputs[0])));
  Call call = make_call(n, "dense_s8", "dense_s8.hpp");
  call.parameters = {{"batch", batch}, {"in_c", in_c}, {"out_c", out_c}};
  call.macs = batch * in_c * out_c;
  add_weighted_call(l, n, std::move(call), pack_dense_s8(weights, bias, in_c, l.pack), bias);
}

bool lower_integer_node(Lowering& l, const Node& n) {
  const Op& op = op_of(n);
  bool scalar_operand = n.inputs.size() == 2 && l.graph[n.inputs[1 - run_time_operand(l.graph, n)]].type == DType::kFloat32;
  if (op.integer == IntegerForm::kFunction || (scalar_operand && op.integer != IntegerForm::kLinear && op.integer != IntegerForm::kMove))
    lower_table(l, n);
  else if (op.lower_integer) op.lower_integer(l, n);
  else if (op.integer == IntegerForm::kSoftmax) lower_softmax(l, n);
  else if (op.integer == IntegerForm::kSum || op.integer == IntegerForm::kProduct || n.op == "Min" || n.op == "Max") lower_binary(l, n);
  else return false;
  return true;
}

}  // namespace netsuke
