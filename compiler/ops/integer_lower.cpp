#include "ops/integer_lower.hpp"

#include "graph/quantization.hpp"
#include "lower/pack_winograd.hpp"
#include "lower/strided_copy.hpp"
#include "ops/broadcasting.hpp"
#include "ops/grid.hpp"
#include "ops/integer.hpp"
#include "ops/integer_wide.hpp"
#include "ops/layout.hpp"
#include "ops/window.hpp"

namespace netsuke {
namespace {

constexpr int64_t kWinogradChannels = 16;
constexpr int64_t kWinogradRowsStack = 1536;  // bytes of transformed inputs

// Less their zero points.
struct Weighted {
  const std::vector<int16_t>& weights;
  const std::vector<int32_t>& bias;
};

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

void lower_segments(Lowering& l, const Node& n) {
  const Value& out = l.graph[n.outputs[0]];
  SegmentTable t = segment_table(l.graph, n);
  auto segments = static_cast<int64_t>(t.lines.size() / 2);
  Call call = make_call(n, "table_s16", "table_s16.hpp");
  BufferId lines = add_weights(l, out.name + "_lines", make_tensor<int32_t>({2 * segments}, t.lines));
  BufferId bends = add_weights(l, out.name + "_bends", make_tensor<int16_t>({static_cast<int64_t>(t.bends.size())}, t.bends));
  call.parameters = {type_name("out_t", out.type), {"count", count_of(out.shape)}, {"in_zero", int64_t{t.in_zero}}, {"bits", int64_t{t.bits}},
                     {"first", t.first}, {"segments", segments}, {"exact", t.exact}};
  call.arguments = {read(buffer_of(l, n.inputs[run_time_operand(l.graph, n)])), read(lines), read(bends), write(buffer_of(l, n.outputs[0]))};
  if (out.type == DType::kInt16) call.in_place = {{0, 3}};
  call.rows = elementwise_rows(l.graph, n);
  l.program.calls.push_back(std::move(call));
}

void lower_function(Lowering& l, const Node& n) {
  bool wide = l.graph[n.inputs[run_time_operand(l.graph, n)]].type == DType::kInt16;
  if (wide) lower_segments(l, n);
  else lower_table(l, n);
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

// The kernel of an element-wise operation, and whether it is one for more than 32 bits.
std::pair<const char*, bool> binary_kernel(const Graph& g, const Node& n) {
  if (n.op == "Min") return {"min_s8", false};
  if (n.op == "Max") return {"max_s8", false};
  bool wide = n.op == "Mul" ? has_wide_products(g, n) : is_wide_sum(g, n);
  if (n.op == "Mul") return {wide ? "mul_s16" : "mul_s8", wide};
  return {wide ? "add_s16" : "add_s8", wide};
}

void lower_binary(Lowering& l, const Node& n) {
  bool sum = n.op == "Add" || n.op == "Sub";
  auto [kernel, wide] = binary_kernel(l.graph, n);
  Call call = make_call(n, kernel, wide ? "binary_s16.hpp" : "binary_s8.hpp");
  add_operands(l, n, call);
  if (sum) append(call.parameters, wide ? wide_sum_parameters(wide_sum(l.graph, n)) : sum_parameters(small_sum(l.graph, n)));
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

void add_weighted_call(Lowering& l, const Node& n, Call call, const PackedWeights& packed, const std::vector<int32_t>& bias,
                       const std::vector<Argument>& scratch = {}) {
  const std::string name = l.graph[n.inputs[1]].name;
  if (call.choice.empty()) call.choice = packed.why;
  call.parameters.push_back(type_name("weight_t", packed.wide ? DType::kInt16 : DType::kInt8));
  call.parameters.push_back({"layout", int64_t{packed.layout}});
  BufferId multipliers = add_finish(l, n, call);
  BufferId weights = add_packed(l, name, packed);
  BufferId biases = add_weights(l, has_input(n, 2) ? l.graph[n.inputs[2]].name : name + "_bias",
                                make_tensor<int32_t>({static_cast<int64_t>(bias.size())}, bias));
  call.arguments = {read(buffer_of(l, n.inputs[0])), read(weights), read(biases), read(multipliers)};
  call.arguments.insert(call.arguments.end(), scratch.begin(), scratch.end());
  call.arguments.push_back(write(buffer_of(l, n.outputs[0])));
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
  bool wide = !s.fine.empty();
  Call call = make_call(n, wide ? "softmax_s16" : "softmax_s8", wide ? "softmax_s16.hpp" : "softmax_s8.hpp");
  call.parameters = {type_name("out_t", g[n.outputs[0]].type),
                     {"outer", count_of({shape.begin(), shape.begin() + axis})},
                     {"axis", shape[static_cast<size_t>(axis)]},
                     {"inner", count_of({shape.begin() + axis + 1, shape.end()})},
                     {"numerator", s.numerator},
                     {"fraction_bits", int64_t{s.fraction_bits}},
                     {"out_zero", zero_of(g, n.outputs[0])}};
  if (wide) call.parameters.push_back({"bits", int64_t{s.bits}});
  append(call.parameters, limit_parameters(limits_of(n, *g[n.outputs[0]].quantization)));
  s.table.insert(s.table.end(), s.fine.begin(), s.fine.end());
  BufferId table = add_weights(l, g[n.outputs[0]].name + "_exp", make_tensor<uint32_t>({static_cast<int64_t>(s.table.size())}, s.table));
  call.arguments = {read(buffer_of(l, n.inputs[0])), read(table), write(buffer_of(l, n.outputs[0]))};
  call.rows = rows_alone(shape, get_int(n, "axis"));
  if (g[n.inputs[0]].type == g[n.outputs[0]].type) call.in_place = {{0, 2}};
  l.program.calls.push_back(std::move(call));
}

// Whether Winograd's kernels can do this layer and gain by it: enough channels to pay for the transforms, and not too much
// work for patches of height x width outputs that hang over the edges.
bool suits_winograd(const Graph& g, const Node& n, const Plane& in, const Plane& out, int64_t height, int64_t width) {
  if (g[n.inputs[0]].type != DType::kInt8 || get_int(n, "group") != 1) return false;
  if (in.c % 4 != 0 || out.c % 4 != 0 || in.c < kWinogradChannels || out.c < kWinogradChannels) return false;
  int64_t computed = (out.h + height - 1) / height * height * ((out.w + width - 1) / width * width);
  return 3 * computed <= 4 * out.h * out.w;
}

// False where it does not suit, or the weights break a bound.
bool lower_winograd(Lowering& l, const Node& n, const Plane& in, const Plane& out, const Window2d& w, Weighted weighted) {
  const int patches = winograd_patches(in.c, l.pack.winograd);
  if (patches == 0 || !suits_winograd(l.graph, n, in, out, 2, int64_t{2} * patches)) return false;
  if (w.kernel_h != 3 || w.kernel_w != 3 || w.stride_h != 1 || w.stride_w != 1 || w.dilation_h != 1 || w.dilation_w != 1) return false;
  std::optional<PackedWeights> packed = pack_winograd_s8(weighted.weights, weighted.bias, in.c);
  if (!packed) return false;
  Call call = make_call(n, "winograd_s8", "winograd_s8.hpp");
  call.choice = "16 products for 4 outputs instead of 36";
  call.macs = out.batch * out.h * out.w * static_cast<int64_t>(weighted.weights.size());
  call.parameters = window_parameters(in, out, w);
  append(call.parameters, {{"out_c", out.c}, {"patches", int64_t{patches}}});
  std::vector<Argument> memory;
  if (int64_t bytes = winograd_scratch(in.c, patches))
    memory = {scratch(add_scratch(l, n.name + " patches", DType::kInt32, bytes / 4))};
  add_weighted_call(l, n, std::move(call), *packed, weighted.bias, memory);
  return true;
}

// The same along rows. One spatial dimension streams: its elements are the rows, and a row has no width.
bool lower_winograd_rows(Lowering& l, const Node& n, const Plane& in, const Plane& out, const Window2d& w, Weighted weighted) {
  constexpr int64_t kPatches = 2;
  if (!l.pack.winograd_rows || in.h == 1 || !suits_winograd(l.graph, n, in, out, 1, 2 * kPatches)) return false;
  if (w.kernel_w != 3 || w.stride_w != 1 || w.dilation_w != 1 || 8 * kPatches * w.kernel_h * in.c > kWinogradRowsStack) return false;
  std::optional<PackedWeights> packed = pack_winograd_rows_s8(weighted.weights, weighted.bias, in.c, w.kernel_h);
  if (!packed) return false;
  Call call = make_call(n, "winograd_rows_s8", "winograd_rows_s8.hpp");
  call.choice = "4 products for 2 outputs instead of 6";
  call.rows = row_rule(in, out, w);
  call.macs = out.batch * out.h * out.w * static_cast<int64_t>(weighted.weights.size());
  call.parameters = window_parameters(in, out, w);
  append(call.parameters, {{"out_c", out.c}, {"group", int64_t{1}}, {"patches", kPatches}});
  add_weighted_call(l, n, std::move(call), *packed, weighted.bias);
  return true;
}

}  // namespace

Parameter type_name(std::string name, DType type) { return {std::move(name), TypeName{std::string(c_type_of(type))}}; }

std::vector<Parameter> requantise_parameters(const Requantisation& r) {
  return {{"out_zero", int64_t{r.zero_point}}, {"out_min", int64_t{r.low}}, {"out_max", int64_t{r.high}}, {"shift", int64_t{r.shift}}};
}

PackChoice pack_choice_for(const Lowering& l, const Node& n) {
  PackChoice choice = l.pack;
  choice.two_channels = choice.two_channels && l.graph[n.inputs[0]].type == DType::kInt8;
  return choice;
}

std::vector<Parameter> wide_sum_parameters(const WideSum& s) {
  std::vector<Parameter> p{{"a_multiplier", int64_t{s.multiplier_a}}, {"b_multiplier", int64_t{s.multiplier_b}},
                           {"a_zero", int64_t{s.zero_a}}, {"b_zero", int64_t{s.zero_b}}, {"out_zero", int64_t{s.zero}},
                           {"shift", int64_t{s.shift}}};
  append(p, limit_parameters(s.limits));
  return p;
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
  if (lower_winograd(l, n, in, out, w, {weights, bias}) || lower_winograd_rows(l, n, in, out, w, {weights, bias})) return;
  ConvShape shape{out.c, in.c, w.kernel_h, w.kernel_w, group};
  PackedWeights packed = depthwise ? pack_depthwise_s8(weights, shape, l.pack)
                                   : pack_conv2d_s8(weights, bias, shape, pack_choice_for(l, n));
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
  add_weighted_call(l, n, std::move(call), pack_dense_s8(weights, bias, in_c, pack_choice_for(l, n)), bias);
}

bool lower_integer_node(Lowering& l, const Node& n) {
  const Op& op = op_of(n);
  bool scalar_operand = n.inputs.size() == 2 && l.graph[n.inputs[1 - run_time_operand(l.graph, n)]].type == DType::kFloat32;
  if (op.integer == IntegerForm::kFunction || (scalar_operand && op.integer != IntegerForm::kLinear && op.integer != IntegerForm::kMove))
    lower_function(l, n);
  else if (op.lower_integer) op.lower_integer(l, n);
  else if (op.integer == IntegerForm::kSoftmax) lower_softmax(l, n);
  else if (op.integer == IntegerForm::kSum || op.integer == IntegerForm::kProduct || n.op == "Min" || n.op == "Max") lower_binary(l, n);
  else return false;
  return true;
}

}  // namespace netsuke
