// Lowering of nodes that compute in integers (is_integer_node) and of the borders between them and float ones.
#pragma once

#include "lower/lowering.hpp"

namespace netsuke {

// The kernel call for an integer node of any form; false where the operator's own `lower` does it, types and all.
bool lower_integer_node(Lowering& l, const Node& n);

void lower_integer_conv(Lowering& l, const Node& n);
void lower_integer_conv_transpose(Lowering& l, const Node& n);
void lower_integer_dense(Lowering& l, const Node& n);

// P members that every kernel with an output on a grid has.
struct Requantisation;
std::vector<Parameter> requantise_parameters(const Requantisation& r);
// P members of wide.hpp's sums.
struct WideSum;
std::vector<Parameter> wide_sum_parameters(const WideSum& s);
Parameter type_name(std::string name, DType type);

}  // namespace netsuke
