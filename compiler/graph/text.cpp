#include <fmt/ranges.h>

#include "graph/graph.hpp"

namespace netsuke {
namespace {

// "~int8(0.5,-3)" for a grid per tensor, "~int8(64 scales, axis 0)" for others.
std::string grid_text(const Quantization& q) {
  if (q.axis < 0) return fmt::format(" ~{}({},{})", name_of(q.type), q.scales[0], q.zero_points[0]);
  return fmt::format(" ~{}({} scales, axis {})", name_of(q.type), q.scales.size(), q.axis);
}

std::string typed(const Value& v) {
  return fmt::format("{}: {}{}{}", v.name, name_of(v.type), to_string(v.shape), v.quantization ? grid_text(*v.quantization) : "");
}

std::string attribute_text(const Attribute& a) {
  struct {
    std::string operator()(int64_t v) const { return fmt::format("{}", v); }
    std::string operator()(float v) const { return fmt::format("{}", v); }
    std::string operator()(const std::string& v) const { return fmt::format("\"{}\"", v); }
    std::string operator()(const std::vector<int64_t>& v) const { return fmt::format("[{}]", fmt::join(v, ",")); }
    std::string operator()(const std::vector<float>& v) const { return fmt::format("[{}]", fmt::join(v, ",")); }
    std::string operator()(const Tensor& v) const {
      return fmt::format("{}{}", name_of(v.type), to_string(v.shape));
    }
  } print;
  return std::visit(print, a);
}

std::string node_text(const Graph& g, const Node& n) {
  std::vector<std::string> outputs, inputs, attributes;
  for (ValueId v : n.outputs) outputs.push_back(v == kNoValue ? "_" : typed(g[v]));
  for (ValueId v : n.inputs) inputs.push_back(v == kNoValue ? "_" : g[v].name);
  for (const auto& [key, a] : n.attributes) attributes.push_back(fmt::format("{}={}", key, attribute_text(a)));
  std::string text = fmt::format("{} = {}({})", fmt::join(outputs, ", "), n.op, fmt::join(inputs, ", "));
  if (!attributes.empty()) text += fmt::format(" {{{}}}", fmt::join(attributes, ", "));
  for (const Activation& a : n.activations)
    text += fmt::format(" |> {}({})", a.function, fmt::join(a.arguments, ", "));
  return text;
}

}  // namespace

std::string to_text(const Graph& g) {
  std::string text = fmt::format("graph {}\n", g.name);
  for (ValueId v : g.inputs) text += fmt::format("input  {}\n", typed(g[v]));
  std::vector<bool> used(g.values.size(), false);
  for (const Node& n : g.nodes)
    for (ValueId v : n.inputs)
      if (v != kNoValue) used[static_cast<size_t>(v)] = true;
  for (size_t i = 0; i < g.values.size(); i++)
    if (g.values[i].constant && used[i]) text += fmt::format("const  {}\n", typed(g.values[i]));
  for (const Node& n : g.nodes) text += fmt::format("node   {}\n", node_text(g, n));
  for (ValueId v : g.outputs) text += fmt::format("output {}\n", typed(g[v]));
  return text;
}

}  // namespace netsuke
