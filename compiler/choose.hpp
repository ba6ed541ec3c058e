// Which way to run a program: between the fastest and the one with the least memory.
#pragma once

#include <optional>
#include <string>

#include "lower/program.hpp"

namespace netsuke {

enum class Optimise {
  kSpeed,     // the fewest instructions; among equals the least memory
  kBalanced,  // the least product of memory and instructions
  kRam,       // the least memory; among equals the fewest instructions
};

// One line of the table of trade-offs.
struct Choice {
  int64_t arena_bytes = 0;
  int64_t instructions = 0;  // estimate
  int row_calls = 0;         // calls that run row by row
  bool chosen = false;
};

struct ChooseOptions {
  Optimise optimise = Optimise::kBalanced;
  std::optional<int64_t> ram_budget;  // bytes: a way that meets it is preferred
};

// Orders, schedules and plans the program. Returns what there was to choose from, the fastest first.
std::vector<Choice> choose(Program& p, const ChooseOptions& options);

// The call during which the most bytes are in use, -1 if there is none.
int busiest_call(const Program& p);
// "conv_3 (Conv + relu)"
std::string call_name(const Program& p, int call);

}  // namespace netsuke
