#include "passes/lazy_transposes.hpp"

#include <numeric>

#include "ops/helpers.hpp"

namespace netsuke {
namespace {

// Appends the node that makes `to` = permuted(source, permutation).
void append_transpose(LazyTransposes& t, ValueId source, const Permutation& permutation, ValueId to) {
  Node n{"Transpose", t.graph[source].name + "/transpose", {source}, {to}, {}, {}};
  if (keeps_memory(t.graph[source].shape, permutation)) {
    n.op = "Reshape";
    n.attributes["shape"] = t.graph[to].shape;
    n.attributes["allowzero"] = int64_t{1};
  } else {
    n.attributes["perm"] = permutation;
  }
  t.nodes.push_back(std::move(n));
}

// A new value like `v` with permuted dimensions.
ValueId add_permuted(Graph& g, ValueId v, const Permutation& permutation) {
  Value value = g[v];
  value.name += "/transposed";
  value.shape = permuted(value.shape, permutation);
  if (value.quantization && value.quantization->axis >= 0)
    value.quantization->axis = inverse(permutation)[static_cast<size_t>(value.quantization->axis)];
  if (value.constant) value.constant = std::make_shared<const Tensor>(permuted(*value.constant, permutation));
  return add_value(g, std::move(value));
}

}  // namespace

Permutation identity_permutation(size_t rank) {
  Permutation p(rank);
  std::iota(p.begin(), p.end(), 0);
  return p;
}

bool keeps_memory(const Shape& shape, const Permutation& permutation) {
  int64_t last = -1;
  for (int64_t axis : permutation) {
    if (shape[static_cast<size_t>(axis)] == 1) continue;
    if (axis < last) return false;
    last = axis;
  }
  return true;
}

void set_lazy(LazyTransposes& t, ValueId v, ValueId source, const Permutation& permutation) {
  Origin origin = origin_of(t, source);
  t.origins[v] = {origin.source, composed(origin.permutation, permutation)};
}

Origin origin_of(const LazyTransposes& t, ValueId v) {
  auto it = t.origins.find(v);
  return it != t.origins.end() ? it->second : Origin{v, identity_permutation(t.graph[v].shape.size())};
}

bool is_lazy(const LazyTransposes& t, ValueId v) { return v != kNoValue && t.origins.contains(v); }

ValueId permuted_value(LazyTransposes& t, ValueId v, const Permutation& permutation) {
  Origin origin = origin_of(t, v);
  Permutation p = composed(origin.permutation, permutation);
  if (is_identity(p)) return origin.source;
  auto [it, added] = t.made.try_emplace({origin.source, p}, kNoValue);
  if (!added) return it->second;
  it->second = add_permuted(t.graph, origin.source, p);
  if (!t.graph[origin.source].constant) append_transpose(t, origin.source, p, it->second);
  return it->second;
}

ValueId plain(LazyTransposes& t, ValueId v) {
  auto lazy = t.origins.find(v);
  if (v == kNoValue || lazy == t.origins.end()) return v;
  const auto& [source, p] = lazy->second;
  if (is_identity(p)) return source;
  auto [it, added] = t.made.try_emplace({source, p}, v);
  if (added) append_transpose(t, source, p, v);
  return it->second;
}

void make_output(LazyTransposes& t, ValueId v) {
  ValueId source = plain(t, v);
  if (source != v) append_transpose(t, source, identity_permutation(t.graph[v].shape.size()), v);
}

int64_t cost_of(const LazyTransposes& t, ValueId v, const Permutation& permutation) {
  Origin origin = origin_of(t, v);
  Permutation p = composed(origin.permutation, permutation);
  const Value& source = t.graph[origin.source];
  if (source.constant || keeps_memory(source.shape, p) || t.made.contains({origin.source, p})) return 0;
  return count_of(source.shape);
}

ValueId reshaped_value(LazyTransposes& t, ValueId v, const Shape& shape) {
  Value value = t.graph[v];
  if (value.quantization && value.quantization->axis >= 0)  // dimensions come in front
    value.quantization->axis += static_cast<int64_t>(shape.size()) - static_cast<int64_t>(value.shape.size());
  value.shape = shape;
  if (value.constant) {
    auto tensor = std::make_shared<Tensor>(*value.constant);
    tensor->shape = shape;
    value.constant = std::move(tensor);
    return add_value(t.graph, std::move(value));
  }
  ValueId out = add_value(t.graph, std::move(value));
  t.nodes.push_back(Node{"Reshape", t.graph[v].name + "/reshape", {v}, {out}, {{"shape", shape}, {"allowzero", int64_t{1}}}, {}});
  return out;
}

}  // namespace netsuke
