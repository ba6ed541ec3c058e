// y = Op(constants)   →   constant y
//
// The loader folds as it reads; this catches what became constant through later passes. Needs nothing,
// keeps every result (the reference evaluator computes it).
#include "ops/helpers.hpp"
#include "passes/passes.hpp"

namespace netsuke {

bool fold_constants(Graph& g, const PassOptions&) {
  auto is_constant = [&](const Node& n) {
    for (ValueId v : n.inputs)
      if (v != kNoValue && !g[v].constant) return false;
    return true;
  };
  return std::erase_if(g.nodes, [&](Node& n) { return is_constant(n) && infer_and_fold(g, n); }) > 0;
}

}  // namespace netsuke
