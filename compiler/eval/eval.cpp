#include "eval/eval.hpp"

#include "ops/helpers.hpp"

namespace netsuke {
namespace {

void check_input(const Value& v, const Tensor& t) {
  if (v.type == t.type && v.shape == t.shape) return;
  throw Error{ErrorKind::kUsage, "bad-input-data", v.name,
              fmt::format("the data is {}{}, the model's input {}{}", name_of(t.type), to_string(t.shape),
                          name_of(v.type), to_string(v.shape)),
              "give data of the input's type and shape"};
}

}  // namespace

std::vector<Tensor> evaluate_all(const Graph& g, const std::vector<Tensor>& inputs) {
  if (inputs.size() != g.inputs.size())
    throw Error{ErrorKind::kUsage, "bad-input-data", g.name,
                fmt::format("{} inputs are given, the model has {}", inputs.size(), g.inputs.size()),
                "give one tensor for each input"};
  std::vector<Tensor> values(g.values.size());
  for (size_t i = 0; i < inputs.size(); i++) {
    check_input(g[g.inputs[i]], inputs[i]);
    values[static_cast<size_t>(g.inputs[i])] = inputs[i];
  }
  for (const Node& n : g.nodes) {
    std::vector<const Tensor*> in;
    for (ValueId v : n.inputs) {
      const Tensor* constant = constant_of(g, v);
      in.push_back(v == kNoValue ? nullptr : constant ? constant : &values[static_cast<size_t>(v)]);
    }
    std::vector<Tensor> out = eval_node(g, n, std::move(in));
    for (size_t i = 0; i < out.size(); i++)
      if (n.outputs[i] != kNoValue) values[static_cast<size_t>(n.outputs[i])] = std::move(out[i]);
  }
  return values;
}

std::vector<Tensor> evaluate(const Graph& g, const std::vector<Tensor>& inputs) {
  std::vector<Tensor> values = evaluate_all(g, inputs), outputs;
  for (ValueId v : g.outputs)
    outputs.push_back(g[v].constant ? *g[v].constant : values[static_cast<size_t>(v)]);
  return outputs;
}

std::vector<Tensor> random_inputs(const Graph& g, uint32_t seed) {
  std::vector<Tensor> inputs;
  uint32_t state = seed * 2654435761u + 12345u;
  auto next = [&] {  // Numerical Recipes' linear congruential generator
    state = state * 1664525u + 1013904223u;
    return state >> 8;
  };
  for (ValueId v : g.inputs) {
    Tensor t(g[v].type, g[v].shape);
    visit_type(t.type, [&]<class T>() {
      for (T& x : t.as<T>()) {
        if constexpr (std::is_floating_point_v<T>) x = static_cast<T>(next()) / static_cast<T>(1 << 23) - 1;
        else if constexpr (std::is_same_v<T, bool>) x = next() & 1;
        else x = static_cast<T>(next() % 8);
      }
    });
    inputs.push_back(std::move(t));
  }
  return inputs;
}

}  // namespace netsuke
