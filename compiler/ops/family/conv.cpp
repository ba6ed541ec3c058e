// Conv and ConvInteger, in one or two spatial dimensions.
#include <algorithm>

#include "lower/pack.hpp"
#include "ops/helpers.hpp"
#include "ops/integer_lower.hpp"
#include "ops/layout.hpp"
#include "ops/run_time_zero.hpp"
#include "ops/window.hpp"

namespace netsuke {
namespace {

Shape spatial_of(const Shape& map) { return {map.begin() + 2, map.end()}; }

void require_constant(const Canonicaliser& c, size_t i, std::string_view what) {
  if (has_input(c.node, i) && !constant_of(c.graph, c.node.inputs[i]))
    refuse(c.node, fmt::format("its {} are computed at run time", what));
}

void canonicalise_window_of_weights(Canonicaliser& c) {
  require_map(c.graph, c.node);
  const Shape &in = shape_of(c.graph, c.node, 0), &weights = shape_of(c.graph, c.node, 1);
  if (weights.size() != in.size())
    mismatch(c.node, fmt::format("weights {} for an input of {}", to_string(weights), to_string(in)));
  Shape kernel = spatial_of(weights);
  if (has_attribute(c.node, "kernel_shape") && get_ints(c.node, "kernel_shape") != kernel)
    mismatch(c.node, fmt::format("kernel_shape {} for weights {}", to_string(get_ints(c.node, "kernel_shape")),
                                 to_string(weights)));
  canonicalise_window(c, spatial_of(in), kernel);
  set_default<int64_t>(c.node, "group", 1);
}

void canonicalise_conv(Canonicaliser& c) {
  require_constant(c, 1, "weights");
  require_constant(c, 2, "biases");
  canonicalise_window_of_weights(c);
}

void check_channels(const Graph& g, const Node& n, int64_t in_c) {
  const Shape& weights = shape_of(g, n, 1);
  int64_t group = get_int(n, "group");
  if (group < 1 || weights[0] % group != 0 || weights[1] > kMaxElements / group || weights[1] * group != in_c)
    mismatch(n, fmt::format("weights {} in {} groups for {} input channels", to_string(weights), group, in_c));
}

void set_conv_output(Graph& g, Node& n, DType type) {
  Shape in = map_shape(g, n, 0);
  Shape out = window_output(n, window_of(n), spatial_of(in), false);
  out.insert(out.begin(), {in[0], shape_of(g, n, 1)[0]});
  set_map(g, n, type, out);
}

void infer_conv(Graph& g, Node& n) {
  for (size_t i = 0; i < n.inputs.size(); i++) require_type(g, n, i, {DType::kFloat32});
  check_channels(g, n, map_shape(g, n, 0)[1]);
  if (has_input(n, 2) && shape_of(g, n, 2) != Shape{shape_of(g, n, 1)[0]})
    mismatch(n, fmt::format("{} biases for {} output channels", to_string(shape_of(g, n, 2)), shape_of(g, n, 1)[0]));
  set_conv_output(g, n, DType::kFloat32);
}

// One spatial dimension is the width of a map of height 1.
struct ConvNumbers {
  int64_t in_h, in_w, out_h, out_w, group_in, group_out;
  Window2d window;
};

// The sum behind one output element; `in` is the first input channel of its group.
double conv_sum(const ConvNumbers& s, const double* in, const double* weights, int64_t y, int64_t x) {
  const Window2d& w = s.window;
  double sum = 0;
  for (int64_t i = 0; i < s.group_in; i++)
    for (int64_t ky = 0; ky < w.kernel_h; ky++)
      for (int64_t kx = 0; kx < w.kernel_w; kx++) {
        int64_t iy = y * w.stride_h - w.pad_top + ky * w.dilation_h;
        int64_t ix = x * w.stride_w - w.pad_left + kx * w.dilation_w;
        if (iy < 0 || iy >= s.in_h || ix < 0 || ix >= s.in_w) continue;
        sum += in[(i * s.in_h + iy) * s.in_w + ix] * weights[(i * w.kernel_h + ky) * w.kernel_w + kx];
      }
  return sum;
}

Tensor conv_sums(const Evaluation& e) {
  Tensor in = map_in(e, 0);
  const Tensor& weights = *e.in[1];
  Window window = window_of(e.node);
  Shape space = spatial_of(in.shape), out_space = window_output(e.node, window, space, false);
  Shape out_shape = out_space;
  out_shape.insert(out_shape.begin(), {in.shape[0], weights.shape[0]});
  Tensor out(DType::kFloat64, out_shape);
  int64_t group = get_int(e.node, "group"), in_c = in.shape[1], out_c = weights.shape[0];
  ConvNumbers s{space.size() == 1 ? 1 : space[0], space.back(), out_space.size() == 1 ? 1 : out_space[0],
                out_space.back(), in_c / group, out_c / group, window2d(window)};
  size_t next = 0;
  for_each_index({in.shape[0], out_c, s.out_h, s.out_w}, [&](const Shape& index) {
    int64_t o = index[1], first = (index[0] * in_c + o / s.group_out * s.group_in) * s.in_h * s.in_w;
    int64_t filter = o * s.group_in * s.window.kernel_h * s.window.kernel_w;
    double sum = conv_sum(s, in.as<double>().data() + first, weights.as<double>().data() + filter, index[2], index[3]);
    if (e.in.size() > 2 && e.in[2]) sum += e.in[2]->as<double>()[static_cast<size_t>(o)];
    out.as<double>()[next++] = sum;
  });
  return map_result(e.node, out);
}

bool is_pointwise(const Window2d& w) {
  return w.kernel_h == 1 && w.kernel_w == 1 && w.stride_h == 1 && w.stride_w == 1 && w.pad_top == 0 &&
         w.pad_left == 0 && w.pad_bottom == 0 && w.pad_right == 0;
}

// All pixels of all images are one row to a pointwise convolution.
Plane flattened(const Plane& p) { return {1, 1, p.batch * p.h * p.w, p.c}; }

// Nothing else reads the input, so a kernel that can may write over it.
bool input_dies(const Graph& g, const Node& n) {
  int64_t readers = std::count(g.outputs.begin(), g.outputs.end(), n.inputs[0]) +
                    std::count(g.inputs.begin(), g.inputs.end(), n.inputs[0]);
  for (const Node& other : g.nodes) readers += std::count(other.inputs.begin(), other.inputs.end(), n.inputs[0]);
  return readers == 1;
}

enum class ConvKernel { kGeneral, kDepthwise, kPointwise, kPointwiseInPlace };

ConvKernel kernel_for(const Graph& g, const Node& n, const Window2d& w) {
  int64_t in_c = g[n.inputs[0]].shape.back(), out_c = g[n.outputs[0]].shape.back(), group = get_int(n, "group");
  if (group == in_c && group == out_c && group > 1) return ConvKernel::kDepthwise;
  if (!is_pointwise(w)) return ConvKernel::kGeneral;
  // The kernel could do with fewer output channels, too, but memory is only shared by equal lengths.
  return group == 1 && in_c == out_c && input_dies(g, n) ? ConvKernel::kPointwiseInPlace : ConvKernel::kPointwise;
}

Call conv_call(const Node& n, ConvKernel kernel) {
  switch (kernel) {
    case ConvKernel::kDepthwise: return make_call(n, "depthwise_f32", "depthwise_f32.hpp");
    case ConvKernel::kPointwiseInPlace: return make_call(n, "pointwise_inplace_f32", "pointwise_inplace_f32.hpp");
    default: return make_call(n, "conv2d_f32", "conv2d_f32.hpp");
  }
}

void set_conv_parameters(Call& call, const Node& n, ConvKernel kernel, Plane in, Plane out, const Window2d& w) {
  if (kernel == ConvKernel::kPointwise || kernel == ConvKernel::kPointwiseInPlace) {
    in = flattened(in);
    out = flattened(out);
  }
  call.parameters = window_parameters(in, out, w);
  if (kernel != ConvKernel::kDepthwise) {
    call.parameters.push_back({"out_c", out.c});
    call.parameters.push_back({"group", get_int(n, "group")});
  }
  call.parameters.push_back({"has_bias", has_input(n, 2)});
  call.parameters.push_back(activation_parameter(n));
}

void lower_conv(Lowering& l, const Node& n) {
  NETSUKE_CHECK(is_channels_last(n), "'{}' has not gone through to-nhwc", n.name);
  Plane in = plane_of(l.graph[n.inputs[0]].shape), out = plane_of(l.graph[n.outputs[0]].shape);
  const Tensor& weights = *l.graph[n.inputs[1]].constant;
  Window2d w = window2d(window_of(n));
  ConvKernel kernel = kernel_for(l.graph, n, w);
  Call call = conv_call(n, kernel);
  set_conv_parameters(call, n, kernel, in, out, w);
  ConvShape shape{out.c, in.c, w.kernel_h, w.kernel_w, get_int(n, "group")};
  std::vector<float> packed = kernel == ConvKernel::kDepthwise ? pack_depthwise(weights.as<float>(), shape)
                                                               : pack_conv2d(weights.as<float>(), shape);
  BufferId packed_weights = add_weights(l, l.graph[n.inputs[1]].name, make_tensor<float>({weights.count()}, packed));
  BufferId bias = has_input(n, 2) ? buffer_of(l, n.inputs[2]) : packed_weights;  // not read without has_bias
  call.arguments = {read(buffer_of(l, n.inputs[0])), read(packed_weights), read(bias), write(buffer_of(l, n.outputs[0]))};
  if (kernel == ConvKernel::kPointwiseInPlace) call.in_place = {{0, 3}};
  call.macs = out.batch * out.h * out.w * weights.count();
  call.rows = row_rule(in, out, w);
  l.program.calls.push_back(std::move(call));
}

// --- ConvInteger ---

constexpr OffsetOperand kInput{0, 2, -1}, kWeights{1, 3, 0};

void canonicalise_conv_integer(Canonicaliser& c) {
  canonicalise_offset(c, kInput);
  canonicalise_offset(c, kWeights);
  require_constant(c, 1, "weights");
  require_constant(c, 3, "weights' zero points");
  canonicalise_window_of_weights(c);
}

void infer_conv_integer(Graph& g, Node& n) {
  for (const OffsetOperand& o : {kInput, kWeights}) require_offset_types(g, n, o);
  check_channels(g, n, map_shape(g, n, 0)[1]);
  const Shape& weights = shape_of(g, n, 1);
  require_int32_sums(n, count_of({weights.begin() + 1, weights.end()}));
  set_conv_output(g, n, DType::kInt32);
}

void eval_conv_integer(Evaluation& e) {
  Tensor in = distances(e, kInput), weights = distances(e, kWeights);
  Tensor sums = conv_sums(Evaluation{e.graph, e.node, {&in, &weights}, {}});
  std::transform(sums.as<double>().begin(), sums.as<double>().end(), e.out[0].as<int32_t>().begin(),
                 [](double sum) { return static_cast<int32_t>(sum); });
}

// Has no row rule: the zero point is that of the whole map.
void lower_conv_integer(Lowering& l, const Node& n) {
  NETSUKE_CHECK(is_channels_last(n), "'{}' has not gone through to-nhwc", n.name);
  const Value &in = l.graph[n.inputs[0]], &weights = l.graph[n.inputs[1]], &out = l.graph[n.outputs[0]];
  Window2d w = window2d(window_of(n));
  Call call = make_call(n, "conv_integer", "integer_products.hpp");
  call.parameters = window_parameters(plane_of(in.shape), plane_of(out.shape), w);
  for (Parameter& p : std::vector<Parameter>{{"out_c", out.shape.back()}, {"group", get_int(n, "group")},
                                             type_name("A", in.type), type_name("B", weights.type)})
    call.parameters.push_back(std::move(p));
  BufferId packed = add_weights(l, weights.name, permuted(*weights.constant, to_channels_last(weights.shape.size())));
  call.arguments = {read(buffer_of(l, n.inputs[0])), read(packed)};
  call.arguments.push_back(offset_argument(l, n, kInput, "a", call));
  Argument zeros = offset_argument(l, n, kWeights, "b", call);
  call.arguments.push_back(has_input(n, 3) ? zeros : read(packed));
  call.arguments.push_back(write(buffer_of(l, n.outputs[0])));
  call.macs = count_of(out.shape) * count_of({weights.shape.begin() + 1, weights.shape.end()});
  l.program.calls.push_back(std::move(call));
}

constexpr Op kOps[] = {
    {.name = "Conv", .min_inputs = 2, .max_inputs = 3, .canonicalise = canonicalise_conv, .infer = infer_conv,
     .eval = eval_sums, .lower = lower_conv, .quantisation = QuantRule::kWeighted, .integer = IntegerForm::kLinear,
     .sums = conv_sums, .lower_integer = lower_integer_conv,
     .limits = "Float32, one or two spatial dimensions, constant weights and biases."},
    {.name = "ConvInteger", .min_inputs = 2, .max_inputs = 4, .canonicalise = canonicalise_conv_integer,
     .infer = infer_conv_integer, .eval = eval_conv_integer, .lower = lower_conv_integer,
     .limits = "One or two spatial dimensions, constant weights, sums of at most 33025 products."},
};

}  // namespace

std::span<const Op> conv_ops() { return kOps; }

}  // namespace netsuke
