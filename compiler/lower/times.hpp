// Which bytes of the arena are in use when: row by row where rows flow.
//
// Time is counted in steps. A call that runs alone takes one; a segment takes one for each of its calls in each
// sweep, whether it is that call's turn or not. A row is in use from the step that first writes it to the last that
// uses it, so a map may grow into memory that another one has left.
#pragma once

#include <map>

#include "lower/program.hpp"

namespace netsuke {

struct Span {
  int64_t first = 0, last = 0;  // steps, both included
};

// A stretch of a block of memory and when it is in use: spans in ascending order that do not touch.
struct Part {
  int64_t at = 0, bytes = 0;
  std::vector<Span> spans;
};

// Who shares whose memory, and how many rows of it are kept (0: all). By buffer.
struct Sharing {
  std::vector<BufferId> slot;
  std::vector<int64_t> ring;
};
Sharing sharing_of(const Program& p);

// The rows of one slot. Those of large maps come in bands of several.
struct Rows {
  int64_t bytes = 0, row_bytes = 0;  // of the map; of a row or band
  int64_t ring = 0;                  // rows kept, 0: all
  std::vector<Span> bands;           // first > last: not in use yet
  Span whole{INT64_MAX, -1};         // uses of all rows at once
  Span span(size_t band) const;
};

class Occupancy {
 public:
  Occupancy(const Program& p, Sharing sharing) : p_(p), sharing_(std::move(sharing)) {}

  // The slots that calls of the segment use row by row are told apart by rows. Before any use.
  void divide(const Segment& s);
  void use(BufferId buffer, int64_t step);
  // A call alone, and all turns of a segment's calls from that step on.
  void run(int call, int64_t step);
  void run(const Segment& s, int64_t step);

  const std::map<BufferId, Rows>& slots() const { return slots_; }
  // The most bytes in use at one of these steps, if the places of a ring are kept between its rows.
  int64_t most(Span steps) const;

 private:
  const Program& p_;
  Sharing sharing_;
  std::map<BufferId, Rows> slots_;

  bool counts(BufferId buffer) const { return p_[buffer].place == Place::kArena; }
  Rows& slot(BufferId buffer);
  void use_row(BufferId buffer, const RowMap& map, int64_t row, int64_t step);
  void take_turn(const Call& c, int64_t turn, int64_t step);
};

// When each call of a scheduled program begins.
struct Timeline {
  const Program* program = nullptr;
  std::vector<int64_t> begin;  // by call: its step, or the first of its segment
  int64_t steps = 0;
  int call_at(int64_t step) const;
};
Timeline timeline_of(const Program& p);

int64_t steps_of(const Segment& s);

// All of a scheduled program.
Occupancy occupancy_of(const Program& p, const Timeline& time);

// The memory of a slot in parts that begin and end at multiples of `granule` bytes.
std::vector<Part> parts_of(const Rows& rows, int64_t granule);

}  // namespace netsuke
