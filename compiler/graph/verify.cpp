#include "graph/graph.hpp"

namespace netsuke {
namespace {

void check_value(const Value& v, const std::string& stage) {
  NETSUKE_CHECK(v.type != DType::kUndefined, "{}: value '{}' has no type", stage, v.name);
  for (int64_t d : v.shape) NETSUKE_CHECK(d >= 0, "{}: value '{}' has shape {}", stage, v.name, to_string(v.shape));
  if (v.constant)
    NETSUKE_CHECK(v.constant->type == v.type && v.constant->shape == v.shape &&
                      v.constant->count() == count_of(v.shape),
                  "{}: constant '{}' does not match its value", stage, v.name);
}

}  // namespace

void verify(const Graph& g, const std::string& stage) {
  const auto n_values = static_cast<ValueId>(g.values.size());
  std::vector<bool> ready(g.values.size(), false);
  auto in_range = [&](ValueId v) { return v >= 0 && v < n_values; };
  for (size_t i = 0; i < g.values.size(); i++) ready[i] = g.values[i].constant != nullptr;
  for (ValueId v : g.inputs) {
    NETSUKE_CHECK(in_range(v) && !ready[static_cast<size_t>(v)], "{}: graph input {}", stage, v);
    check_value(g[v], stage);
    ready[static_cast<size_t>(v)] = true;
  }
  for (const Node& n : g.nodes) {
    for (ValueId v : n.inputs) {
      if (v == kNoValue) continue;
      NETSUKE_CHECK(in_range(v), "{}: node '{}' reads value {}", stage, n.name, v);
      NETSUKE_CHECK(ready[static_cast<size_t>(v)], "{}: node '{}' reads '{}' before it is made", stage, n.name,
                    g[v].name);
      check_value(g[v], stage);
    }
    for (ValueId v : n.outputs) {
      if (v == kNoValue) continue;
      NETSUKE_CHECK(in_range(v) && !ready[static_cast<size_t>(v)], "{}: node '{}' makes value {} again", stage,
                    n.name, v);
      check_value(g[v], stage);
      ready[static_cast<size_t>(v)] = true;
    }
  }
  for (ValueId v : g.outputs)
    NETSUKE_CHECK(in_range(v) && ready[static_cast<size_t>(v)], "{}: graph output {} is never made", stage, v);
}

}  // namespace netsuke
