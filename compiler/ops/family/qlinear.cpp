// Operators of QOperator models, which take and give integers with their scales and zero points beside them:
//
//   QLinearConv(x, sx, zx, w, sw, zw, sy, zy, b)
//     →  QuantizeLinear(Conv(DequantizeLinear(x, sx, zx), DequantizeLinear(w, sw, zw), DequantizeLinear(b, sx * sw)), sy, zy)
//
// That is their meaning as the ONNX standard and onnxruntime's list of contributed operators give it, and the form in
// which QDQ models come anyway: collapse-quantization and to-integers make the one integer operator of it again.
// QuantizeLinear and DequantizeLinear of com.microsoft are those of ai.onnx, in models older than their 16-bit types.
#include "ops/helpers.hpp"
#include "ops/layout.hpp"

namespace netsuke {
namespace {

constexpr std::string_view kPrefix = "QLinear";

ValueId optional_input(const Canonicaliser& c, size_t i) { return i < c.node.inputs.size() ? c.node.inputs[i] : kNoValue; }

ValueId needed_input(const Canonicaliser& c, size_t i) {
  if (!has_input(c.node, i)) fail("bad-arity", c.node.name, fmt::format("{} needs its input {}", c.node.op, i), "export the model again");
  return c.node.inputs[i];
}

// The real numbers of the operand whose integers, scale and zero point are inputs i, i + 1 and i + 2. `axis` is that
// of scales for each channel.
ValueId real_input(Canonicaliser& c, size_t i, int64_t axis = 0) {
  std::vector<ValueId> inputs{needed_input(c, i), needed_input(c, i + 1), optional_input(c, i + 2)};
  return add_preceding(c, "DequantizeLinear", inputs, {{"axis", axis}});
}

// The node becomes the QuantizeLinear of its result. Scale and zero point of its output are inputs i and i + 1; without
// zero point it has the type of input 0.
void quantise_result(Canonicaliser& c, ValueId real, size_t i) {
  std::vector<ValueId> inputs{real, needed_input(c, i), optional_input(c, i + 1)};
  bool is_signed = type_of(c.graph, c.node, 0) == DType::kInt8;
  c.node.op = "QuantizeLinear";
  c.node.attributes.clear();
  if (inputs[2] == kNoValue) c.node.attributes["output_dtype"] = int64_t{is_signed ? 3 : 2};  // ONNX's type numbers
  c.node.inputs = std::move(inputs);
}

std::string float_operator(const Node& n) { return n.op.substr(kPrefix.size()); }

// --- one operand ---

void canonicalise_unary(Canonicaliser& c) {
  needed_input(c, 0);
  quantise_result(c, add_preceding(c, float_operator(c.node), {real_input(c, 0)}, c.node.attributes), 3);
}

// channels_last: the map is [batch, spatial..., channels].
void canonicalise_pool(Canonicaliser& c) {
  size_t rank = static_cast<size_t>(rank_of(c.graph, c.node, 0));
  auto attributes = c.node.attributes;
  bool last = attributes.contains("channels_last") && get_int(c.node, "channels_last") != 0 && rank > 2;
  attributes.erase("channels_last");
  ValueId x = real_input(c, 0);
  if (last) x = add_preceding(c, "Transpose", {x}, {{"perm", to_channels_first(rank)}});
  ValueId y = add_preceding(c, float_operator(c.node), {x}, attributes);
  if (last) y = add_preceding(c, "Transpose", {y}, {{"perm", to_channels_last(rank)}});
  quantise_result(c, y, 3);
}

// Attribute `opset` says which Softmax is meant: it flattened its input before 13.
void canonicalise_softmax(Canonicaliser& c) {
  if ((get_int(c.node, "opset") < 13) != (c.opset < 13))
    refuse(c.node, fmt::format("it is the Softmax of opset {} in a model of opset {}", get_int(c.node, "opset"), c.opset));
  c.node.attributes.erase("opset");
  canonicalise_unary(c);
}

// --- two and more operands ---

void canonicalise_binary(Canonicaliser& c) {
  ValueId a = real_input(c, 0), b = real_input(c, 3);
  quantise_result(c, add_preceding(c, float_operator(c.node), {a, b}), 6);
}

// Scales of a for each row, of b for each column.
void canonicalise_matmul(Canonicaliser& c) {
  int64_t rank_a = rank_of(c.graph, c.node, 0), rank_b = rank_of(c.graph, c.node, 3);
  ValueId a = real_input(c, 0, std::max<int64_t>(rank_a - 2, 0)), b = real_input(c, 3, std::max<int64_t>(rank_b - 1, 0));
  quantise_result(c, add_preceding(c, "MatMul", {a, b}), 6);
}

void canonicalise_where(Canonicaliser& c) {
  ValueId a = real_input(c, 1), b = real_input(c, 4);
  ValueId y = add_preceding(c, "Where", {needed_input(c, 0), a, b});
  quantise_result(c, y, 7);
}

void canonicalise_concat(Canonicaliser& c) {
  if (c.node.inputs.size() % 3 != 2) mismatch(c.node, "it needs an integer tensor, a scale and a zero point for each operand");
  std::vector<ValueId> operands;
  for (size_t i = 2; i < c.node.inputs.size(); i += 3) operands.push_back(real_input(c, i));
  quantise_result(c, add_preceding(c, "Concat", operands, c.node.attributes), 0);
}

// --- sums of products with biases in their steps ---

const Tensor& scale_of(const Canonicaliser& c, size_t i) {
  const Tensor* t = constant_of(c.graph, needed_input(c, i));
  if (!t) refuse(c.node, "its scale is computed at run time");
  if (t->type != DType::kFloat32) refuse(c.node, fmt::format("its scale has type {}", name_of(t->type)));
  return *t;
}

// int32 input `bias`, in steps of factor * scale a * scale b (one, or one for each channel), as real numbers.
ValueId real_bias(Canonicaliser& c, size_t bias, float factor, size_t a, size_t b) {
  const Tensor &first = scale_of(c, a), &second = scale_of(c, b);
  if (first.count() != 1) refuse(c.node, fmt::format("its input has {} scales", first.count()));
  Tensor steps = second;
  for (float& s : steps.as<float>()) s *= factor * first.as<float>()[0];
  ValueId scale = add_constant(c.graph, c.node.name + "/bias_scale", std::move(steps));
  int64_t axis = std::max<int64_t>(rank_of(c.graph, c.node, bias) - 1, 0);
  return add_preceding(c, "DequantizeLinear", {needed_input(c, bias), scale}, {{"axis", axis}});
}

void canonicalise_conv(Canonicaliser& c) {
  std::vector<ValueId> inputs{real_input(c, 0), real_input(c, 3)};
  if (has_input(c.node, 8)) inputs.push_back(real_bias(c, 8, 1, 1, 4));
  quantise_result(c, add_preceding(c, "Conv", inputs, c.node.attributes), 6);
}

// Without an output scale its result is float32.
void canonicalise_gemm(Canonicaliser& c) {
  float alpha = has_attribute(c.node, "alpha") ? get_float(c.node, "alpha") : 1;
  bool transposed = has_attribute(c.node, "transB") && get_int(c.node, "transB") != 0;
  std::vector<ValueId> inputs{real_input(c, 0), real_input(c, 3, transposed ? 0 : 1)};
  if (has_input(c.node, 6)) inputs.push_back(real_bias(c, 6, alpha, 1, 4));
  if (has_input(c.node, 7)) return quantise_result(c, add_preceding(c, "Gemm", inputs, c.node.attributes), 7);
  c.node.op = "Gemm";
  c.node.inputs = std::move(inputs);
}

constexpr std::string_view kLimits = "Constant scales and zero points; what its float operator refuses.";

constexpr Op standard(std::string_view name, int max_inputs, void (*canonicalise)(Canonicaliser&)) {
  return {.name = name, .min_inputs = 8, .max_inputs = max_inputs, .canonicalise = canonicalise, .limits = kLimits};
}

// Optional inputs stand between needed ones: canonicalise looks for itself.
constexpr Op contributed(std::string_view name, int max_inputs, void (*canonicalise)(Canonicaliser&)) {
  return {.name = name, .domain = "com.microsoft", .min_inputs = 2, .max_inputs = max_inputs, .canonicalise = canonicalise,
          .limits = kLimits};
}

constexpr Op same_as_standard(std::string_view name, std::string_view limits) {
  return {.name = name, .domain = "com.microsoft", .min_inputs = 2, .max_inputs = 3, .limits = limits};
}

constexpr Op kOps[] = {
    standard("QLinearConv", 9, canonicalise_conv),
    standard("QLinearMatMul", 8, canonicalise_matmul),
    contributed("QGemm", 9, canonicalise_gemm),
    contributed("QLinearAdd", 8, canonicalise_binary),
    contributed("QLinearAveragePool", 5, canonicalise_pool),
    contributed("QLinearConcat", kAnyNumber, canonicalise_concat),
    contributed("QLinearGlobalAveragePool", 5, canonicalise_pool),
    contributed("QLinearLeakyRelu", 5, canonicalise_unary),
    contributed("QLinearMul", 8, canonicalise_binary),
    contributed("QLinearReduceMean", 5, canonicalise_unary),
    contributed("QLinearSigmoid", 5, canonicalise_unary),
    contributed("QLinearSoftmax", 5, canonicalise_softmax),
    contributed("QLinearWhere", 9, canonicalise_where),
    same_as_standard("DequantizeLinear", "As ai.onnx's, which it becomes."),
    same_as_standard("QuantizeLinear", "As ai.onnx's, which it becomes."),
};

}  // namespace

std::span<const Op> qlinear_ops() { return kOps; }

}  // namespace netsuke
