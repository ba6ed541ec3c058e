// Resize and Upsample: nearest, linear and cubic, along any dimensions.
//
// They are separable: Resize becomes one Resample for each dimension that changes. Resample is netsuke's own:
// out[.., j, ..] = sum over k of weights[j, k] * in[.., indices[j, k], ..] along dimension `axis`, with
// constant tables [out, taps] computed here from the coordinate formulas of the ONNX specification, in
// float32 as onnxruntime does. A nearest Resample has no weights and takes any type.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "lower/strided_copy.hpp"
#include "ops/helpers.hpp"
#include "ops/movement.hpp"

namespace netsuke {
namespace {

struct ResizeAxis {
  int64_t in, out;
  float scale;
};

// --- from the node to numbers ---

std::vector<double> take_numbers(Canonicaliser& c, size_t i, const std::string& what) {
  if (!has_input(c.node, i)) return {};
  const Tensor* t = constant_of(c.graph, c.node.inputs[i]);
  if (!t) fail("not-constant", c.node.name, fmt::format("{}: its {} are computed at run time", c.node.op, what),
               "make them an initialiser or a value that can be computed from constants and shapes");
  return to_doubles(*t);
}

// Opset 10: x, scales. From 11: x, roi, scales, sizes. Upsample 7 has scales as an attribute.
void take_sizes(Canonicaliser& c, std::vector<double>& scales, std::vector<double>& sizes) {
  Node& n = c.node;
  bool old = n.op == "Upsample" || c.opset < 11;
  if (old && has_attribute(n, "scales")) {
    const auto& values = std::get<std::vector<float>>(n.attributes.at("scales"));
    scales.assign(values.begin(), values.end());
  } else {
    scales = take_numbers(c, old ? 1 : 2, "scales");
  }
  if (!old) sizes = take_numbers(c, 3, "sizes");
}

std::vector<int64_t> resized_axes(Canonicaliser& c, int64_t rank) {
  std::vector<int64_t> axes;
  if (has_attribute(c.node, "axes")) {
    normalise_axes(c, "axes", rank);
    return get_ints(c.node, "axes");
  }
  for (int64_t i = 0; i < rank; i++) axes.push_back(i);
  return axes;
}

// One scale for all axes, so that sizes are limits ("not_larger") or targets to reach ("not_smaller").
void keep_aspect_ratio(const Node& n, std::vector<ResizeAxis>& axes, const std::vector<int64_t>& resized) {
  if (!has_attribute(n, "keep_aspect_ratio_policy")) return;
  const std::string& policy = get_string(n, "keep_aspect_ratio_policy");
  if (policy == "stretch") return;
  if (policy != "not_larger" && policy != "not_smaller") refuse(n, fmt::format("keep_aspect_ratio_policy is '{}'", policy));
  float scale = axes[static_cast<size_t>(resized[0])].scale;
  for (int64_t a : resized) {
    float s = axes[static_cast<size_t>(a)].scale;
    scale = policy == "not_larger" ? std::min(scale, s) : std::max(scale, s);
  }
  for (int64_t a : resized) {
    ResizeAxis& axis = axes[static_cast<size_t>(a)];
    axis.scale = scale;
    axis.out = static_cast<int64_t>(std::floor(scale * static_cast<float>(axis.in) + 0.5f));
  }
}

std::vector<ResizeAxis> all_axes(Canonicaliser& c) {
  Node& n = c.node;
  const Shape& in = shape_of(c.graph, n, 0);
  std::vector<ResizeAxis> axes;
  for (int64_t d : in) axes.push_back({d, d, 1.0f});
  std::vector<double> scales, sizes;
  take_sizes(c, scales, sizes);
  std::vector<int64_t> resized = resized_axes(c, static_cast<int64_t>(in.size()));
  const std::vector<double>& given = sizes.empty() ? scales : sizes;
  if (given.size() != resized.size() || (!sizes.empty() && !scales.empty()))
    mismatch(n, fmt::format("{} scales and {} sizes for {} dimensions", scales.size(), sizes.size(), resized.size()));
  for (size_t i = 0; i < resized.size(); i++) {
    ResizeAxis& axis = axes[static_cast<size_t>(resized[i])];
    if (!(given[i] > 0) || given[i] > double(kMaxElements)) mismatch(n, fmt::format("a scale or size is {}", given[i]));
    axis.scale = sizes.empty() ? static_cast<float>(scales[i]) : static_cast<float>(sizes[i]) / static_cast<float>(axis.in);
    axis.out = sizes.empty() ? static_cast<int64_t>(std::floor(axis.scale * static_cast<float>(axis.in)))
                             : static_cast<int64_t>(sizes[i]);
  }
  if (!sizes.empty() && !resized.empty()) keep_aspect_ratio(n, axes, resized);
  for (const ResizeAxis& axis : axes)
    if (axis.out < 1) mismatch(n, "its output is empty");
  return axes;
}

// --- coordinates ---

// Where output element x lies in the input.
float source_of(const Node& n, const std::string& mode, const ResizeAxis& a, int64_t x) {
  float in = static_cast<float>(a.in), out = static_cast<float>(a.out), at = static_cast<float>(x);
  if (mode == "asymmetric") return at / a.scale;
  if (mode == "align_corners") return a.out == 1 ? 0.0f : at * (in - 1) / (out - 1);
  if (mode == "tf_half_pixel_for_nn") return (at + 0.5f) / a.scale;
  float half_pixel = (at + 0.5f) / a.scale - 0.5f;
  if (mode == "half_pixel") return half_pixel;
  if (mode == "pytorch_half_pixel") return a.out > 1 ? half_pixel : 0.0f;
  if (mode == "half_pixel_symmetric") return in / 2 * (1 - out / (a.scale * in)) + half_pixel;
  refuse(n, fmt::format("coordinate_transformation_mode is '{}'", mode));
}

float nearest_of(const Node& n, const std::string& mode, const ResizeAxis& a, float x) {
  if (mode == "simple") return a.scale < 1 ? std::ceil(x) : std::trunc(x);  // onnxruntime's before opset 11
  if (mode == "round_prefer_floor") return x == std::floor(x) + 0.5f ? std::floor(x) : std::round(x);
  if (mode == "round_prefer_ceil") return std::round(x);
  if (mode == "floor") return std::floor(x);
  if (mode == "ceil") return std::ceil(x);
  refuse(n, fmt::format("nearest_mode is '{}'", mode));
}

// Keys' cubic convolution kernel with parameter a, for the taps at -1, 0, 1, 2.
std::vector<float> cubic_weights(float a, float t) {
  auto near = [&](float s) { return ((a + 2) * s - (a + 3)) * s * s + 1; };
  auto far = [&](float s) { return ((a * s - 5 * a) * s + 8 * a) * s - 4 * a; };
  return {far(1 + t), near(t), near(1 - t), far(2 - t)};
}

struct Tables {
  int64_t taps;
  std::vector<int32_t> indices;
  std::vector<float> weights;
};

void add_taps(Tables& t, const ResizeAxis& a, int64_t first, std::vector<float> weights, bool exclude_outside) {
  float sum = 0;
  for (size_t k = 0; k < weights.size(); k++) {
    int64_t i = first + static_cast<int64_t>(k);
    if (exclude_outside && (i < 0 || i >= a.in)) weights[k] = 0;
    sum += weights[k];
    t.indices.push_back(static_cast<int32_t>(std::clamp<int64_t>(i, 0, a.in - 1)));
  }
  for (float w : weights) t.weights.push_back(exclude_outside ? w / sum : w);
}

Tables tables_of(const Node& n, const ResizeAxis& a) {
  const std::string &mode = get_string(n, "mode"), &coordinates = get_string(n, "coordinate_transformation_mode");
  Tables t{mode == "nearest" ? 1 : mode == "linear" ? 2 : 4, {}, {}};
  for (int64_t x = 0; x < a.out; x++) {
    float source = source_of(n, coordinates, a, x);
    float floor = std::floor(source), rest = source - floor;
    int64_t first = static_cast<int64_t>(floor);
    if (mode == "nearest") {
      int64_t i = static_cast<int64_t>(nearest_of(n, get_string(n, "nearest_mode"), a, source));
      t.indices.push_back(static_cast<int32_t>(std::clamp<int64_t>(i, 0, a.in - 1)));
    } else if (mode == "linear") {
      add_taps(t, a, first, {1 - rest, rest}, false);
    } else {
      bool exclude = has_attribute(n, "exclude_outside") && get_int(n, "exclude_outside") != 0;
      add_taps(t, a, first - 1, cubic_weights(get_float(n, "cubic_coeff_a"), rest), exclude);
    }
  }
  return t;
}

// --- canonical form ---

void default_modes(Canonicaliser& c) {
  Node& n = c.node;
  bool old = n.op == "Upsample" || c.opset < 11;
  set_default(n, "mode", std::string("nearest"));
  set_default(n, "coordinate_transformation_mode", std::string(old ? "asymmetric" : "half_pixel"));
  set_default(n, "nearest_mode", std::string(old ? "simple" : "round_prefer_floor"));
  set_default(n, "cubic_coeff_a", -0.75f);
  if (get_string(n, "mode") == "bilinear") n.attributes["mode"] = std::string("linear");  // Upsample 7
  const std::string& mode = get_string(n, "mode");
  if (mode != "nearest" && mode != "linear" && mode != "cubic") refuse(n, fmt::format("mode is '{}'", mode));
  if (has_attribute(n, "antialias") && get_int(n, "antialias") != 0) refuse(n, "antialias is set");
}

ValueId add_table(Canonicaliser& c, const std::string& what, Tensor t) {
  return add_constant(c.graph, c.node.name + "/" + what, std::move(t));
}

std::vector<ValueId> resample_inputs(Canonicaliser& c, ValueId from, const ResizeAxis& axis) {
  Tables t = tables_of(c.node, axis);
  Shape shape{axis.out, t.taps};
  std::vector<ValueId> inputs{from, add_table(c, "indices", make_tensor<int32_t>(shape, t.indices))};
  if (!t.weights.empty()) inputs.push_back(add_table(c, "weights", make_tensor<float>(shape, t.weights)));
  return inputs;
}

// What onnx/standard.cpp makes a Resize of again.
std::map<std::string, Attribute> resample_attributes(const Node& n, size_t axis, const ResizeAxis& a) {
  std::map<std::string, Attribute> attributes{{"axis", static_cast<int64_t>(axis)}, {"scale", a.scale}};
  for (const char* key : {"mode", "coordinate_transformation_mode", "nearest_mode", "cubic_coeff_a", "exclude_outside"})
    if (has_attribute(n, key)) attributes[key] = n.attributes.at(key);
  return attributes;
}

void canonicalise_resize(Canonicaliser& c) {
  default_modes(c);
  std::vector<ResizeAxis> axes = all_axes(c);
  std::vector<std::pair<int64_t, std::vector<ValueId>>> steps;
  // Dimensions that shrink go first: less to do for the others.
  std::vector<size_t> order;
  for (size_t i = 0; i < axes.size(); i++)
    if (axes[i].out != axes[i].in || axes[i].scale != 1.0f) order.push_back(i);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return axes[a].out * axes[b].in < axes[b].out * axes[a].in;
  });
  ValueId from = c.node.inputs[0];
  for (size_t k = 0; k + 1 < order.size(); k++)
    from = add_preceding(c, "Resample", resample_inputs(c, from, axes[order[k]]),
                         resample_attributes(c.node, order[k], axes[order[k]]));
  if (order.empty()) {
    Shape same = shape_of(c.graph, c.node, 0);
    return become_reshape(c, same);
  }
  c.node.inputs = resample_inputs(c, from, axes[order.back()]);
  c.node.op = "Resample";
  c.node.attributes = resample_attributes(c.node, order.back(), axes[order.back()]);
}

