#include "passes/rewrite.hpp"

#include <algorithm>

#include "ops/activation.hpp"

namespace netsuke {

const Node* producer_of(const Graph& g, const Links& links, ValueId v) {
  if (v == kNoValue) return nullptr;
  int p = links.producer[static_cast<size_t>(v)];
  return p < 0 ? nullptr : &g.nodes[static_cast<size_t>(p)];
}

Node* producer_of(Graph& g, const Links& links, ValueId v) {
  return const_cast<Node*>(producer_of(std::as_const(g), links, v));
}

bool has_one_reader(const Links& links, ValueId v) {
  auto i = static_cast<size_t>(v);
  return links.consumers[i].size() == 1 && !links.is_output[i] && !links.is_rounded[i];
}

std::optional<float> uniform_constant(const Graph& g, ValueId v) {
  const Tensor* t = constant_of(g, v);
  if (!t || t->type != DType::kFloat32 || t->count() == 0) return std::nullopt;
  auto values = t->as<float>();
  if (std::any_of(values.begin(), values.end(), [&](float x) { return x != values[0]; })) return std::nullopt;
  return values[0];
}

std::vector<double> along_axis(const Tensor* t, const Shape& shape, size_t axis) {
  if (!t || t->type != DType::kFloat32 || t->shape.size() > shape.size() || t->count() == 0) return {};
  size_t skip = shape.size() - t->shape.size();
  for (size_t i = 0; i < t->shape.size(); i++)
    if (t->shape[i] != 1 && (i + skip != axis || t->shape[i] != shape[axis])) return {};
  std::vector<double> values(static_cast<size_t>(shape[axis]));
  for (size_t c = 0; c < values.size(); c++) values[c] = double(t->as<float>()[t->count() == 1 ? 0 : c]);
  return values;
}

ValueId add_floats(Graph& g, std::string name, Shape shape, const std::vector<double>& values) {
  std::vector<float> rounded(values.begin(), values.end());
  return add_constant(g, std::move(name), make_tensor<float>(std::move(shape), rounded));
}

bool is_non_negative(const Graph& g, const Links& links, ValueId v) {
  const Node* n = producer_of(g, links, v);
  if (!n) return false;
  Activation a = n->activations.empty() ? activation_of(*n) : n->activations.back();
  if (a.function == "clip") return a.arguments[0] >= 0;
  return a.function == "relu" || a.function == "sigmoid" || a.function == "hard_sigmoid" || a.function == "softplus";
}

bool rounds_anew(const Graph& g, const Node& n, ValueId x) {
  const auto& grid = g[n.outputs[0]].quantization;
  return grid && grid != g[x].quantization;
}

void bypass(Graph& g, const Links& links, Node& n, ValueId x) {
  ValueId y = n.outputs[0];
  if (!links.is_output[static_cast<size_t>(y)]) return replace_uses(g, y, x);
  Shape shape = g[y].shape;
  n = Node{"Reshape", n.name, {x}, {y}, {{"shape", shape}, {"allowzero", int64_t{1}}}, {}};
}

std::vector<double> bias_of(const Graph& g, const Node& n, int64_t channels) {
  return has_input(n, 2) ? to_doubles(*constant_of(g, n.inputs[2])) : std::vector<double>(static_cast<size_t>(channels));
}

}  // namespace netsuke
