// y = Conv(x); z = Reshape(y) ~grid          →   y = Conv(x) ~grid; z = Reshape(y) ~grid
// y = MaxPool(x ~grid); z = Conv(y)          →   y = MaxPool(x ~grid) ~grid; z = Conv(y)
//
// Operators that hand elements on (IntegerForm::kMove) carry grids to both sides, so that what lies between two integer
// operators runs in integers, too. Rounding and moving commute. Needs unrounded values with one reader on the way
// back, and results that are on the grid anyway on the way forward. Keeps every result exactly.
#include "graph/quantization.hpp"
#include "ops/op.hpp"
#include "passes/passes.hpp"
#include "passes/rewrite.hpp"

namespace netsuke {
namespace {

bool is_per_tensor(const std::optional<Quantization>& q) { return q && q->axis < 0; }

bool is_on_grid(float x, const Quantization& q) { return to_real(to_stored(double(x), q), q) == x; }

// Its outputs have elements of its first input only, or padding.
bool moves(const Node& n) {
  return op_of(n).integer == IntegerForm::kMove && n.activations.empty() && !(n.op == "Resample" && n.inputs.size() > 2);
}

bool pads_on_grid(const Node& n, const Quantization& q) {
  return n.op != "Pad" || get_string(n, "mode") != "constant" || is_on_grid(get_float(n, "value"), q);
}

bool forward(Graph& g, const Node& n) {
  const auto grid = g[n.inputs[0]].quantization;
  if (!is_per_tensor(grid) || g[n.inputs[0]].constant || !moves(n) || !pads_on_grid(n, *grid)) return false;
  bool changed = false;
  for (ValueId v : n.outputs)
    if (v != kNoValue && g[v].type == DType::kFloat32 && !g[v].quantization) {
      g[v].quantization = grid;
      changed = true;
    }
  return changed;
}

bool backward(Graph& g, const Links& links, const Node& n) {
  ValueId x = n.inputs[0];
  if (n.outputs.size() != 1 || !moves(n) || g[x].quantization || g[x].type != DType::kFloat32) return false;
  const auto& grid = g[n.outputs[0]].quantization;
  if (!is_per_tensor(grid) || !producer_of(g, links, x) || !has_one_reader(links, x) || !pads_on_grid(n, *grid)) return false;
  g[x].quantization = grid;
  return true;
}

}  // namespace

bool spread_grids(Graph& g, const PassOptions&) {
  bool changed = false;
  Links links = link(g);
  for (size_t i = g.nodes.size(); i-- > 0;)
    if (!g.nodes[i].inputs.empty()) changed |= backward(g, links, g.nodes[i]);
  for (const Node& n : g.nodes)
    if (!n.inputs.empty() && n.inputs[0] != kNoValue) changed |= forward(g, n);
  return changed;
}

}  // namespace netsuke
