// The element functions that may be fused behind a node, by their names in
// runtime-stub/netsuke/activations.hpp. One table gives their meaning to the evaluator and to the
// elementwise operators, so both always agree.
#pragma once

#include <span>

#include "graph/graph.hpp"

namespace netsuke {

struct ActivationInfo {
  std::string_view name;
  int arguments;  // how many besides x
  double (*eval)(double x, std::span<const float> arguments);
};

std::span<const ActivationInfo> all_activations();
// Null when the table has no function of this name.
const ActivationInfo* find_activation(std::string_view name);
// The function an activation node (Relu, Sigmoid, ... in canonical form) computes; its `function` is
// empty when the node is no activation. Defined in ops/family/activations.cpp.
Activation activation_of(const Node& n);
// The other way round: a node without name, inputs and outputs.
Node node_of(const Activation& a);
float evaluate(const Activation& a, float x);

}  // namespace netsuke