// --- Resample ---

void infer_resample(Graph& g, Node& n) {
  if (n.inputs.size() > 2) require_type(g, n, 0, {DType::kFloat32});
  Shape out = shape_of(g, n, 0);
  out[static_cast<size_t>(get_int(n, "axis"))] = shape_of(g, n, 1)[0];
  set_output(g, n, 0, type_of(g, n, 0), std::move(out));
}

void eval_resample(Evaluation& e) {
  const Tensor& in = *e.in[0];
  size_t axis = static_cast<size_t>(get_int(e.node, "axis"));
  auto indices = e.in[1]->as<int32_t>();
  int64_t taps = e.in[1]->shape[1];
  Shape strides = strides_of(in.shape);
  auto offset = [&](Shape index, int64_t k) {
    index[axis] = indices[static_cast<size_t>(index[axis] * taps + k)];
    int64_t sum = 0;
    for (size_t d = 0; d < index.size(); d++) sum += index[d] * strides[d];
    return sum;
  };
  if (e.in.size() == 2) return move_elements(in, e.out[0], [&](const Shape& index) { return offset(index, 0); });
  size_t next = 0;
  for_each_index(e.out[0].shape, [&](const Shape& index) {
    double sum = 0;
    for (int64_t k = 0; k < taps; k++)
      sum += double(e.in[2]->as<float>()[static_cast<size_t>(index[axis] * taps + k)]) *
             double(in.as<float>()[static_cast<size_t>(offset(index, k))]);
    e.out[0].as<float>()[next++] = static_cast<float>(sum);
  });
}

