#include "lower/flash.hpp"
#include "lower/lowering.hpp"
#include "lower/rows.hpp"
#include "lower/share.hpp"
#include "ops/integer.hpp"
#include "ops/integer_lower.hpp"
#include "ops/op.hpp"

namespace netsuke {
namespace {

bool is_view(const Node& n) { return n.op == "Reshape"; }

// A value that is only reshaped on its way to a graph output is computed right in that output's memory.
void place_views_in_outputs(Lowering& l) {
  for (size_t i = l.graph.nodes.size(); i-- > 0;) {
    const Node& n = l.graph.nodes[i];
    if (!is_view(n)) continue;
    BufferId& source = l.buffers[static_cast<size_t>(n.inputs[0])];
    BufferId target = l.buffers[static_cast<size_t>(n.outputs[0])];
    if (source < 0 && !l.graph[n.inputs[0]].constant) source = target;
  }
}

void add_ports(Lowering& l) {
  auto add = [&](ValueId v, Place place, std::vector<Port>& ports) {
    const Value& value = l.graph[v];
    int index = static_cast<int>(ports.size());
    ports.push_back({value.name, value.type, value.shape});
    if (value.quantization && value.type != DType::kFloat32) ports.back().grid = {value.quantization->scales[0], value.quantization->zero_points[0]};
    l.program.buffers.push_back(Buffer{value.name, value.type, value.shape, place, index});
    BufferId id = static_cast<BufferId>(l.program.buffers.size()) - 1;
    if (l.buffers[static_cast<size_t>(v)] < 0 && !value.constant) l.buffers[static_cast<size_t>(v)] = id;
    return id;
  };
  for (ValueId v : l.graph.inputs) add(v, Place::kInput, l.program.inputs);
  for (ValueId v : l.graph.outputs) add(v, Place::kOutput, l.program.outputs);
}

// Outputs that no call writes: constants, graph inputs passed through, a value that is output twice.
void copy_remaining_outputs(Lowering& l) {
  for (size_t i = 0; i < l.program.buffers.size(); i++) {
    if (l.program.buffers[i].place != Place::kOutput) continue;
    ValueId v = l.graph.outputs[static_cast<size_t>(l.program.buffers[i].index)];
    BufferId source = buffer_of(l, v);
    if (source == static_cast<BufferId>(i)) continue;
    add_copy(l, l.graph[v].name, source, static_cast<BufferId>(i));
  }
}

}  // namespace

Program lower(const Graph& g, const PackChoice& pack, const std::set<std::string>& small) {
  Program p;
  p.name = g.name;
  Lowering l{g, p, std::vector<BufferId>(g.values.size(), -1), pack};
  add_ports(l);
  place_views_in_outputs(l);
  for (const Node& n : g.nodes) {
    const Op& op = op_of(n);
    l.pack = small.contains(n.name) ? at_int8_size(pack) : pack;
    if (is_integer_node(g, n) && lower_integer_node(l, n)) continue;
    NETSUKE_CHECK(op.lower, "operator '{}' of node '{}' has no lowering", n.op, n.name);
    op.lower(l, n);
  }
  copy_remaining_outputs(l);
  if (pack.dual_multiply) share_code(p);
  add_row_forms(p);
  verify(p, "lower");
  return p;
}

}  // namespace netsuke
