// An offset in one arena for every slot, and an independent check that the result is right.
#pragma once

#include "lower/times.hpp"

namespace netsuke {

// A block of memory, in use from step `first` to step `last` (lower/times.hpp), or as its parts say if it has any.
struct Block {
  int64_t bytes = 0;
  int64_t first = 0, last = 0;
  int align = 4;  // bytes, a power of two
  std::vector<Part> parts = {};  // apart, in ascending order; begin and end at multiples of 4
};

struct Placement {
  std::vector<int64_t> offsets;  // of each block
  int64_t bytes = 0;             // the arena
  int64_t lower_bound = 0;       // no placement can do with less
  bool optimal() const { return bytes == lower_bound; }
};

enum class Effort {
  kQuick,  // good: to compare schedules with
  kFull,   // proven, or searched for seconds
};

// Data in, data out. Deterministic. Every offset is a multiple of 4.
Placement place_blocks(const std::vector<Block>& blocks, Effort effort = Effort::kFull);

// The memory that a scheduled program needs, one block for each slot.
std::vector<Block> blocks_of(const Program& p);

// Sets offsets, arena_bytes, arena_lower_bound and arena_align.
void plan(Program& p, Effort effort = Effort::kFull);

// Replays the program call by call on a map of the arena and throws a kBug Error when a call would read
// what has been overwritten, or anything lies outside the arena. Shares no code with the planner.
void check_plan(const Program& p);

}  // namespace netsuke
