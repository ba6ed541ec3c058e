#include "graph/graph.hpp"

#include <algorithm>

namespace netsuke {
namespace {

template <class T>
const T& get(const Node& n, const std::string& key) {
  auto it = n.attributes.find(key);
  NETSUKE_CHECK(it != n.attributes.end(), "node '{}' ({}) has no attribute '{}'", n.name, n.op, key);
  const T* value = std::get_if<T>(&it->second);
  NETSUKE_CHECK(value, "attribute '{}' of node '{}' ({}) has another type", key, n.name, n.op);
  return *value;
}

}  // namespace

ValueId add_value(Graph& g, Value value) {
  g.values.push_back(std::move(value));
  return static_cast<ValueId>(g.values.size()) - 1;
}

ValueId add_constant(Graph& g, std::string name, Tensor tensor, std::optional<Quantization> quantization) {
  Value v{std::move(name), tensor.type, tensor.shape, nullptr, std::move(quantization)};
  v.constant = std::make_shared<const Tensor>(std::move(tensor));
  return add_value(g, std::move(v));
}

const Tensor* constant_of(const Graph& g, ValueId id) {
  return id == kNoValue ? nullptr : g[id].constant.get();
}

bool has_input(const Node& n, size_t i) { return i < n.inputs.size() && n.inputs[i] != kNoValue; }
int64_t get_int(const Node& n, const std::string& key) { return get<int64_t>(n, key); }
float get_float(const Node& n, const std::string& key) { return get<float>(n, key); }
const std::string& get_string(const Node& n, const std::string& key) { return get<std::string>(n, key); }
const std::vector<int64_t>& get_ints(const Node& n, const std::string& key) {
  return get<std::vector<int64_t>>(n, key);
}
bool has_attribute(const Node& n, const std::string& key) { return n.attributes.contains(key); }

Links link(const Graph& g) {
  Links links;
  links.producer.assign(g.values.size(), -1);
  links.consumers.resize(g.values.size());
  links.is_output.assign(g.values.size(), false);
  links.is_rounded.assign(g.values.size(), false);
  for (size_t i = 0; i < g.values.size(); i++) links.is_rounded[i] = g.values[i].quantization && !g.values[i].constant;
  for (size_t i = 0; i < g.nodes.size(); i++) {
    for (ValueId v : g.nodes[i].outputs)
      if (v != kNoValue) links.producer[static_cast<size_t>(v)] = static_cast<int>(i);
    for (ValueId v : g.nodes[i].inputs)
      if (v != kNoValue) links.consumers[static_cast<size_t>(v)].push_back(static_cast<int>(i));
  }
  for (ValueId v : g.outputs) links.is_output[static_cast<size_t>(v)] = true;
  return links;
}

void replace_uses(Graph& g, ValueId from, ValueId to) {
  for (Node& n : g.nodes) std::replace(n.inputs.begin(), n.inputs.end(), from, to);
  std::replace(g.outputs.begin(), g.outputs.end(), from, to);
}

}  // namespace netsuke
