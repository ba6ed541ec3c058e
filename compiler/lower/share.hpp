// Layers of one family that share their code: kernels with numbers of pixels and channels as arguments
// (runtime-stub/netsuke/arch/pointwise_dsp_s8.hpp), where every shape would otherwise have code of its own.
#pragma once

#include "lower/program.hpp"

namespace netsuke {

// Gives P::sharing to the plain pointwise convolutions of every family that has more than one shape: 2 to those with the
// fewest multiply-accumulates, together at most an eighth of the program's, 1 (only in code that is compiled for size)
// to the others.
void share_code(Program& p);

}  // namespace netsuke