// floor((r * in + k) / out) for every row r, in lowest terms of at most 4; none if the indices are different.
std::optional<RowRule> nearest_rows(std::span<const int32_t> indices, int64_t in, int64_t out) {
  int64_t divisor = std::gcd(in, out), stride = in / divisor;
  divisor = out / divisor;
  if (stride > 4 || divisor > 4) return {};
  for (int64_t k = 0; k < divisor; k++) {
    bool same = true;
    for (int64_t r = 0; r < out; r++) same &= indices[static_cast<size_t>(r)] == (r * stride + k) / divisor;
    if (same)
      return RowRule{.in_rows = in, .out_rows = out, .stride = stride, .pad = -k, .divisor = divisor, .kind = RowKind::kCopy};
  }
  return {};
}

// Along the width each row is resampled alone. Along the height the nearest row is copied.
std::optional<RowRule> resample_rows(const Graph& g, const Node& n, size_t axis) {
  const Shape &in = g[n.inputs[0]].shape, &out = g[n.outputs[0]].shape;
  if (in.size() < 3 || in[0] != 1 || axis == 0) return {};
  if (axis > 1) return RowRule{.in_rows = in[1], .out_rows = out[1], .kind = RowKind::kElementwise};
  if (n.inputs.size() > 2) return {};
  auto rule = nearest_rows(g[n.inputs[1]].constant->as<int32_t>(), in[1], out[1]);
  if (rule) copy_whole_rows(*rule, g[n.inputs[0]].type, count_of(in) / in[1]);
  return rule;
}

