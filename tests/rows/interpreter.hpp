// Runs a planned Program on the host, call by call or row by row as its segments say, on an arena with guard
// bytes. Kernels are written anew here, from their documentation; weights are taken in the order in which
// they lie, so sums mean something else than in the generated code, but the same in both ways to run them.
#pragma once

#include "lower/program.hpp"

namespace netsuke::test {

struct RunResult {
  std::vector<Tensor> outputs;
  int64_t touched = 0;      // bytes of the arena up to the last that was written
  bool guards_kept = true;  // nothing was written outside
};

RunResult run_program(const Program& p, const std::vector<Tensor>& inputs);

// Kernels that run_program knows; a program with others cannot be run.
bool can_run(const Program& p);

}  // namespace netsuke::test
