// BatchNormalization as inference has it: out = (x - mean) / sqrt(variance + epsilon) * scale + bias, one value
// of each for a channel. What pass fuse-batch-norm leaves becomes one multiplication and one addition.
#include <cmath>

#include "lower/lowering.hpp"
#include "ops/helpers.hpp"
#include "ops/movement.hpp"

namespace netsuke {
namespace {

void canonicalise_batch_norm(Canonicaliser& c) {
  Node& n = c.node;
  if (has_attribute(n, "training_mode") && get_int(n, "training_mode") != 0) refuse(n, "training_mode is set");
  if (has_attribute(n, "spatial") && get_int(n, "spatial") == 0) refuse(n, "spatial is 0");
  for (size_t i = 1; i < n.outputs.size(); i++)
    if (n.outputs[i] != kNoValue) refuse(n, "its statistics are used as outputs");
  n.outputs.resize(1);
  for (ValueId v : n.inputs)
    if (v != n.inputs[0] && !constant_of(c.graph, v)) refuse(n, "its parameters are computed at run time");
  set_default(n, "epsilon", 1e-5f);
  for (const char* key : {"training_mode", "spatial", "momentum"}) n.attributes.erase(key);
  set_default<int64_t>(n, "axis", 1);  // not ONNX's: where the channels are
}

void infer_batch_norm(Graph& g, Node& n) {
  for (size_t i = 0; i < n.inputs.size(); i++) require_type(g, n, i, {DType::kFloat32});
  const Shape& in = shape_of(g, n, 0);
  size_t axis = static_cast<size_t>(get_int(n, "axis"));
  if (axis >= in.size()) mismatch(n, fmt::format("input {} has no channels", to_string(in)));
  for (size_t i = 1; i < n.inputs.size(); i++)
    if (shape_of(g, n, i) != Shape{in[axis]})
      mismatch(n, fmt::format("a parameter has shape {} for {} channels", to_string(shape_of(g, n, i)), in[axis]));
  infer_same(g, n);
}

void eval_batch_norm(Evaluation& e) {
  size_t axis = static_cast<size_t>(get_int(e.node, "axis")), next = 0;
  double epsilon = double(get_float(e.node, "epsilon"));
  auto x = e.in[0]->as<float>();
  for_each_index(e.in[0]->shape, [&](const Shape& index) {
    auto parameter = [&](size_t i) { return double(e.in[i]->as<float>()[static_cast<size_t>(index[axis])]); };
    double normal = (double(x[next]) - parameter(3)) / std::sqrt(parameter(4) + epsilon);
    e.out[0].as<float>()[next++] = static_cast<float>(normal * parameter(1) + parameter(2));
  });
}

void lower_batch_norm(Lowering& l, const Node& n) {
  const Shape& in = l.graph[n.inputs[0]].shape;
  size_t axis = static_cast<size_t>(get_int(n, "axis"));
  std::vector<double> parameter[4];
  for (size_t i = 0; i < 4; i++) parameter[i] = to_doubles(*l.graph[n.inputs[i + 1]].constant);
  std::vector<float> scale, shift;
  for (size_t c = 0; c < parameter[0].size(); c++) {
    double factor = parameter[0][c] / std::sqrt(parameter[3][c] + double(get_float(n, "epsilon")));
    scale.push_back(static_cast<float>(factor));
    shift.push_back(static_cast<float>(parameter[1][c] - factor * parameter[2][c]));
  }
  Call call = make_call(n, "scale_shift_f32", "scale_shift_f32.hpp");
  call.parameters = {{"outer", span_count(in, 0, axis)}, {"channels", in[axis]},
                     {"inner", span_count(in, axis + 1, in.size())}, activation_parameter(n)};
  Shape shape{in[axis]};
  call.arguments = {read(buffer_of(l, n.inputs[0])),
                    read(add_weights(l, n.name + "_scale", make_tensor<float>(shape, scale))),
                    read(add_weights(l, n.name + "_shift", make_tensor<float>(shape, shift))),
                    write(buffer_of(l, n.outputs[0]))};
  call.in_place = {{0, 3}};
  if (in.size() > 2 && axis > 1) call.rows = RowRule{.in_rows = in[1], .out_rows = in[1], .kind = RowKind::kElementwise};
  call.macs = count_of(in);
  l.program.calls.push_back(std::move(call));
}

constexpr Op kOps[] = {
    {.name = "BatchNormalization", .min_inputs = 5, .max_inputs = 5, .max_outputs = 5,
     .canonicalise = canonicalise_batch_norm, .infer = infer_batch_norm, .eval = eval_batch_norm,
     .lower = lower_batch_norm, .quantisation = QuantRule::kMeasured,
     .limits = "Float32, inference only, constant parameters."},
};

}  // namespace

std::span<const Op> batch_norm_ops() { return kOps; }

}  // namespace netsuke
