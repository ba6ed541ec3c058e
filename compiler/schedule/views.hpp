// Copies that need not be made.
#pragma once

#include "lower/program.hpp"

namespace netsuke {

// Where a call copies a stretch of one buffer to a stretch of another, one of the two can go: parts of a Concat are
// made where they belong, parts of a Split or Slice are read where they lie. Only stretches that begin at multiples of
// 4 bytes. Calls that use such buffers do not run by rows any more. False if there are no such copies.
bool make_views(Program& p);

}  // namespace netsuke
