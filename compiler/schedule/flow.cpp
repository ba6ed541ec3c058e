#include "schedule/flow.hpp"

#include <algorithm>
#include <map>
#include <numeric>

#include "lower/times.hpp"
#include "schedule/rates.hpp"

namespace netsuke {
namespace {

constexpr int64_t kLongestDelay = 32;       // sweeps
constexpr int64_t kMostSweepsBetween = 16;  // of one call's turns; odd resizes would only spin the clock

// One argument that consists of rows.
struct RowAccess {
  int call = 0;  // in the segment
  size_t argument = 0;
  BufferId buffer = -1;
  bool write = false;
  bool inside = false;  // the buffer is written in the segment
  const RowMap* map = nullptr;
};

struct Problem {
  const Program& p;
  const Uses& uses;
  int first, end;
  std::vector<RowAccess> accesses;
  std::map<BufferId, std::vector<size_t>> by_buffer;  // of those inside
  std::vector<Turns> turns;
  const Call& call(int i) const { return p.calls[static_cast<size_t>(first + i)]; }
  int count() const { return end - first; }
  bool inside_only(BufferId b) const {
    const Lifetime& life = uses[static_cast<size_t>(b)];
    return p[b].place == Place::kArena && life.first >= first && life.last < end;
  }
};

// --- which rows ---

// All that touch a buffer made inside must see the same rows of it, and not all of them at once.
bool same_rows(const Problem& s) {
  for (const auto& [buffer, list] : s.by_buffer) {
    const RowMap& one = *s.accesses[list.front()].map;
    for (size_t i : list) {
      const RowMap& map = *s.accesses[i].map;
      if (map.rows != one.rows || map.elements != one.elements || map.scattered) return false;
    }
  }
  return true;
}

bool collect(Problem& s) {
  std::vector<BufferId> made;
  for (int i = 0; i < s.count(); i++) {
    const Call& c = s.call(i);
    if (!c.row_form) return false;
    for (size_t a = 0; a < c.arguments.size(); a++) {
      const Argument& argument = c.arguments[a];
      bool write = argument.access != Access::kRead;
      bool inside = write || std::find(made.begin(), made.end(), argument.buffer) != made.end();
      if (write) made.push_back(argument.buffer);
      const auto& map = c.row_form->maps[a];
      // What a running call leaves is there only after the last row.
      if (!write && inside && !map) return false;
      if (map) s.accesses.push_back({i, a, argument.buffer, write, inside, &*map});
      if (!map && write && s.by_buffer.contains(argument.buffer)) return false;
      if (map && inside) s.by_buffer[argument.buffer].push_back(s.accesses.size() - 1);
    }
  }
  for (const RowAccess& a : s.accesses)
    if (a.inside && !a.write && !s.accesses[s.by_buffer.at(a.buffer).front()].write) return false;
  return same_rows(s);
}

// --- when ---

// Sweeps that the reader's turn 0 has to come after row 0 of what it reads. The rows it reads come every
// `every` * divisor / stride sweeps, which for maps from outside need not be a whole number.
// The difference is the same every `divisor` turns, but for turns that see only padding.
int64_t lag(const RowAccess& a, int64_t turns, int64_t every) {
  const RowMap& m = *a.map;
  int64_t most = INT64_MIN;
  for (int64_t r = 0, seen = 0; r < turns && seen < m.divisor; r++) {
    int64_t last = std::min(m.first(r) + (m.kernel - 1) * m.dilation, m.rows - 1);
    if (last < 0) continue;
    seen++;
    most = std::max(most, (last * every * m.divisor + m.stride - 1) / m.stride - r * every);
  }
  return most;
}

// The first sweep in which row 0 of a buffer is there.
int64_t row_0(const Problem& s, BufferId buffer) {
  int64_t start = INT64_MIN;
  for (size_t i : s.by_buffer.at(buffer))
    if (s.accesses[i].write) start = std::max(start, s.turns[static_cast<size_t>(s.accesses[i].call)].start);
  return start;
}

// Maps from outside count as if their rows came in one by one: that keeps branches in step.
void set_earliest(Problem& s) {
  for (Turns& t : s.turns) t.start = 0;
  for (const RowAccess& a : s.accesses) {
    Turns& t = s.turns[static_cast<size_t>(a.call)];
    if (a.write || a.map->scattered) continue;
    int64_t ready = lag(a, s.call(a.call).row_form->turns, t.every);
    if (ready == INT64_MIN) continue;
    t.start = std::max(t.start, ready + (a.inside ? row_0(s, a.buffer) : 0));
  }
}

// The clock starts with the first turn.
void start_at_zero(Problem& s) {
  int64_t first = INT64_MAX;
  for (const Turns& t : s.turns) first = std::min(first, t.start);
  for (Turns& t : s.turns) t.start -= first;
}

// --- how many rows are kept ---

// The last turn that needs row i; -1: none.
int64_t last_turn(const RowMap& m, int64_t turns, int64_t i) {
  for (int64_t k = 0; k < m.kernel; k++) {
    int64_t row = i - k * m.dilation, over = (row + 1) * m.divisor - 1 + m.pad;
    if (over < 0) break;
    int64_t turn = std::min(over / m.stride, turns - 1);
    if (turn >= 0 && m.first(turn) == row) return turn;
  }
  return -1;
}

struct Written {
  int64_t first_start = INT64_MAX, last_start = INT64_MIN, every = 1;
};

Written written_when(const Problem& s, const std::vector<size_t>& accesses) {
  Written w;
  for (size_t i : accesses) {
    if (!s.accesses[i].write) continue;
    const Turns& t = s.turns[static_cast<size_t>(s.accesses[i].call)];
    w.first_start = std::min(w.first_start, t.start);
    w.last_start = std::max(w.last_start, t.start);
    w.every = t.every;
  }
  return w;
}

Ring ring_of(const Problem& s, BufferId buffer, const std::vector<size_t>& accesses) {
  Ring ring{buffer, s.accesses[accesses.front()].map->rows, 1};
  Written w = written_when(s, accesses);
  ring.held = w.first_start != w.last_start;
  for (int64_t i = 0; i < ring.rows; i++) {
    int64_t last = w.last_start + i * w.every;
    for (size_t a : accesses) {
      const RowAccess& access = s.accesses[a];
      if (access.write) continue;
      int64_t turn = last_turn(*access.map, s.call(access.call).row_form->turns, i);
      const Turns& t = s.turns[static_cast<size_t>(access.call)];
      if (turn >= 0) last = std::max(last, t.start + turn * t.every);
    }
    ring.held |= last > w.first_start + i * w.every;
    // Row i + kept is first written after the last use of row i.
    ring.kept = std::max(ring.kept, (last - w.first_start) / w.every + 1 - i);
  }
  ring.kept = std::min(ring.kept, ring.rows);
  ring.first = s.first + s.accesses[accesses.front()].call;
  ring.last = s.first + s.accesses[accesses.back()].call;
  return ring;
}

std::vector<Ring> rings_of(const Problem& s) {
  std::vector<Ring> rings;
  for (const auto& [buffer, accesses] : s.by_buffer)
    if (s.inside_only(buffer)) rings.push_back(ring_of(s, buffer, accesses));
  return rings;
}

// --- in place ---

Ring* find(std::vector<Ring>& rings, BufferId b) {
  auto it = std::find_if(rings.begin(), rings.end(), [&](const Ring& r) { return r.buffer == b; });
  return it == rings.end() ? nullptr : &*it;
}

int64_t uses_by(const Call& c, BufferId b) {
  return std::count_if(c.arguments.begin(), c.arguments.end(), [&](const Argument& a) { return a.buffer == b; });
}

// A row that only this call reads, in the sweep in which it is made, is made where the call's result goes.
void work_in_place(const Problem& s, std::vector<Ring>& rings) {
  for (int i = 0; i < s.count(); i++) {
    const Call& c = s.call(i);
    for (auto [from, to] : c.row_form->in_place) {
      BufferId in = c.arguments[static_cast<size_t>(from)].buffer, out = c.arguments[static_cast<size_t>(to)].buffer;
      const auto &in_map = c.row_form->maps[static_cast<size_t>(from)], &out_map = c.row_form->maps[static_cast<size_t>(to)];
      Ring* source = find(rings, in);
      if (!source || source->held || source->last != s.first + i || s.p[out].place != Place::kArena || !out_map) continue;
      const Ring* target = find(rings, out);
      bool fresh = s.accesses[s.by_buffer.at(out).front()].call == i && (!target || target->slot < 0);
      if (!fresh || s.p[in].bytes() != s.p[out].bytes() || in_map->rows != out_map->rows || uses_by(c, in) != 1) continue;
      source->slot = out;
      break;
    }
  }
}

// --- memory ---

// Adds up what is alive at each call of a segment.
struct Alive {
  int first;
  std::vector<int64_t> bytes;
  Alive(int first, int end) : first(first), bytes(static_cast<size_t>(end - first), 0) {}
  void add(int64_t size, int from, int to) {
    for (int i = from; i <= to; i++) bytes[static_cast<size_t>(i - first)] += (size + 3) / 4 * 4;
  }
  int64_t most() const { return *std::max_element(bytes.begin(), bytes.end()); }
};

void add_rings(const Program& p, const std::vector<Ring>& rings, int end, Alive& alive) {
  for (const Ring& r : rings) {
    int64_t bytes = p[r.buffer].bytes() / r.rows * r.kept;
    if (r.slot < 0) {
      alive.add(bytes, r.held ? alive.first : r.first, r.held ? end - 1 : r.last);
      continue;
    }
    // Only while its target is not there anyway.
    auto t = std::find_if(rings.begin(), rings.end(), [&](const Ring& x) { return x.buffer == r.slot; });
    if (t != rings.end() && !t->held && t->slot < 0) alive.add(bytes, r.first, t->first - 1);
  }
}

int64_t peak_of_rings(const Program& p, const std::vector<Ring>& rings, int first, int end) {
  Alive alive(first, end);
  add_rings(p, rings, end, alive);
  return alive.most();
}

// --- a call need not run as soon as it can: a late branch may keep fewer rows ---

// How much later call i may start without any other call waiting for it.
int64_t slack(const Problem& s, int i) {
  int64_t most = INT64_MAX;
  for (const RowAccess& out : s.accesses) {
    if (out.call != i || !out.write) continue;
    for (size_t a : s.by_buffer.at(out.buffer)) {
      const RowAccess& in = s.accesses[a];
      if (in.write) continue;
      const Turns &reader = s.turns[static_cast<size_t>(in.call)], &writer = s.turns[static_cast<size_t>(i)];
      int64_t wait = lag(in, s.call(in.call).row_form->turns, reader.every);
      if (wait != INT64_MIN) most = std::min(most, reader.start - writer.start - wait);
    }
  }
  return most == INT64_MAX ? 0 : most;
}

// Bytes in use at most, whatever else lives.
int64_t bytes_now(const Problem& s) {
  std::vector<Ring> rings = rings_of(s);
  work_in_place(s, rings);
  return peak_of_rings(s.p, rings, s.first, s.end);
}

void delay_branches(Problem& s) {
  for (int i = s.count() - 1; i >= 0; i--) {
    int64_t room = std::min(slack(s, i), kLongestDelay);
    if (room <= 0) continue;
    int64_t& start = s.turns[static_cast<size_t>(i)].start;
    const int64_t earliest = start;
    int64_t best = bytes_now(s), best_start = earliest;
    for (start = earliest + 1; start <= earliest + room; start++)
      if (int64_t bytes = bytes_now(s); bytes < best) {
        best = bytes;
        best_start = start;
      }
    start = best_start;
  }
}

// --- together ---

bool set_rates(Problem& s) {
  Rates rates(s.count());
  for (bool inside : {true, false})
    for (const RowAccess& a : s.accesses) {
      if (a.inside != inside || s.p[a.buffer].place == Place::kConstant || a.map->scattered) continue;
      bool fits = rates.join(a.call, a.buffer, a.map->rows, {a.write ? 1 : a.map->divisor, a.write ? 1 : a.map->stride});
      if (!fits && inside) return false;
    }
  auto every = rates.every();
  if (!every || *std::max_element(every->begin(), every->end()) > kMostSweepsBetween) return false;
  for (size_t i = 0; i < every->size(); i++) s.turns[i].every = (*every)[i];
  return true;
}

std::vector<BufferId> states_of(const Problem& s) {
  std::vector<BufferId> states;
  for (int i = 0; i < s.count(); i++)
    for (const Argument& a : s.call(i).arguments)
      if (a.access != Access::kRead && !s.by_buffer.contains(a.buffer) && s.p[a.buffer].place == Place::kArena) states.push_back(a.buffer);
  return states;
}

// The slots that the flow's rows have, if nothing else shared memory.
Sharing sharing_of(const Program& p, const Flow& flow) {
  Sharing sharing{std::vector<BufferId>(p.buffers.size()), std::vector<int64_t>(p.buffers.size(), 0)};
  std::iota(sharing.slot.begin(), sharing.slot.end(), 0);
  for (const Ring& r : flow.rings) {
    sharing.ring[static_cast<size_t>(r.buffer)] = r.kept < r.rows ? r.kept : 0;
    if (r.slot >= 0) sharing.slot[static_cast<size_t>(r.buffer)] = r.slot;
  }
  for (size_t again = 0; again < flow.rings.size(); again++)
    for (const Ring& r : flow.rings) sharing.slot[static_cast<size_t>(r.buffer)] = sharing.slot[static_cast<size_t>(sharing.slot[static_cast<size_t>(r.buffer)])];
  return sharing;
}

constexpr int64_t kBegin = 1;  // step of the first turn in an occupancy of a segment alone: before it is 0

Span steps_inside(const Flow& flow) { return {kBegin, kBegin + steps_of(flow.segment) - 1}; }

// What lives while the segment runs.
Occupancy occupancy_of(const Program& p, const Uses& uses, const Flow& flow) {
  const Segment& s = flow.segment;
  Occupancy o(p, sharing_of(p, flow));
  o.divide(s);
  o.run(s, kBegin);
  for (size_t b = 0; b < p.buffers.size(); b++) {
    if (p.buffers[b].place != Place::kArena || uses[b].first < 0 || uses[b].first >= s.end || uses[b].last < s.first) continue;
    if (uses[b].first < s.first || p.buffers[b].is_arena_input()) o.use(static_cast<BufferId>(b), kBegin - 1);
    if (uses[b].last >= s.end) o.use(static_cast<BufferId>(b), steps_inside(flow).last + 1);
  }
  return o;
}

}  // namespace

std::optional<Flow> flow_through(const Program& p, const Uses& uses, int first, int end) {
  Problem s{p, uses, first, end, {}, {}, std::vector<Turns>(static_cast<size_t>(end - first))};
  if (!collect(s) || !set_rates(s)) return {};
  set_earliest(s);
  delay_branches(s);
  start_at_zero(s);
  Flow flow{{first, end, 0, s.turns}, rings_of(s), states_of(s)};
  work_in_place(s, flow.rings);
  for (int i = 0; i < s.count(); i++) {
    const Turns& t = s.turns[static_cast<size_t>(i)];
    flow.segment.sweeps = std::max(flow.segment.sweeps, t.start + (s.call(i).row_form->turns - 1) * t.every + 1);
  }
  return flow;
}

int64_t peak_of(const Program& p, const Uses& uses, const Flow& flow) {
  return occupancy_of(p, uses, flow).most(steps_inside(flow));
}

}  // namespace netsuke
