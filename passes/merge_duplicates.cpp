// y = Op(x, c1); z = Op(x, c2), c1 == c2   →   readers of z read y
//
// Needs equal attributes, activations and grids; equal constants count as one, which also saves their flash.
// Exact: no operator has a state. A node that makes a graph output stays.
#include <map>

#include "passes/passes.hpp"

namespace netsuke {
namespace {

bool merge_constants(Graph& g) {
  std::map<std::string_view, std::vector<ValueId>> by_bytes;  // views into tensors, which nothing changes here
  std::map<ValueId, ValueId> first;
  for (size_t i = 0; i < g.values.size(); i++) {
    const Tensor* t = g.values[i].constant.get();
    if (!t) continue;
    auto& same = by_bytes[{reinterpret_cast<const char*>(t->bytes.data()), t->bytes.size()}];
    auto id = static_cast<ValueId>(i);
    for (ValueId other : same)
      if (g[other].type == t->type && g[other].shape == t->shape && g[other].quantization == g[id].quantization)
        first.emplace(id, other);
    if (!first.contains(id)) same.push_back(id);
  }
  bool changed = false;
  for (Node& n : g.nodes)
    for (ValueId& v : n.inputs)
      if (auto it = first.find(v); it != first.end()) {
        v = it->second;
        changed = true;
      }
  return changed;
}

// As far as both have an output: of one grid.
bool rounds_alike(const Graph& g, const Node& a, const Node& b) {
  for (size_t i = 0; i < a.outputs.size(); i++)
    if (a.outputs[i] != kNoValue && b.outputs[i] != kNoValue && g[a.outputs[i]].quantization != g[b.outputs[i]].quantization)
      return false;
  return true;
}

bool is_same(const Graph& g, const Node& a, const Node& b) {
  return a.op == b.op && a.inputs == b.inputs && a.attributes == b.attributes && a.activations == b.activations &&
         a.outputs.size() == b.outputs.size() && rounds_alike(g, a, b);
}

}  // namespace

bool merge_duplicates(Graph& g, const PassOptions& options) {
  bool changed = merge_constants(g);
  Links links = link(g);
  auto is_output = [&](const Node& n) {
    for (ValueId v : n.outputs)
      if (v != kNoValue && links.is_output[static_cast<size_t>(v)]) return true;
    return false;
  };
  std::map<std::vector<ValueId>, std::vector<size_t>> by_inputs;
  for (size_t i = 0; i < g.nodes.size(); i++) {
    Node& n = g.nodes[i];
    auto& same = by_inputs[n.inputs];
    size_t first = i;
    for (size_t other : same)
      if (is_same(g, g.nodes[other], n)) first = other;
    if (first == i || is_output(n)) {
      same.push_back(i);
      continue;
    }
    for (size_t o = 0; o < n.outputs.size(); o++)
      if (n.outputs[o] != kNoValue && g.nodes[first].outputs[o] != kNoValue) {
        replace_uses(g, n.outputs[o], g.nodes[first].outputs[o]);
        changed = true;
      }
  }
  return remove_dead_code(g, options) || changed;
}

}  // namespace netsuke
