// From an operator's row rule to how its call runs row by row.
//
// The conventions that make one line of a lowering enough:
//   kWindow       X_row<P>(const T* const* rows, constants..., T* out_row), rows null where there is padding
//   kElementwise  X<P> itself, whose `count`, `outer`, outermost `dims` or flattened `in_w` is divided by the rows
//   kCopy         X<P> with parameters of its own
//   kRunning      X_begin<P>(state), X_row<P>(row, state), X_end<P>(state[, out]): state is the scratch argument
//                 if there is one, else the output
#pragma once

#include "lower/program.hpp"

namespace netsuke {

// What follows from the call's rule; nothing if it cannot run by rows.
std::optional<RowForm> row_form_of(const Program& p, const Call& c);

// Sets Call::row_form of every call whose rule, shapes and batch allow it, and Call::instructions of all.
void add_row_forms(Program& p);

}  // namespace netsuke
