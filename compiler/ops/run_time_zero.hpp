// Operands of ConvInteger and MatMulInteger: 8-bit integers with zero points that may be computed at run time.
#pragma once

#include "lower/lowering.hpp"
#include "ops/op.hpp"

namespace netsuke {

// Which inputs an operand and its zero point are, and along which axis of the operand zero points differ, if they do.
struct OffsetOperand {
  size_t values, zero;
  int64_t axis;
};

// Constants whose distances from a constant zero point fit int8 become these distances; others keep their zero point.
// Throws where the zero point is neither one number nor one for each index of the axis.
void canonicalise_offset(Canonicaliser& c, const OffsetOperand& o);

// Both are int8 or uint8, and of one type.
void require_offset_types(const Graph& g, const Node& n, const OffsetOperand& o);

// Refuses sums of so many products that int32 may not hold them.
void require_int32_sums(const Node& n, int64_t products);

// The distances from the zero point, as float64.
Tensor distances(const Evaluation& e, const OffsetOperand& o);

// P::NAME_has_zero, NAME_zero_rom, NAME_zero_step; the argument is the operand itself where there is no zero point.
Argument offset_argument(Lowering& l, const Node& n, const OffsetOperand& o, const std::string& name, Call& call);

}  // namespace netsuke
