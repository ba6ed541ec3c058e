#include "ops/broadcasting.hpp"

#include <algorithm>

#include "ops/helpers.hpp"

namespace netsuke {
namespace {

// Strides of an operand along the dimensions of the output.
Shape broadcast_strides(const Shape& out, const Shape& operand) {
  Shape own = strides_of(operand), strides(out.size(), 0);
  size_t skip = out.size() - operand.size();
  for (size_t i = 0; i < operand.size(); i++)
    if (operand[i] != 1) strides[skip + i] = own[i];
  return strides;
}

}  // namespace

Loops collapse(const Shape& out, const std::vector<Shape>& operands) {
  std::vector<Shape> strides;
  for (const Shape& s : operands) strides.push_back(broadcast_strides(out, s));
  // From the innermost dimension outwards, reversed at the end. A dimension continues the loop before it if
  // every operand steps along it by exactly that loop's length.
  Loops l{{}, std::vector<std::vector<int64_t>>(operands.size())};
  for (size_t d = out.size(); d-- > 0;) {
    if (out[d] == 1) continue;
    bool merge = !l.dims.empty();
    for (size_t k = 0; k < operands.size() && merge; k++)
      merge = strides[k][d] == l.strides[k].back() * l.dims.back();
    if (merge) {
      l.dims.back() *= out[d];
      continue;
    }
    l.dims.push_back(out[d]);
    for (size_t k = 0; k < operands.size(); k++) l.strides[k].push_back(strides[k][d]);
  }
  if (l.dims.empty()) {
    l.dims.push_back(1);
    for (auto& s : l.strides) s.push_back(0);
  }
  std::reverse(l.dims.begin(), l.dims.end());
  for (auto& s : l.strides) std::reverse(s.begin(), s.end());
  return l;
}

std::optional<RowRule> elementwise_rows(const Graph& g, const Node& n) {
  const Shape& out = g[n.outputs[0]].shape;
  if (out.size() < 2 || out[0] != 1) return std::nullopt;
  for (ValueId v : n.inputs) {
    if (v == kNoValue) continue;
    const Shape& in = g[v].shape;
    if (!g[v].constant && in != out) return std::nullopt;
    if (g[v].constant && out[1] != 1 && in.size() + 1 >= out.size() && in[in.size() + 1 - out.size()] != 1)
      return std::nullopt;
  }
  RowRule rule;
  rule.in_rows = rule.out_rows = out[1];
  rule.kind = RowKind::kElementwise;
  return rule;
}

std::optional<RowRule> rows_alone(const Shape& shape, int64_t axis) {
  if (axis < 2 || shape[0] != 1) return std::nullopt;
  return RowRule{.in_rows = shape[1], .out_rows = shape[1], .kind = RowKind::kElementwise};
}

Parameter typed_activation_parameter(const Node& n, DType type) {
  if (type == DType::kFloat32) return activation_parameter(n);
  NETSUKE_CHECK(n.activations.empty(), "activation on {} in '{}'", name_of(type), n.name);
  std::string c_type(c_type_of(type));
  return {"act", Function{c_type, c_type + " x", "x", ""}};
}

Parameter type_parameter(std::string name, DType type) {
  return {std::move(name), TypeName{std::string(c_type_of(type))}};
}

std::vector<std::pair<int, int>> elementwise_in_place(const Graph& g, const Node& n, int output) {
  std::vector<std::pair<int, int>> pairs;
  const Value& out = g[n.outputs[0]];
  for (size_t i = 0; i < n.inputs.size(); i++) {
    const Value& in = g[n.inputs[i]];
    if (!in.constant && in.type == out.type && count_of(in.shape) == count_of(out.shape))
      pairs.push_back({static_cast<int>(i), output});
  }
  return pairs;
}

}  // namespace netsuke
