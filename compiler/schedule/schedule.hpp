// Decides in which order calls run, which of them run row by row, and what shares memory.
#pragma once

#include "schedule/flow.hpp"

namespace netsuke {

// One way to cut the program into segments and single calls.
struct Cuts {
  std::vector<Flow> flows;
  int64_t peak = 0;          // bytes in use at most; the plan needs at least that
  int64_t instructions = 0;  // estimate for one inference
};

// The cuts that are worth a thought. The first runs all calls one after the other unless rows are faster. Never empty.
std::vector<Cuts> best_cuts(const Program& p);

// Sets the segments and what shares memory: Buffer::slot, rows, ring, held. A call works in place where its
// kernel allows it, the input is an arena buffer that nobody reads later, and both have the same length.
void schedule(Program& p, const Cuts& cuts = {});

// An order of the calls in which, run one after the other, they have the least bytes in use at most.
std::vector<int> smallest_order(const Program& p);
void reorder(Program& p, const std::vector<int>& order);

}  // namespace netsuke
