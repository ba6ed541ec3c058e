// How rows flow through neighbouring calls: when each call takes its turns, and how many rows of each buffer
// have to be kept between them.
//
// All calls follow one clock, the sweep: call c computes row k in sweep start + k * every. `every` follows from
// the strides between producers and consumers, `start` is the first sweep in which all rows are there.
#pragma once

#include "lower/program.hpp"

namespace netsuke {

// Rows of one buffer inside a segment.
struct Ring {
  BufferId buffer = -1;
  int64_t rows = 0;          // of the map
  int64_t kept = 0;          // 0: the whole map, since somebody outside the segment uses it, too
  bool held = false;         // rows are kept from one sweep to the next
  int first = 0, last = 0;   // calls that use it
  BufferId slot = -1;        // shares the memory of this buffer, whose rows take its place
};

struct Flow {
  Segment segment;
  std::vector<Ring> rings;  // arena buffers with rows
  std::vector<BufferId> whole;  // scratch and results of running calls
};

// By buffer: calls that use it first and last.
using Uses = std::vector<Lifetime>;

// How rows flow through the calls [first, end); nothing when they do not.
std::optional<Flow> flow_through(const Program& p, const Uses& uses, int first, int end);

// Bytes of arena in use at most while the segment runs: its rings, and the maps that live at its time.
int64_t peak_of(const Program& p, const Uses& uses, const Flow& flow);

}  // namespace netsuke
