// QuantizeLinear and DequantizeLinear, per tensor or along one axis.
// Canonical form: scale and zero point, which must be constants, are attributes: `scales`, `zero_points` (as many),
// `axis` (absent: per tensor) and `storage`, the integer type. to-integers adds `perm` where a Transpose of the real
// values in front (QuantizeLinear) or behind (DequantizeLinear) goes into the same copy.
#include <algorithm>
#include <cmath>

#include "graph/quantization.hpp"
#include "lower/strided_copy.hpp"
#include "ops/grid.hpp"
#include "ops/helpers.hpp"
#include "ops/integer.hpp"
#include "ops/integer_lower.hpp"
#include "ops/integer_wide.hpp"
#include "ops/layout.hpp"

namespace netsuke {
namespace {

const Tensor& parameter(const Canonicaliser& c, size_t i, const char* what) {
  const Tensor* t = constant_of(c.graph, c.node.inputs[i]);
  if (!t) refuse(c.node, fmt::format("its {} is computed at run time", what));
  return *t;
}

[[noreturn]] void bad_grid(const Node& n, std::string reason) {
  fail("bad-quantization", n.name, fmt::format("{}: {}", n.op, reason), "quantise the model again");
}

std::vector<float> read_scales(const Canonicaliser& c) {
  const Tensor& t = parameter(c, 1, "scale");
  if (t.type != DType::kFloat32) refuse(c.node, fmt::format("its scale has type {}", name_of(t.type)));
  if (t.shape.size() > 1 && t.count() != 1) refuse(c.node, fmt::format("its scale has shape {}: blocked quantisation", to_string(t.shape)));
  std::vector<float> scales(t.as<float>().begin(), t.as<float>().end());
  if (scales.empty()) bad_grid(c.node, "its scale is empty");
  for (float s : scales)
    if (!(s > 0) || !std::isfinite(s)) bad_grid(c.node, fmt::format("a scale is {}, it must be a positive number", s));
  return scales;
}

std::vector<int32_t> read_zero_points(const Canonicaliser& c, size_t count, DType storage) {
  if (!has_input(c.node, 2)) return std::vector<int32_t>(count);
  const Tensor& t = parameter(c, 2, "zero point");
  if (t.type != storage)
    bad_grid(c.node, fmt::format("its zero point is {}, the integers are {}", name_of(t.type), name_of(storage)));
  std::vector<int64_t> values = to_int64s(t);
  if (values.size() == 1) values.resize(count, int64_t{values[0]});  // one for all channels
  if (values.size() != count) bad_grid(c.node, fmt::format("it has {} scales and {} zero points", count, t.count()));
  if (storage == DType::kInt32 && std::any_of(values.begin(), values.end(), [](int64_t z) { return z != 0; }))
    refuse(c.node, "its zero point is not 0, as it must be for int32");
  return {values.begin(), values.end()};
}

DType quantized_type(const Canonicaliser& c) {
  if (has_input(c.node, 2)) return parameter(c, 2, "zero point").type;
  int64_t code = has_attribute(c.node, "output_dtype") ? get_int(c.node, "output_dtype") : 0;
  constexpr std::pair<int64_t, DType> kCodes[] = {
      {0, DType::kUint8}, {2, DType::kUint8}, {3, DType::kInt8}, {4, DType::kUint16}, {5, DType::kInt16}};
  for (auto [number, type] : kCodes)
    if (number == code) return type;
  refuse(c.node, fmt::format("output type number {} is not supported", code));
}

void canonicalise_grid(Canonicaliser& c, DType storage) {
  Node& n = c.node;
  if (has_attribute(n, "scales")) return;  // already done
  if (!is_storage(storage)) refuse(n, fmt::format("its integers are {}", name_of(storage)));
  if (has_attribute(n, "block_size") && get_int(n, "block_size") != 0) refuse(n, "blocked quantisation");
  if (!has_input(n, 1)) bad_grid(n, "it has no scale");
  Quantization q{read_scales(c), {}, -1, storage};
  q.zero_points = read_zero_points(c, q.scales.size(), storage);
  if (q.scales.size() > 1) {
    q.axis = normal_axis(n, has_attribute(n, "axis") ? get_int(n, "axis") : 1, rank_of(c.graph, n, 0));
    int64_t channels = shape_of(c.graph, n, 0)[static_cast<size_t>(q.axis)];
    if (channels != static_cast<int64_t>(q.scales.size()))
      mismatch(n, fmt::format("{} scales for {} elements along axis {}", q.scales.size(), channels, q.axis));
  }
  n.attributes.clear();
  set_grid_attributes(n, q);
  n.inputs.resize(1);
}

void canonicalise_quantize(Canonicaliser& c) {
  if (has_attribute(c.node, "scales")) return;
  if (type_of(c.graph, c.node, 0) == DType::kInt32)
    c.node.inputs[0] = add_preceding(c, "Cast", {c.node.inputs[0]}, {{"to", int64_t{1}}});
  canonicalise_grid(c, quantized_type(c));
}

void canonicalise_dequantize(Canonicaliser& c) { canonicalise_grid(c, type_of(c.graph, c.node, 0)); }

Shape moved_shape(const Graph& g, const Node& n) {
  return has_attribute(n, "perm") ? permuted(shape_of(g, n, 0), get_ints(n, "perm")) : shape_of(g, n, 0);
}

Tensor moved(const Node& n, const Tensor& t) { return has_attribute(n, "perm") ? permuted(t, get_ints(n, "perm")) : t; }

void infer_quantize(Graph& g, Node& n) {
  require_type(g, n, 0, {DType::kFloat32});
  Quantization q = grid_attributes(n);
  set_output(g, n, 0, q.type, moved_shape(g, n));
}

void infer_dequantize(Graph& g, Node& n) {
  Quantization q = grid_attributes(n);
  require_type(g, n, 0, {q.type});
  set_output(g, n, 0, DType::kFloat32, moved_shape(g, n));
  if (!g[n.inputs[0]].constant) return;
  g[n.outputs[0]].quantization = std::move(q);  // folded, it lies on this grid
  g[n.outputs[0]].name = g[n.inputs[0]].name;   // what people know weights by
}

void eval_quantize(Evaluation& e) { e.out[0] = to_grid(moved(e.node, *e.in[0]), grid_attributes(e.node)); }
void eval_dequantize(Evaluation& e) { e.out[0] = moved(e.node, from_grid(*e.in[0], grid_attributes(e.node))); }

// --- lowering ---

// Where the copy between orders of dimensions goes through.
std::vector<CopyLoop> border_loops(const Graph& g, const Node& n) {
  Shape in = shape_of(g, n, 0), in_strides = strides_of(in), out_strides = strides_of(g[n.outputs[0]].shape);
  std::vector<CopyLoop> loops;
  for (size_t d = 0; d < in.size(); d++) {
    size_t from = has_attribute(n, "perm") ? static_cast<size_t>(get_ints(n, "perm")[d]) : d;
    loops.push_back({in[from], in_strides[from], out_strides[d]});
  }
  return loops;
}

bool is_plain(const std::vector<CopyLoop>& loops) { return loops.size() == 1 && loops[0].in_step == 1 && loops[0].out_step == 1; }

void set_loops(std::vector<Parameter>& parameters, const std::vector<CopyLoop>& loops) {
  std::vector<int64_t> dims, in_steps, out_steps;
  for (const CopyLoop& loop : loops) dims.push_back(loop.count), in_steps.push_back(loop.in_step), out_steps.push_back(loop.out_step);
  if (is_plain(loops)) parameters.push_back({"count", dims[0]});
  else for (auto& [name, values] : {std::pair{"dims", dims}, std::pair{"in_steps", in_steps}, std::pair{"out_steps", out_steps}})
    parameters.push_back({name, values});
}

// Rows go through the same kernel with the loops of one row.
std::optional<RowRule> border_rows(const Lowering& l, const Node& n, const Call& call, const std::vector<CopyLoop>& loops,
                                   const std::string& kernel) {
  const Buffer &in = l.program[call.arguments[0].buffer], &out = l.program[call.arguments[1].buffer];
  std::optional<RowRule> rule = has_attribute(n, "perm") ? transpose_rows(shape_of(l.graph, n, 0), l.graph[n.outputs[0]].shape, get_ints(n, "perm"))
                                                         : copy_rows(shape_of(l.graph, n, 0), shape_of(l.graph, n, 0));
  if (!rule || is_plain(collapse(loops))) return rule;
  auto row = loops_of_row(*rule, in, out, loops);
  if (!row) return {};
  rule->kind = RowKind::kCopy;
  std::vector<CopyLoop> one_row = collapse(*row);
  rule->kernel_name = is_plain(one_row) ? kernel : kernel + "_strided";
  rule->header = call.header;
  rule->copy.assign(call.parameters.begin(), call.parameters.begin() + 3);  // type, scale, zero
  set_loops(rule->copy, one_row);
  return rule;
}

void add_border(Lowering& l, const Node& n, const std::string& kernel, DType integer, const char* type, const Quantization& q) {
  std::vector<CopyLoop> loops = border_loops(l.graph, n), joined = collapse(loops);
  Call call = make_call(n, is_plain(joined) ? kernel : kernel + "_strided", "quantize.hpp");
  call.parameters = {type_name(type, integer), {"scale", q.scales[0]}, {"zero", int64_t{q.zero_points[0]}}};
  set_loops(call.parameters, joined);
  call.arguments = {read(buffer_of(l, n.inputs[0])), write(buffer_of(l, n.outputs[0]))};
  call.rows = border_rows(l, n, call, loops, kernel);
  l.program.calls.push_back(std::move(call));
}

void require_one_scale(const Node& n) {
  if (has_attribute(n, "axis")) refuse(n, "values computed at run time have one scale for each channel");
}

void lower_quantize(Lowering& l, const Node& n) {
  require_one_scale(n);
  add_border(l, n, "quantize", l.graph[n.outputs[0]].type, "out_t", grid_attributes(n));
}

void lower_dequantize(Lowering& l, const Node& n) {
  require_one_scale(n);
  add_border(l, n, "dequantize", l.graph[n.inputs[0]].type, "in_t", grid_attributes(n));
}

std::vector<Parameter> requantize_parameters(const SmallSum& s) {
  return {{"multiplier", int64_t{s.multiplier_a}}, {"offset", int64_t{s.offset}}, {"shift", int64_t{s.shift}},
          {"out_min", int64_t{s.limits.low}}, {"out_max", int64_t{s.limits.high}}};
}

void lower_requantize(Lowering& l, const Node& n) {
  const Value &in = l.graph[n.inputs[0]], &out = l.graph[n.outputs[0]];
  bool wide = is_wide_sum(l.graph, n);
  Call call = make_call(n, wide ? "requantize_s16" : "requantize_s8", wide ? "requantize_s16.hpp" : "requantize_s8.hpp");
  call.parameters = {type_name("in_t", in.type), type_name("out_t", out.type), {"count", count_of(out.shape)}};
  for (Parameter& p : wide ? wide_sum_parameters(wide_sum(l.graph, n)) : requantize_parameters(small_sum(l.graph, n)))
    call.parameters.push_back(std::move(p));
  call.arguments = {read(buffer_of(l, n.inputs[0])), write(buffer_of(l, n.outputs[0]))};
  if (size_of(in.type) == size_of(out.type)) call.in_place = {{0, 1}};
  call.rows = copy_rows(in.shape, out.shape);
  l.program.calls.push_back(std::move(call));
}

// Requantize: integers from the grid of the input to that of the output. Made by to-integers.
void infer_requantize(Graph&, Node&) {}  // its values come with type, shape and grid

constexpr Op kOps[] = {
    {.name = "QuantizeLinear", .min_inputs = 1, .max_inputs = 3, .canonicalise = canonicalise_quantize,
     .infer = infer_quantize, .eval = eval_quantize, .lower = lower_quantize,
     .limits = "To 8- or 16-bit integers, constant scales and zero points, per tensor or per axis (not blocked)."},
    {.name = "DequantizeLinear", .min_inputs = 1, .max_inputs = 3, .canonicalise = canonicalise_dequantize,
     .infer = infer_dequantize, .eval = eval_dequantize, .lower = lower_dequantize,
     .limits = "From 8- or 16-bit integers or int32, constant scales and zero points, per tensor or per axis (not blocked)."},
    {.name = "Requantize", .domain = "netsuke", .infer = infer_requantize, .eval = eval_sum, .lower = lower_requantize,
     .integer = IntegerForm::kSum, .lower_integer = lower_requantize},
};

}  // namespace

std::span<const Op> quantize_ops() { return kOps; }

}  // namespace netsuke
