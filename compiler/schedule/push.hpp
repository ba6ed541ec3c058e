// Inputs that arrive row by row: nobody holds the map.
#pragma once

#include "lower/program.hpp"

namespace netsuke {

// Makes the program take its only input row by row: all who read it run by rows, and its rows are received
// by a call that reads each of them once. Throws "not-by-rows" with the layer that needs the input as a whole.
void push_rows(Program& p);

// The caller writes the inputs into the arena, where they are overwritten once they are not needed any more.
void put_inputs_into_arena(Program& p);

// Inputs in the arena whose rows lie scattered over planes are regrouped there before anything else: then they can go
// row by row. False if there are none of which all readers run by rows.
bool regroup_arena_inputs(Program& p);

// After scheduling: throws as above if no segment receives the rows.
void check_pushed(const Program& p);

}  // namespace netsuke
