// Decides what shares memory: which calls work in place.
#pragma once

#include "lower/program.hpp"

namespace netsuke {

// Sets Buffer::slot. A call works in place where its kernel allows it, the input is an arena buffer that
// nobody reads later, and both have the same length in bytes.
void schedule(Program& p);

}  // namespace netsuke