void lower_resample(Lowering& l, const Node& n) {
  const Value &in = l.graph[n.inputs[0]], &out = l.graph[n.outputs[0]];
  size_t axis = static_cast<size_t>(get_int(n, "axis"));
  bool weighted = n.inputs.size() > 2;
  Call call = make_call(n, weighted ? "resample_f32" : "resample_nearest", "resample.hpp");
  call.parameters = {{"outer", span_count(in.shape, 0, axis)},
                     {"in_axis", in.shape[axis]},
                     {"out_axis", out.shape[axis]},
                     {"inner", span_count(in.shape, axis + 1, in.shape.size())}};
  if (weighted) {
    call.parameters.push_back({"taps", l.graph[n.inputs[1]].shape[1]});
    call.parameters.push_back(activation_parameter(n));
    call.macs = count_of(out.shape) * l.graph[n.inputs[1]].shape[1];
  } else {
    call.parameters.push_back({"T", TypeName{std::string(c_type_of(in.type))}});
  }
  call.rows = resample_rows(l.graph, n, axis);
  for (ValueId v : n.inputs) call.arguments.push_back(read(buffer_of(l, v)));
  call.arguments.push_back(write(buffer_of(l, n.outputs[0])));
  l.program.calls.push_back(std::move(call));
}

constexpr std::string_view kLimits =
    "No antialias, no tf_crop_and_resize; scales and sizes must be known at compile time; linear and cubic: float32.";

constexpr Op kOps[] = {
    {.name = "Resize", .max_inputs = 4, .canonicalise = canonicalise_resize, .limits = kLimits},
    {.name = "Upsample", .max_inputs = 2, .canonicalise = canonicalise_resize, .limits = kLimits},
    {.name = "Resample", .domain = "netsuke", .min_inputs = 2, .max_inputs = 3, .infer = infer_resample,
     .eval = eval_resample, .lower = lower_resample, .quantisation = QuantRule::kSameScale, .integer = IntegerForm::kMove},
};

}  // namespace

std::span<const Op> resize_ops() { return kOps; }

}  // namespace netsuke
