// The meaning of nodes whose values are integers on grids (after to-integers), as docs/numerics.md has it; and the
// numbers that kernels need for it. The evaluator and the lowering take them from here, so both round alike.
#pragma once

#include "ops/op.hpp"

namespace netsuke {

// An activation of an integer type that stands for real numbers.
bool is_quantised(const Value& v);

// The node computes in integers: it has an integer form, and its first run-time operand is quantised.
bool is_integer_node(const Graph& g, const Node& n);

// Every result of the graph is the same on every machine, bit for bit: it computes in integers, or only moves elements
// and multiplies them by a scale.
bool is_exact(const Graph& g);

// out[0] from integers, activations included.
void eval_integer(Evaluation& e);

// What the fused activations leave of the output's integers: Relu and Clip become limits.
struct Limits {
  int32_t low, high;
};
bool only_limits(const std::vector<Activation>& activations);
Limits limits_of(const Node& n, const Quantization& grid);

// y = clamp(zero_point + floor((acc * multipliers[o] + 2^(shift-1)) / 2^shift), low, high)
struct Requantisation {
  std::vector<int32_t> multipliers;  // one, or one for each output channel
  int shift;                         // 1 to 62
  int32_t zero_point, low, high;
};
// `factors`: output steps for one unit of acc.
Requantisation requantisation(const Graph& g, const Node& n, const std::vector<double>& factors);
int32_t requantise(const Requantisation& r, int64_t acc, size_t channel);
int32_t requantise_half_even(const Requantisation& r, int64_t acc, size_t which);

// Sums of products: scale of input times scales of the weights (or the second operand), one for each output channel or
// one: what one unit of the sum is worth.
std::vector<double> sum_scales(const Graph& g, const Node& n);
Requantisation sum_requantisation(const Graph& g, const Node& n);

// y = clamp((a * multiplier_a + b * multiplier_b + offset) >> shift), 32-bit throughout. b is absent for Requantize.
// Where an operand or the result has 16 bits: ops/integer_wide.hpp.
struct SmallSum {
  int32_t multiplier_a, multiplier_b, offset;
  int shift;
  Limits limits;
};
SmallSum small_sum(const Graph& g, const Node& n);
void eval_sum(Evaluation& e);

// All 256 results of a function of one int8 value, for inputs -128 to 127.
Tensor function_table(const Graph& g, const Node& n);

// exp from a table (int8) or two, one division for each element.
struct IntegerSoftmax {
  std::vector<uint32_t> table;  // exp(-scale * d) * 2^bits for the distance d from the maximum; int16: of 256 d, * 2^31
  std::vector<uint32_t> fine;   // int16: exp(-scale * d) * 2^31 for d below 256
  int bits;
  int64_t numerator;  // 2^fraction_bits / output scale
  int fraction_bits;
};
IntegerSoftmax integer_softmax(const Graph& g, const Node& n);
uint64_t softmax_term(const IntegerSoftmax& s, int64_t distance);

// The operand of a kFunction node that is not a constant.
size_t run_time_operand(const Graph& g, const Node& n);

}  // namespace netsuke
