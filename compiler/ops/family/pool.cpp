// MaxPool, AveragePool and the global pools, in one or two spatial dimensions.
#include <algorithm>
#include <cmath>
#include <limits>

#include "graph/quantization.hpp"
#include "ops/helpers.hpp"
#include "ops/integer.hpp"
#include "ops/integer_lower.hpp"
#include "ops/layout.hpp"
#include "ops/window.hpp"

namespace netsuke {
namespace {

Shape spatial_of(const Shape& map) { return {map.begin() + 2, map.end()}; }

void become_global(Node& n, std::string op) {
  n.op = std::move(op);
  n.attributes.clear();
}

// One window that covers the whole input is a global pool.
bool covers_all(const Node& n, const Shape& spatial) {
  Window w = window_of(n);
  for (size_t i = 0; i < w.rank(); i++)
    if (w.pads_begin[i] != 0 || w.pads_end[i] != 0 || w.dilations[i] != 1) return false;
  return w.kernel == spatial;
}

void canonicalise_pool(Canonicaliser& c) {
  Node& n = c.node;
  require_map(c.graph, n);
  if (n.outputs.size() > 1 && n.outputs[1] != kNoValue) refuse(n, "its output Indices is used");
  n.outputs.resize(1);
  if (!has_attribute(n, "kernel_shape")) mismatch(n, "it has no kernel_shape");
  Shape spatial = spatial_of(shape_of(c.graph, n, 0)), kernel = get_ints(n, "kernel_shape");
  canonicalise_window(c, spatial, kernel);
  set_default<int64_t>(n, "ceil_mode", 0);
  n.attributes.erase("storage_order");  // of Indices
  if (n.op == "AveragePool") set_default<int64_t>(n, "count_include_pad", 0);
  if (covers_all(n, spatial)) become_global(n, "Global" + n.op);
}

void canonicalise_global(Canonicaliser& c) { require_map(c.graph, c.node); }

// Largest elements may also be those of 8-bit integers.
void require_pooled_type(const Graph& g, const Node& n) {
  bool max = n.op == "MaxPool" || n.op == "GlobalMaxPool";
  if (max) require_type(g, n, 0, {DType::kFloat32, DType::kInt8, DType::kUint8});
  else require_type(g, n, 0, {DType::kFloat32});
}

void infer_pool(Graph& g, Node& n) {
  require_pooled_type(g, n);
  Shape in = map_shape(g, n, 0);
  Shape out = window_output(n, window_of(n), spatial_of(in), get_int(n, "ceil_mode") != 0);
  out.insert(out.begin(), {in[0], in[1]});
  set_map(g, n, type_of(g, n, 0), out);
}

void infer_global(Graph& g, Node& n) {
  require_pooled_type(g, n);
  Shape out = map_shape(g, n, 0);
  std::fill(out.begin() + 2, out.end(), 1);
  set_map(g, n, type_of(g, n, 0), out);
}

// What the window at one output sees.
struct Seen {
  double max = -std::numeric_limits<double>::infinity(), sum = 0;
  int64_t inside = 0;  // inputs
  int64_t padded = 0;  // inputs and explicit padding; not what ceil_mode reaches beyond it
};

// `map` is one channel of one image, `out` the output's spatial index.
Seen look(const Window& w, const Shape& spatial, const float* map, const Shape& out) {
  Seen seen;
  for_each_index(w.kernel, [&](const Shape& k) {
    int64_t offset = 0;
    bool inside = true, padded = true;
    for (size_t d = 0; d < k.size(); d++) {
      int64_t i = out[d] * w.strides[d] - w.pads_begin[d] + k[d] * w.dilations[d];
      inside &= i >= 0 && i < spatial[d];
      padded &= i < spatial[d] + w.pads_end[d];
      offset = offset * spatial[d] + i;
    }
    seen.padded += padded;
    if (!inside) return;
    seen.inside++;
    seen.sum += double(map[offset]);
    seen.max = std::fmax(seen.max, double(map[offset]));
  });
  return seen;
}

Tensor converted(const Tensor& t, DType type) {
  Tensor result(type, t.shape);
  visit_type(t.type, [&]<class From>() {
    visit_type(type, [&]<class To>() {
      std::transform(t.as<From>().begin(), t.as<From>().end(), result.as<To>().begin(), [](From x) {
        if constexpr (std::is_integral_v<To>)  // a window of padding only has no largest element
          return static_cast<To>(std::clamp(double(x), double(std::numeric_limits<To>::lowest()), double(std::numeric_limits<To>::max())));
        else return static_cast<To>(x);
      });
    });
  });
  return result;
}

template <class Result>
void eval_windows(Evaluation& e, const Window& w, const Shape& out_spatial, const Result& result) {
  Tensor in = converted(map_in(e, 0), DType::kFloat32);
  Shape spatial = spatial_of(in.shape), shape{in.shape[0], in.shape[1]};
  shape.insert(shape.end(), out_spatial.begin(), out_spatial.end());
  Tensor out(DType::kFloat32, shape);
  size_t next = 0;
  for_each_index(shape, [&](const Shape& index) {
    const float* map = in.as<float>().data() + (index[0] * in.shape[1] + index[1]) * count_of(spatial);
    out.as<float>()[next++] = static_cast<float>(result(look(w, spatial, map, spatial_of(index))));
  });
  map_out(e, converted(out, e.out[0].type));
}

Window whole_window(const Shape& spatial) {
  return {spatial, Shape(spatial.size(), 1), Shape(spatial.size(), 1), Shape(spatial.size(), 0), Shape(spatial.size(), 0)};
}

bool counts_padding(const Node& n) { return n.op == "AveragePool" && get_int(n, "count_include_pad") != 0; }

void eval_pool(Evaluation& e) {
  Window w = window_of(e.node);
  Shape in = map_shape(e.graph, e.node, 0);
  Shape out = window_output(e.node, w, spatial_of(in), get_int(e.node, "ceil_mode") != 0);
  if (e.node.op == "MaxPool") return eval_windows(e, w, out, [](const Seen& s) { return s.max; });
  bool count_pad = counts_padding(e.node);
  eval_windows(e, w, out, [&](const Seen& s) { return s.sum / double(count_pad ? s.padded : s.inside); });
}

void eval_global(Evaluation& e) {
  Shape spatial = spatial_of(map_shape(e.graph, e.node, 0));
  bool max = e.node.op == "GlobalMaxPool";
  eval_windows(e, whole_window(spatial), Shape(spatial.size(), 1), [&](const Seen& s) { return max ? s.max : s.sum / double(s.inside); });
}

// --- integers ---

// For windows of 1, 2, ... `largest` elements, the mean's requantisation.
Requantisation mean_requantisation(const Graph& g, const Node& n, int64_t largest) {
  double factor = double(g[n.inputs[0]].quantization->scales[0]) / double(g[n.outputs[0]].quantization->scales[0]);
  std::vector<double> factors;
  for (int64_t count = 1; count <= largest; count++) factors.push_back(factor / double(count));
  return requantisation(g, n, factors);
}

Requantisation global_requantisation(const Graph& g, const Node& n) {
  int64_t count = count_of(spatial_of(map_shape(g, n, 0)));
  double factor = double(g[n.inputs[0]].quantization->scales[0]) / double(g[n.outputs[0]].quantization->scales[0]);
  return requantisation(g, n, {factor / double(count)});
}

// Sums of distances from the zero point, divided with exact halves to even.
void eval_integer_average(Evaluation& e) {
  const Graph& g = e.graph;
  const Node& n = e.node;
  Shape spatial = spatial_of(map_shape(g, n, 0)), out = spatial_of(
      is_channels_last(n) ? permuted(g[n.outputs[0]].shape, to_channels_first(spatial.size() + 2)) : g[n.outputs[0]].shape);
  bool global = n.op == "GlobalAveragePool", count_pad = counts_padding(n);
  Window w = global ? whole_window(spatial) : window_of(n);
  Requantisation r = global ? global_requantisation(g, n) : mean_requantisation(g, n, count_of(w.kernel));
  std::vector<double> centred = to_doubles(*e.in[0]);
  for (double& x : centred) x -= double(g[n.inputs[0]].quantization->zero_points[0]);
  std::vector<float> floats(centred.begin(), centred.end());
  Tensor in = make_tensor<float>(e.in[0]->shape, floats);
  Evaluation sums{g, n, {&in}, std::move(e.out)};
  eval_windows(sums, w, out, [&](const Seen& s) {
    size_t which = global ? 0 : static_cast<size_t>(count_pad ? s.padded : s.inside) - 1;
    return double(requantise_half_even(r, static_cast<int64_t>(s.sum), which));
  });
  e.out = std::move(sums.out);
}

void add_pool_call(Lowering& l, const Node& n, Call call) {
  NETSUKE_CHECK(is_channels_last(n), "'{}' has not gone through to-nhwc", n.name);
  call.parameters.push_back(activation_parameter(n));
  call.arguments = {read(buffer_of(l, n.inputs[0])), write(buffer_of(l, n.outputs[0]))};
  l.program.calls.push_back(std::move(call));
}

void lower_integer_pool(Lowering& l, const Node& n);
void lower_integer_global(Lowering& l, const Node& n);

void lower_pool(Lowering& l, const Node& n) {
  if (l.graph[n.inputs[0]].type != DType::kFloat32) return lower_integer_pool(l, n);  // largest of integers without a grid
  Plane in = plane_of(l.graph[n.inputs[0]].shape), out = plane_of(l.graph[n.outputs[0]].shape);
  Window2d w = window2d(window_of(n));
  bool average = n.op == "AveragePool";
  Call call = make_call(n, average ? "avg_pool2d_f32" : "max_pool2d_f32", "pool_f32.hpp");
  call.parameters = window_parameters(in, out, w);
  if (average) {
    call.parameters.push_back({"count_include_pad", get_int(n, "count_include_pad") != 0});
    call.parameters.push_back({"pad_bottom", w.pad_bottom});
    call.parameters.push_back({"pad_right", w.pad_right});
  }
  call.rows = row_rule(in, out, w);
  add_pool_call(l, n, std::move(call));
}

// A running sum (or maximum), finished only after the last row.
RowRule global_rows(const Plane& in) {
  bool turned = in.h == 1;
  return {.in_rows = turned ? in.w : in.h, .kind = RowKind::kRunning, .turned = turned};
}

void lower_global(Lowering& l, const Node& n) {
  if (l.graph[n.inputs[0]].type != DType::kFloat32) return lower_integer_global(l, n);
  Plane in = plane_of(l.graph[n.inputs[0]].shape);
  Call call = make_call(n, n.op == "GlobalMaxPool" ? "global_max_pool_f32" : "global_avg_pool_f32", "pool_f32.hpp");
  call.parameters = {{"batch", in.batch}, {"in_h", in.h}, {"in_w", in.w}, {"in_c", in.c}};
  call.rows = global_rows(in);
  add_pool_call(l, n, std::move(call));
}

void add_integer_pool_call(Lowering& l, const Node& n, Call call, std::vector<Argument> more) {
  NETSUKE_CHECK(is_channels_last(n), "'{}' has not gone through to-nhwc", n.name);
  call.arguments = {read(buffer_of(l, n.inputs[0]))};
  call.arguments.insert(call.arguments.end(), more.begin(), more.end());
  call.arguments.push_back(write(buffer_of(l, n.outputs[0])));
  call.parameters.push_back(type_name("in_t", l.graph[n.inputs[0]].type));
  call.parameters.push_back(type_name("out_t", l.graph[n.outputs[0]].type));
  l.program.calls.push_back(std::move(call));
}

void add_limits(Lowering& l, const Node& n, Call& call) {
  const Value& out = l.graph[n.outputs[0]];
  Limits limits = limits_of(n, out.quantization ? *out.quantization : per_tensor_grid(1, 0, out.type));
  call.parameters.push_back({"out_min", int64_t{limits.low}});
  call.parameters.push_back({"out_max", int64_t{limits.high}});
}

void add_requantisation(Lowering& l, const Node& n, Call& call, const Requantisation& r) {
  call.parameters.push_back({"in_zero", int64_t{l.graph[n.inputs[0]].quantization->zero_points[0]}});
  for (Parameter& p : requantise_parameters(r)) call.parameters.push_back(std::move(p));
}

void lower_integer_pool(Lowering& l, const Node& n) {
  Plane in = plane_of(l.graph[n.inputs[0]].shape), out = plane_of(l.graph[n.outputs[0]].shape);
  Window2d w = window2d(window_of(n));
  bool average = n.op == "AveragePool";
  Call call = make_call(n, average ? "avg_pool2d_s8" : "max_pool2d_s8", "pool_s8.hpp");
  call.parameters = window_parameters(in, out, w);
  call.rows = row_rule(in, out, w);
  if (!average) {
    add_limits(l, n, call);
    return add_integer_pool_call(l, n, std::move(call), {});
  }
  Requantisation r = mean_requantisation(l.graph, n, w.kernel_h * w.kernel_w);
  call.parameters.push_back({"count_include_pad", counts_padding(n)});
  call.parameters.push_back({"pad_bottom", w.pad_bottom});
  call.parameters.push_back({"pad_right", w.pad_right});
  add_requantisation(l, n, call, r);
  BufferId multipliers = add_weights(l, l.graph[n.outputs[0]].name + "_multipliers",
                                     make_tensor<int32_t>({static_cast<int64_t>(r.multipliers.size())}, r.multipliers));
  add_integer_pool_call(l, n, std::move(call), {read(multipliers)});
}

void lower_integer_global(Lowering& l, const Node& n) {
  Plane in = plane_of(l.graph[n.inputs[0]].shape);
  bool average = n.op == "GlobalAveragePool";
  Call call = make_call(n, average ? "global_avg_pool_s8" : "global_max_pool_s8", "pool_s8.hpp");
  call.parameters = {{"batch", in.batch}, {"in_h", in.h}, {"in_w", in.w}, {"in_c", in.c}};
  call.rows = global_rows(in);
  if (!average) {
    add_limits(l, n, call);
    return add_integer_pool_call(l, n, std::move(call), {});
  }
  Requantisation r = global_requantisation(l.graph, n);
  call.parameters.push_back({"multiplier", int64_t{r.multipliers[0]}});
  add_requantisation(l, n, call, r);
  add_integer_pool_call(l, n, std::move(call), {scratch(add_scratch(l, n.name + " sums", DType::kInt32, in.c))});
}

constexpr std::string_view kLimits = "Float32, one or two spatial dimensions.";
constexpr std::string_view kMaxLimits = "Float32, int8 and uint8, one or two spatial dimensions; without the output Indices.";

constexpr Op window_pool(std::string_view name, QuantRule rule, IntegerForm integer, int max_outputs,
                         std::string_view limits) {
  return {.name = name, .max_outputs = max_outputs, .canonicalise = canonicalise_pool, .infer = infer_pool,
          .eval = eval_pool, .lower = lower_pool, .quantisation = rule, .integer = integer,
          .eval_integer = eval_integer_average, .lower_integer = lower_integer_pool, .limits = limits};
}
constexpr Op global_pool(std::string_view name, QuantRule rule, IntegerForm integer) {
  return {.name = name, .canonicalise = canonicalise_global, .infer = infer_global, .eval = eval_global,
          .lower = lower_global, .quantisation = rule, .integer = integer, .eval_integer = eval_integer_average,
          .lower_integer = lower_integer_global, .limits = kLimits};
}

constexpr Op kOps[] = {
    window_pool("MaxPool", QuantRule::kSameScale, IntegerForm::kMove, 2, kMaxLimits),
    window_pool("AveragePool", QuantRule::kSameScale, IntegerForm::kAverage, 1, kLimits),
    global_pool("GlobalMaxPool", QuantRule::kSameScale, IntegerForm::kMove),
    global_pool("GlobalAveragePool", QuantRule::kMeasured, IntegerForm::kAverage),
};

}  // namespace

std::span<const Op> pool_ops() { return kOps; }

}  // namespace netsuke
