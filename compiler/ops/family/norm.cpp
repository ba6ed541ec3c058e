// LayerNormalization and InstanceNormalization: mean 0 and variance 1 over some elements, then scale and bias.
#include <cmath>

#include "lower/lowering.hpp"
#include "ops/broadcasting.hpp"
#include "ops/helpers.hpp"
#include "ops/layout.hpp"
#include "ops/movement.hpp"
#include "ops/window.hpp"

namespace netsuke {
namespace {

void require_constants(const Canonicaliser& c) {
  for (size_t i = 1; i < c.node.inputs.size(); i++)
    if (has_input(c.node, i) && !constant_of(c.graph, c.node.inputs[i]))
      refuse(c.node, "its scale or bias is computed at run time");
}

void canonicalise_layer_norm(Canonicaliser& c) {
  Node& n = c.node;
  require_constants(c);
  for (size_t i = 1; i < n.outputs.size(); i++)
    if (n.outputs[i] != kNoValue) refuse(n, "its mean or deviation is used as an output");
  n.outputs.resize(1);
  set_default<int64_t>(n, "axis", -1);
  normalise_axes(c, "axis", rank_of(c.graph, n, 0));
  set_default(n, "epsilon", 1e-5f);
  n.attributes.erase("stash_type");  // the type in which to compute; we have float32 only
}

void infer_layer_norm(Graph& g, Node& n) {
  for (size_t i = 0; i < n.inputs.size(); i++) require_type(g, n, i, {DType::kFloat32});
  const Shape& in = shape_of(g, n, 0);
  Shape line(in.begin() + get_int(n, "axis"), in.end());
  for (size_t i = 1; i < n.inputs.size(); i++)
    if (broadcast(n, line, shape_of(g, n, i)) != line)
      mismatch(n, fmt::format("a parameter has shape {} for {}", to_string(shape_of(g, n, i)), to_string(line)));
  infer_same(g, n);
}

// in[first + i * step], i < count, to mean 0 and variance 1; result(i, x) gets each.
template <class Result>
void normalise(std::span<const float> in, int64_t first, int64_t count, int64_t step, double epsilon, const Result& result) {
  auto at = [&](int64_t i) { return double(in[static_cast<size_t>(first + i * step)]); };
  double sum = 0, squares = 0;
  for (int64_t i = 0; i < count; i++) sum += at(i);
  double mean = sum / double(count);
  for (int64_t i = 0; i < count; i++) squares += (at(i) - mean) * (at(i) - mean);
  double factor = 1 / std::sqrt(squares / double(count) + epsilon);
  for (int64_t i = 0; i < count; i++) result(static_cast<size_t>(i), (at(i) - mean) * factor);
}

// A parameter as one float for each element of the line.
std::vector<float> spread(const Tensor& t, const Shape& line) {
  std::vector<float> values;
  for_each_index(line, [&](const Shape& index) {
    values.push_back(t.as<float>()[static_cast<size_t>(broadcast_offset(index, t.shape))]);
  });
  return values;
}

void eval_layer_norm(Evaluation& e) {
  const Tensor& in = *e.in[0];
  Shape line(in.shape.begin() + get_int(e.node, "axis"), in.shape.end());
  std::vector<float> scale = spread(*e.in[1], line), bias(scale.size(), 0);
  if (e.in.size() > 2 && e.in[2]) bias = spread(*e.in[2], line);
  int64_t length = count_of(line);
  for (int64_t first = 0; first < in.count(); first += length)
    normalise(in.as<float>(), first, length, 1, double(get_float(e.node, "epsilon")), [&](size_t i, double x) {
      e.out[0].as<float>()[static_cast<size_t>(first) + i] = static_cast<float>(x * double(scale[i]) + double(bias[i]));
    });
}

void lower_layer_norm(Lowering& l, const Node& n) {
  const Shape& in = l.graph[n.inputs[0]].shape;
  size_t axis = static_cast<size_t>(get_int(n, "axis"));
  Shape line(in.begin() + static_cast<std::ptrdiff_t>(axis), in.end()), flat{count_of(line)};
  bool has_bias = has_input(n, 2);
  Call call = make_call(n, "layer_norm_f32", "layer_norm_f32.hpp");
  call.parameters = {{"outer", span_count(in, 0, axis)}, {"axis", flat[0]}, {"epsilon", get_float(n, "epsilon")},
                     {"has_bias", has_bias}};
  auto weights = [&](size_t i) {
    std::vector<float> values = spread(*l.graph[n.inputs[i]].constant, line);
    return add_weights(l, l.graph[n.inputs[i]].name, make_tensor<float>(flat, values));
  };
  BufferId scale = weights(1), bias = has_bias ? weights(2) : scale;  // not read without has_bias
  call.arguments = {read(buffer_of(l, n.inputs[0])), read(scale), read(bias), write(buffer_of(l, n.outputs[0]))};
  call.in_place = {{0, 3}};
  call.rows = rows_alone(l.graph[n.inputs[0]].shape, get_int(n, "axis"));
  l.program.calls.push_back(std::move(call));
}

void canonicalise_instance_norm(Canonicaliser& c) {
  require_map(c.graph, c.node);
  require_constants(c);
  set_default(c.node, "epsilon", 1e-5f);
}

void infer_instance_norm(Graph& g, Node& n) {
  for (size_t i = 0; i < n.inputs.size(); i++) require_type(g, n, i, {DType::kFloat32});
  Shape in = map_shape(g, n, 0);
  for (size_t i : {1u, 2u})
    if (shape_of(g, n, i) != Shape{in[1]})
      mismatch(n, fmt::format("a parameter has shape {} for {} channels", to_string(shape_of(g, n, i)), in[1]));
  set_map(g, n, DType::kFloat32, in);
}

void eval_instance_norm(Evaluation& e) {
  Tensor in = map_in(e, 0), out = in;
  int64_t pixels = span_count(in.shape, 2, in.shape.size());
  for (int64_t map = 0; map < in.shape[0] * in.shape[1]; map++) {
    size_t c = static_cast<size_t>(map % in.shape[1]);
    double scale = double(e.in[1]->as<float>()[c]), bias = double(e.in[2]->as<float>()[c]);
    normalise(in.as<float>(), map * pixels, pixels, 1, double(get_float(e.node, "epsilon")), [&](size_t i, double x) {
      out.as<float>()[static_cast<size_t>(map * pixels) + i] = static_cast<float>(x * scale + bias);
    });
  }
  map_out(e, out);
}

void lower_instance_norm(Lowering& l, const Node& n) {
  NETSUKE_CHECK(is_channels_last(n), "'{}' has not gone through to-nhwc", n.name);
  Plane in = plane_of(l.graph[n.inputs[0]].shape);
  Call call = make_call(n, "instance_norm_f32", "instance_norm_f32.hpp");
  call.parameters = {{"batch", in.batch}, {"pixels", in.h * in.w}, {"in_c", in.c}, {"epsilon", get_float(n, "epsilon")},
                     activation_parameter(n)};
  call.arguments = {read(buffer_of(l, n.inputs[0])), read(buffer_of(l, n.inputs[1])), read(buffer_of(l, n.inputs[2])),
                    write(buffer_of(l, n.outputs[0]))};
  call.in_place = {{0, 3}};
  l.program.calls.push_back(std::move(call));
}

constexpr Op kOps[] = {
    {.name = "LayerNormalization", .min_inputs = 2, .max_inputs = 3, .max_outputs = 3,
     .canonicalise = canonicalise_layer_norm, .infer = infer_layer_norm, .eval = eval_layer_norm,
     .lower = lower_layer_norm, .limits = "Float32, constant scale and bias, one output."},
    {.name = "InstanceNormalization", .min_inputs = 3, .max_inputs = 3,
     .canonicalise = canonicalise_instance_norm, .infer = infer_instance_norm, .eval = eval_instance_norm,
     .lower = lower_instance_norm, .limits = "Float32, one or two spatial dimensions, constant scale and bias."},
};

}  // namespace

std::span<const Op> norm_ops() { return kOps; }

}  // namespace netsuke
