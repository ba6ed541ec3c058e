// y = Conv(x); z = Relu(y)                →   z = Conv(x) |> relu
// y = Reshape(x); z = Relu(y)             →   y = Relu(x); z = Reshape(y), and on from there
//
// For every operator whose kernel applies activations as it stores (kFusing). Needs y to have no other
// reader and not to be a graph output; several readers that all apply the same function are one by now
// (merge_duplicates.cpp). A result that is rounded onto a grid only takes relu and clip, which are limits of the
// integers; any other function would need the sum before it in real numbers. Exact: the same function is applied to the same value.
#include <algorithm>
#include <array>

#include "ops/activation.hpp"
#include "passes/passes.hpp"
#include "passes/rewrite.hpp"

namespace netsuke {
namespace {

constexpr std::array<std::string_view, 15> kFusing = {
    "Conv", "ConvTranspose", "Dense", "MaxPool", "AveragePool", "GlobalMaxPool", "GlobalAveragePool",
    "Add",  "Sub",           "Mul",   "Div",     "Pow",         "Min",           "Max",
    "PRelu"};

bool is_limit(const Activation& a) { return a.function == "relu" || a.function == "clip"; }

bool can_fuse_into(const Graph& g, const Links& links, const Node& producer, const Node& n) {
  if (g[n.outputs[0]].quantization && !is_limit(activation_of(n))) return false;
  return std::find(kFusing.begin(), kFusing.end(), producer.op) != kFusing.end() &&
         g[producer.outputs[0]].type == DType::kFloat32 && has_one_reader(links, producer.outputs[0]);
}

// Reshape, function  →  function, Reshape. The value between them takes the shape in front.
bool swap_with_reshape(Graph& g, const Links& links, Node& reshape, Node& function) {
  ValueId between = function.inputs[0];
  if (reshape.op != "Reshape" || !reshape.activations.empty() || !has_one_reader(links, between)) return false;
  g[between].shape = g[reshape.inputs[0]].shape;
  std::swap(reshape.op, function.op);
  std::swap(reshape.name, function.name);
  std::swap(reshape.attributes, function.attributes);
  std::swap(reshape.activations, function.activations);
  return true;
}

}  // namespace

bool fuse_activations(Graph& g, const PassOptions& options) {
  bool changed = false;
  Links links = link(g);
  for (size_t i = 0; i < g.nodes.size(); i++) {
    Node& n = g.nodes[i];
    Activation a = activation_of(n);
    if (a.function.empty()) continue;
    Node* producer = producer_of(g, links, n.inputs[0]);
    if (!producer) continue;
    if (swap_with_reshape(g, links, *producer, n)) {
      i = static_cast<size_t>(producer - g.nodes.data()) - 1;  // now the function stands there
      changed = true;
      continue;
    }
    if (!can_fuse_into(g, links, *producer, n)) continue;
    // The producer moves to the function's place and makes its output.
    Node fused = *producer;
    fused.activations.push_back(a);
    fused.activations.insert(fused.activations.end(), n.activations.begin(), n.activations.end());
    fused.outputs = n.outputs;
    n = std::move(fused);
    remove_dead_code(g, options);
    links = link(g);
    i = static_cast<size_t>(-1);
    changed = true;
  }
  return remove_dead_code(g, options) || changed;
}

}  // namespace netsuke
