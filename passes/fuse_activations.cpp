// y = Conv(x); z = Relu(y)   →   z = Conv(x) |> relu
//
// For every operator whose kernel applies activations as it stores (kFusing). Needs y to have no other
// reader and not to be a graph output. Exact: the same function is applied to the same value.
#include <algorithm>
#include <array>

#include "ops/activation.hpp"
#include "passes/passes.hpp"

namespace netsuke {
namespace {

constexpr std::array<std::string_view, 11> kFusing = {"Conv", "ConvTranspose", "Dense", "Add", "Sub", "Mul",
                                                      "Div",  "Pow",           "Min",   "Max", "PRelu"};

bool can_fuse_into(const Graph& g, const Links& links, const Node& producer) {
  auto value = static_cast<size_t>(producer.outputs[0]);
  return std::find(kFusing.begin(), kFusing.end(), producer.op) != kFusing.end() &&
         g[producer.outputs[0]].type == DType::kFloat32 && !links.is_output[value] &&
         links.consumers[value].size() == 1;
}

}  // namespace

bool fuse_activations(Graph& g, const PassOptions& options) {
  bool changed = false;
  Links links = link(g);
  for (size_t i = 0; i < g.nodes.size(); i++) {
    Node& n = g.nodes[i];
    Activation a = activation_of(n);
    if (a.function.empty()) continue;
    int p = links.producer[static_cast<size_t>(n.inputs[0])];
    if (p < 0 || !can_fuse_into(g, links, g.nodes[static_cast<size_t>(p)])) continue;
    // The producer moves to the activation's place and makes its output.
    Node fused = g.nodes[static_cast<size_t>(p)];
    fused.activations.push_back(a);
    fused.activations.insert(fused.activations.end(), n.activations.begin(), n.activations.end());
    fused.outputs = n.outputs;
    n = std::move(fused);
    links = link(g);
    changed = true;
  }
  return remove_dead_code(g, options) || changed;
}

}  // namespace netsuke
