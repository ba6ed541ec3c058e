// The meaning of integer nodes with 16-bit values where it is another than that of 8 bits, as docs/numerics.md has it:
// 64-bit sums and products, functions by parabolas, exp from two tables.
#pragma once

#include "ops/integer.hpp"

namespace netsuke {

// y = clamp(zero + (((a - zero_a) * multiplier_a + (b - zero_b) * multiplier_b + 2^(shift-1)) >> shift)).
// b is absent for Requantize.
struct WideSum {
  int32_t multiplier_a, multiplier_b;  // at most 2^29
  int32_t zero_a, zero_b, zero;
  int shift;  // 1 to 46
  Limits limits;
};
// Add, Sub or Requantize of which an operand or the result has 16 bits and which rounds.
bool is_wide_sum(const Graph& g, const Node& n);
WideSum wide_sum(const Graph& g, const Node& n);
int64_t wide_sum_of(const WideSum& s, int64_t a, int64_t b);

// The most that |a - zero_a| * |b - zero_b| can be, times `count`.
double product_bound(const Quantization& a, const Quantization& b, int64_t count);
// Requantising can shift by enough for products up to here.
constexpr double kMostProduct = 35184372088832.0;  // 2^45
// Mul or MatMul whose sums of products may not fit 32 bits.
bool has_wide_products(const Graph& g, const Node& n);
// As requantisation(), with a multiplier so small that all sums times it stay within 2^62.
Requantisation wide_requantisation(const Graph& g, const Node& n, double factor);

// A function of one int16 value: parabolas over segments of 2^bits inputs (runtime-stub/netsuke/table_s16.hpp); the
// segments of `exact` have all their results.
struct SegmentTable {
  int bits;
  int32_t in_zero;
  int64_t first;               // the segment of the lowest input
  std::vector<int64_t> exact;  // segments, counted from `first`
  std::vector<int32_t> lines;  // two for each segment
  std::vector<int16_t> bends;  // one for each segment, then the blocks of the exact ones
};
// Looks for a table that is within 1/64 step of the real function, and so within one of its exact rounding, for all 65,536
// inputs, and writes what it is like into the node's attributes, from which segment_table() makes it. False if there is
// none of moderate size.
bool choose_table(const Graph& g, Node& n, const Quantization& in, const Quantization& out);
SegmentTable segment_table(const Graph& g, const Node& n);
int64_t table_value(const SegmentTable& t, int64_t x);
void eval_segments(Evaluation& e);

// What the node, a function of one element, makes of `count` integers from `first` on, real numbers on the grid `in`. The
// integers may lie beyond the type.
Tensor function_values(const Graph& g, const Node& n, const Quantization& in, int64_t first, int64_t count);

}  // namespace netsuke
