// What operators with NumPy broadcasting share when they are lowered.
#pragma once

#include "lower/lowering.hpp"
#include "ops/op.hpp"

namespace netsuke {

// Loops over an output and its operands, innermost last. Neighbouring dimensions that every operand walks
// through alike are merged and dimensions of size 1 dropped; at least one loop is left.
struct Loops {
  std::vector<int64_t> dims;
  std::vector<std::vector<int64_t>> strides;  // for each operand, in elements; 0: the operand is repeated
};
Loops collapse(const Shape& out, const std::vector<Shape>& operands);

// The row rule of an element-wise call, if it has one: the batch is 1, operands of the run time have all the
// output's rows, and constant operands are the same in each row.
std::optional<RowRule> elementwise_rows(const Graph& g, const Node& n);
// That of a call which treats each line along `axis` and what follows alone, in [outer][axis]...: none if rows are inside.
std::optional<RowRule> rows_alone(const Shape& shape, int64_t axis);

// Function `act` for an output of any type; only float32 outputs have activations.
Parameter typed_activation_parameter(const Node& n, DType type);
Parameter type_parameter(std::string name, DType type);

// The pairs (operand i, `output`) that may share memory: operands as large as the output, of the same type.
std::vector<std::pair<int, int>> elementwise_in_place(const Graph& g, const Node& n, int output);

}  // namespace netsuke
