// ConvTranspose, in one or two spatial dimensions. Canonical form: pads resolved (they may be negative where
// output_shape asks for more than the windows reach), and output_padding folded into `output_shape`.
#include <algorithm>

#include "lower/pack.hpp"
#include "ops/helpers.hpp"
#include "ops/integer_lower.hpp"
#include "ops/layout.hpp"
#include "ops/window.hpp"

namespace netsuke {
namespace {

Shape spatial_of(const Shape& map) { return {map.begin() + 2, map.end()}; }

// What the windows reach without pads.
int64_t reach(const Window& w, size_t i, int64_t in, int64_t output_padding) {
  return w.strides[i] * (in - 1) + output_padding + (w.kernel[i] - 1) * w.dilations[i] + 1;
}

// SAME and output_shape give the output's size; pads take what is too much. The odd element goes to the end
// with SAME_UPPER, else to the beginning.
void pads_for(const Window& w, Node& n, const Shape& in, const Shape& out, const std::vector<int64_t>& output_padding,
              bool upper) {
  size_t rank = w.rank();
  std::vector<int64_t> pads(2 * rank);
  for (size_t i = 0; i < rank; i++) {
    int64_t total = std::max<int64_t>(reach(w, i, in[i], output_padding[i]) - out[i], 0);
    pads[i] = upper ? total / 2 : total - total / 2;
    pads[rank + i] = total - pads[i];
  }
  n.attributes["pads"] = std::move(pads);
}

void canonicalise_conv_transpose(Canonicaliser& c) {
  Node& n = c.node;
  require_map(c.graph, n);
  for (size_t i = 1; i < n.inputs.size(); i++)
    if (has_input(n, i) && !constant_of(c.graph, n.inputs[i])) refuse(n, "its weights or biases are computed at run time");
  const Shape &in = shape_of(c.graph, n, 0), &weights = shape_of(c.graph, n, 1);
  if (weights.size() != in.size())
    mismatch(n, fmt::format("weights {} for an input of {}", to_string(weights), to_string(in)));
  Shape spatial = spatial_of(in);
  size_t rank = spatial.size();
  std::string auto_pad = has_attribute(n, "auto_pad") ? get_string(n, "auto_pad") : "NOTSET";
  canonicalise_window(c, spatial, spatial_of(weights));
  set_default<int64_t>(n, "group", 1);
  set_default(n, "output_padding", std::vector<int64_t>(rank, 0));
  std::vector<int64_t> output_padding = get_ints(n, "output_padding");
  if (output_padding.size() != rank) mismatch(n, "output_padding has another number of dimensions");
  n.attributes.erase("output_padding");
  Window w = window_of(n);
  Shape out(rank);
  bool same = auto_pad.starts_with("SAME");
  if (has_attribute(n, "output_shape")) {
    const Shape given = get_ints(n, "output_shape");
    if (given.size() < rank) mismatch(n, fmt::format("output_shape is {}", to_string(given)));
    out.assign(given.end() - static_cast<std::ptrdiff_t>(rank), given.end());
    pads_for(w, n, spatial, out, output_padding, auto_pad == "SAME_UPPER");
  } else if (same) {
    for (size_t i = 0; i < rank; i++) out[i] = spatial[i] * w.strides[i];
    pads_for(w, n, spatial, out, output_padding, auto_pad == "SAME_UPPER");
  } else {
    for (size_t i = 0; i < rank; i++)
      out[i] = reach(w, i, spatial[i], output_padding[i]) - w.pads_begin[i] - w.pads_end[i];
  }
  for (int64_t d : out)
    if (d < 1) mismatch(n, fmt::format("its output would be {}", to_string(out)));
  n.attributes["output_shape"] = out;
}

void infer_conv_transpose(Graph& g, Node& n) {
  for (size_t i = 0; i < n.inputs.size(); i++) require_type(g, n, i, {DType::kFloat32});
  Shape in = map_shape(g, n, 0), out = get_ints(n, "output_shape");
  const Shape& weights = shape_of(g, n, 1);
  int64_t group = get_int(n, "group");
  if (group < 1 || weights[0] != in[1] || in[1] % group != 0 || weights[1] > kMaxElements / group)
    mismatch(n, fmt::format("weights {} in {} groups for {} input channels", to_string(weights), group, in[1]));
  if (has_input(n, 2) && shape_of(g, n, 2) != Shape{weights[1] * group})
    mismatch(n, fmt::format("{} biases for {} output channels", to_string(shape_of(g, n, 2)), weights[1] * group));
  out.insert(out.begin(), {in[0], weights[1] * group});
  set_map(g, n, DType::kFloat32, out);
}

// Every input element adds its multiples of the filters to the outputs under them.
Tensor conv_transpose_sums(const Evaluation& e) {
  Tensor in = map_in(e, 0);
  const Tensor& weights = *e.in[1];
  Shape out_shape = get_ints(e.node, "output_shape"), space = spatial_of(in.shape);
  Window2d w = window2d(window_of(e.node));
  int64_t group = get_int(e.node, "group"), group_out = weights.shape[1], out_c = group * group_out, in_c = in.shape[1];
  int64_t in_h = space.size() == 1 ? 1 : space[0], in_w = space.back();
  int64_t out_h = out_shape.size() == 1 ? 1 : out_shape[0], out_w = out_shape.back();
  out_shape.insert(out_shape.begin(), {in.shape[0], out_c});
  std::vector<double> sums(static_cast<size_t>(count_of(out_shape)), 0);
  size_t next = 0;
  for_each_index({in.shape[0], in_c, in_h, in_w}, [&](const Shape& index) {
    double x = in.as<double>()[next++];
    int64_t first_out = index[1] / (in_c / group) * group_out;
    for_each_index({group_out, w.kernel_h, w.kernel_w}, [&](const Shape& k) {
      int64_t y = index[2] * w.stride_h - w.pad_top + k[1] * w.dilation_h;
      int64_t column = index[3] * w.stride_w - w.pad_left + k[2] * w.dilation_w;
      if (y < 0 || y >= out_h || column < 0 || column >= out_w) return;
      int64_t weight = ((index[1] * group_out + k[0]) * w.kernel_h + k[1]) * w.kernel_w + k[2];
      int64_t to = ((index[0] * out_c + first_out + k[0]) * out_h + y) * out_w + column;
      sums[static_cast<size_t>(to)] += x * weights.as<double>()[static_cast<size_t>(weight)];
    });
  });
  Tensor out(DType::kFloat64, out_shape);
  for (size_t i = 0; i < sums.size(); i++) {
    size_t channel = i / static_cast<size_t>(out_h * out_w) % static_cast<size_t>(out_c);
    double bias = e.in.size() > 2 && e.in[2] ? e.in[2]->as<double>()[channel] : 0;
    out.as<double>()[i] = sums[i] + bias;
  }
  return map_result(e.node, out);
}

void lower_conv_transpose(Lowering& l, const Node& n) {
  NETSUKE_CHECK(is_channels_last(n), "'{}' has not gone through to-nhwc", n.name);
  Plane in = plane_of(l.graph[n.inputs[0]].shape), out = plane_of(l.graph[n.outputs[0]].shape);
  const Tensor& weights = *l.graph[n.inputs[1]].constant;
  Window2d w = window2d(window_of(n));
  Call call = make_call(n, "conv_transpose2d_f32", "conv_transpose2d_f32.hpp");
  call.parameters = window_parameters(in, out, w);
  call.parameters.push_back({"out_c", out.c});
  call.parameters.push_back({"group", get_int(n, "group")});
  call.parameters.push_back({"has_bias", has_input(n, 2)});
  call.parameters.push_back(activation_parameter(n));
  ConvShape shape{out.c, in.c, w.kernel_h, w.kernel_w, get_int(n, "group")};
  std::vector<float> packed = pack_conv_transpose2d(weights.as<float>(), shape);
  BufferId packed_weights = add_weights(l, l.graph[n.inputs[1]].name, make_tensor<float>({weights.count()}, packed));
  BufferId bias = has_input(n, 2) ? buffer_of(l, n.inputs[2]) : packed_weights;  // not read without has_bias
  call.arguments = {read(buffer_of(l, n.inputs[0])), read(packed_weights), read(bias), write(buffer_of(l, n.outputs[0]))};
  call.macs = in.batch * in.h * in.w * weights.count();
  l.program.calls.push_back(std::move(call));
}

constexpr Op kOps[] = {
    {.name = "ConvTranspose", .min_inputs = 2, .max_inputs = 3, .canonicalise = canonicalise_conv_transpose,
     .infer = infer_conv_transpose, .eval = eval_sums, .lower = lower_conv_transpose,
     .quantisation = QuantRule::kWeighted, .integer = IntegerForm::kLinear, .sums = conv_transpose_sums, .lower_integer = lower_integer_conv_transpose,
     .limits = "Float32, one or two spatial dimensions, constant weights and biases."},
};

}  // namespace

std::span<const Op> conv_transpose_ops() { return kOps; }

}  // namespace netsuke
