// y = A(x); z = B(x); output z   →   z = B(x); output z
//
// Needs nothing, keeps every result, and leaves unused values in g.values (ids stay valid).
#include "passes/passes.hpp"

namespace netsuke {

bool remove_dead_code(Graph& g, const PassOptions&) {
  std::vector<bool> live(g.values.size(), false);
  for (ValueId v : g.outputs) live[static_cast<size_t>(v)] = true;
  std::vector<Node> kept;
  for (size_t i = g.nodes.size(); i-- > 0;) {
    Node& n = g.nodes[i];
    bool needed = false;
    for (ValueId v : n.outputs) needed |= v != kNoValue && live[static_cast<size_t>(v)];
    if (!needed) continue;
    for (ValueId v : n.inputs)
      if (v != kNoValue) live[static_cast<size_t>(v)] = true;
    kept.push_back(std::move(n));
  }
  bool changed = kept.size() != g.nodes.size();
  g.nodes.assign(std::make_move_iterator(kept.rbegin()), std::make_move_iterator(kept.rend()));
  return changed;
}

}  // namespace netsuke
