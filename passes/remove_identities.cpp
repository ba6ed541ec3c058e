// y = Reshape(x) to x's own shape        →   readers of y read x
// z = Reshape(Reshape(x, a), b)          →   z = Reshape(x, b)
//
// Needs canonical reshapes. One that makes a graph output stays: it costs nothing and keeps the name.
#include "passes/passes.hpp"

namespace netsuke {

bool remove_identities(Graph& g, const PassOptions& options) {
  Links links = link(g);
  bool changed = false;
  for (Node& n : g.nodes) {
    if (n.op != "Reshape" || !n.activations.empty()) continue;
    int producer = links.producer[static_cast<size_t>(n.inputs[0])];
    if (producer >= 0 && g.nodes[static_cast<size_t>(producer)].op == "Reshape" &&
        g.nodes[static_cast<size_t>(producer)].activations.empty()) {
      n.inputs[0] = g.nodes[static_cast<size_t>(producer)].inputs[0];
      producer = links.producer[static_cast<size_t>(n.inputs[0])];
      changed = true;
    }
    if (g[n.inputs[0]].shape != g[n.outputs[0]].shape) continue;
    if (links.is_output[static_cast<size_t>(n.outputs[0])]) continue;  // keeps the output's own name
    replace_uses(g, n.outputs[0], n.inputs[0]);
    changed = true;
  }
  return remove_dead_code(g, options) || changed;
}

}  // namespace netsuke
