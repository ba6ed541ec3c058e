// DynamicQuantizeLinear: the grid is that of the values at hand. Outputs: uint8 integers, scale, zero point.
#include <algorithm>
#include <cmath>

#include "graph/quantization.hpp"
#include "lower/lowering.hpp"
#include "ops/helpers.hpp"

namespace netsuke {
namespace {

// Outputs that nobody wants are written all the same.
void canonicalise_dynamic(Canonicaliser& c) {
  for (ValueId& v : c.node.outputs)
    if (v == kNoValue) v = add_value(c.graph, Value{c.node.name + "/unused", DType::kUndefined, {}, nullptr, std::nullopt});
}

void infer_dynamic(Graph& g, Node& n) {
  require_type(g, n, 0, {DType::kFloat32});
  set_output(g, n, 0, DType::kUint8, shape_of(g, n, 0));
  set_output(g, n, 1, DType::kFloat32, {});
  set_output(g, n, 2, DType::kUint8, {});
}

void eval_dynamic(Evaluation& e) {
  float low = 0, high = 0;
  for (float x : e.in[0]->as<float>()) low = std::fmin(low, x), high = std::fmax(high, x);
  float scale = high > low ? (high - low) / 255 : 1;
  float zero = std::nearbyint(std::clamp((0 - low) / scale, 0.0f, 255.0f));
  Quantization q = per_tensor_grid(scale, static_cast<int32_t>(zero), DType::kUint8);
  e.out[0] = to_grid(*e.in[0], q);
  e.out[1].as<float>()[0] = scale;
  e.out[2].as<uint8_t>()[0] = static_cast<uint8_t>(zero);
}

void lower_dynamic(Lowering& l, const Node& n) {
  Call call = make_call(n, "dynamic_quantize", "dynamic_quantize.hpp");
  call.parameters = {{"count", count_of(shape_of(l.graph, n, 0))}};
  call.arguments = {read(buffer_of(l, n.inputs[0]))};
  for (ValueId v : n.outputs) call.arguments.push_back(write(buffer_of(l, v)));
  l.program.calls.push_back(std::move(call));
}

constexpr Op kOps[] = {
    {.name = "DynamicQuantizeLinear", .min_outputs = 3, .max_outputs = 3, .canonicalise = canonicalise_dynamic,
     .infer = infer_dynamic, .eval = eval_dynamic, .lower = lower_dynamic, .limits = "Float32 only."},
};

}  // namespace

std::span<const Op> dynamic_quantize_ops() { return kOps; }

}  // namespace netsuke
