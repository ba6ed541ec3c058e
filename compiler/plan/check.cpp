// The independent checker: it knows nothing of slots, lifetimes, ring sizes or in-place rules. It replays the
// program, row by row where rows flow, and notes for each byte of the arena what was written there last.
#include <set>

#include "plan/plan.hpp"

namespace netsuke {
namespace {

// A stretch of the arena and what belongs there: bytes [at, at + bytes) of buffer `id`'s map.
struct Piece {
  BufferId id = -1;
  int64_t start = 0, at = 0, bytes = 0;
};

// Byte `at` of the map of a buffer.
struct Content {
  BufferId id = -1;
  int64_t at = 0;
  bool operator==(const Content&) const = default;
};

struct Arena {
  const Program& p;
  std::vector<Content> content;
  std::set<std::pair<BufferId, int64_t>> begun;  // rows that have been written, by where they start in the map
};

// Memory of the caller whose layout is ours: the arena, and behind it in the checker's book the state of a stream.
bool is_ours(const Buffer& b) { return b.place == Place::kArena || b.place == Place::kState; }
int64_t state_bytes(const Program& p) { return p.stream ? p.stream->state_bytes : 0; }
int64_t start_of(const Program& p, const Buffer& b) { return b.offset + (b.place == Place::kState ? p.arena_bytes : 0); }

void check_inside(const Program& p, const Buffer& b, const Call& c) {
  int64_t end = b.place == Place::kState ? state_bytes(p) : p.arena_bytes;
  NETSUKE_CHECK(b.offset >= 0 && b.offset + b.memory() <= end, "plan: '{}' of call '{}' lies at {}+{} in {}", b.name,
                c.node, b.offset, b.memory(), end);
  NETSUKE_CHECK(b.offset % size_of(b.type) == 0, "plan: '{}' is not aligned", b.name);
}

Piece whole(const Program& p, BufferId id) { return {id, start_of(p, p[id]), 0, p[id].bytes()}; }

// Row `row` of a map, in the whole map or in the ring that stands for it.
Piece row_piece(const Program& p, BufferId id, const RowMap& m, int64_t row) {
  const Buffer& b = p[id];
  int64_t bytes = m.elements * size_of(b.type);
  int64_t slot = b.ring ? row % b.ring : row;
  return {id, start_of(p, b) + slot * bytes, row * bytes, bytes};
}

void read(const Arena& arena, const Piece& piece, const Call& c) {
  for (int64_t i = 0; i < piece.bytes; i++)
    NETSUKE_CHECK((arena.content[static_cast<size_t>(piece.start + i)] == Content{piece.id, piece.at + i}),
                  "plan: call '{}' reads '{}', byte {} of it is not there", c.node, arena.p[piece.id].name, piece.at + i);
}

void write(Arena& arena, const Piece& piece) {
  for (int64_t i = 0; i < piece.bytes; i++) arena.content[static_cast<size_t>(piece.start + i)] = {piece.id, piece.at + i};
}

bool may_share(const std::vector<std::pair<int, int>>& pairs, size_t read, size_t written) {
  for (auto [from, to] : pairs)
    if (static_cast<size_t>(from) == read && static_cast<size_t>(to) == written) return true;
  return false;
}

// One argument of one call or turn.
struct Use {
  size_t argument;
  Access access;
  Piece piece;
};

// What is written must not lie on anything that is read or written beside it, unless the kernel allows it.
void check_overlaps(const Program& p, const Call& c, const std::vector<Use>& uses, const std::vector<std::pair<int, int>>& in_place) {
  for (const Use& w : uses) {
    if (w.access == Access::kRead) continue;
    for (const Use& o : uses) {
      if (&w == &o || o.piece.id == w.piece.id) continue;
      bool apart = w.piece.start + w.piece.bytes <= o.piece.start || o.piece.start + o.piece.bytes <= w.piece.start;
      bool same = w.piece.start == o.piece.start && w.piece.bytes == o.piece.bytes && may_share(in_place, o.argument, w.argument);
      NETSUKE_CHECK(apart || same, "plan: call '{}' has '{}' and '{}' on the same memory", c.node, p[w.piece.id].name,
                    p[o.piece.id].name);
    }
  }
}

void perform(Arena& arena, const Call& c, const std::vector<Use>& uses, const std::vector<std::pair<int, int>>& in_place) {
  for (const Use& u : uses)
    if (u.access == Access::kRead) read(arena, u.piece, c);
  check_overlaps(arena.p, c, uses, in_place);
  for (const Use& u : uses)
    if (u.access != Access::kRead) write(arena, u.piece);
}

void run_whole(Arena& arena, const Call& c) {
  std::vector<Use> uses;
  for (size_t i = 0; i < c.arguments.size(); i++) {
    const Argument& a = c.arguments[i];
    const Buffer& b = arena.p[a.buffer];
    if (!is_ours(b)) continue;
    check_inside(arena.p, b, c);
    NETSUKE_CHECK(!b.ring || b.ring == b.rows, "plan: call '{}' needs '{}' as a whole", c.node, b.name);
    uses.push_back({i, a.access, whole(arena.p, a.buffer)});
  }
  perform(arena, c, uses, c.in_place);
  for (const Use& u : uses)
    if (u.access == Access::kScratch) std::fill_n(arena.content.begin() + u.piece.start, u.piece.bytes, Content{});
}

// What argument i uses in one turn.
void add_row_uses(const Arena& arena, const Call& c, size_t i, int64_t turn, std::vector<Use>& uses) {
  const Argument& a = c.arguments[i];
  const auto& map = c.row_form->maps[i];
  if (!is_ours(arena.p[a.buffer])) return;
  check_inside(arena.p, arena.p[a.buffer], c);
  if (!map || map->scattered) {
    // The state of a running call is begun in its first turn.
    if (a.access != Access::kRead && turn > 0) uses.push_back({i, Access::kRead, whole(arena.p, a.buffer)});
    uses.push_back({i, a.access, whole(arena.p, a.buffer)});
    return;
  }
  for (int64_t k = 0; k < map->kernel; k++) {
    int64_t row = map->first(turn) + k * map->dilation;
    bool inside = row >= 0 && row < map->rows;
    NETSUKE_CHECK(inside || map->window, "plan: call '{}' reads row {} of {}", c.node, row, map->rows);
    if (inside) uses.push_back({i, a.access, row_piece(arena.p, a.buffer, *map, row)});
  }
}

void run_turn(Arena& arena, const Call& c, int64_t turn) {
  std::vector<Use> uses;
  for (size_t i = 0; i < c.arguments.size(); i++) add_row_uses(arena, c, i, turn, uses);
  // Where several calls write parts of a row, the later ones must find it as the first has left it.
  for (const Use& u : uses)
    if (u.access == Access::kWrite && !arena.begun.insert({u.piece.id, u.piece.at}).second) read(arena, u.piece, c);
  perform(arena, c, uses, c.row_form->in_place);
}

void run_segment(Arena& arena, const Segment& s) {
  for (int64_t sweep = 0; sweep < s.sweeps; sweep++)
    for (int i = s.first; i < s.end; i++) {
      const Turns& t = s.turns[static_cast<size_t>(i - s.first)];
      int64_t since = sweep - t.start;
      if (since < 0 || since % t.every != 0 || since / t.every >= arena.p.calls[static_cast<size_t>(i)].row_form->turns) continue;
      run_turn(arena, arena.p.calls[static_cast<size_t>(i)], since / t.every);
    }
  for (int i = s.first; i < s.end; i++) {
    const Turns& t = s.turns[static_cast<size_t>(i - s.first)];
    int64_t last = t.start + (arena.p.calls[static_cast<size_t>(i)].row_form->turns - 1) * t.every;
    NETSUKE_CHECK(last < s.sweeps, "plan: call '{}' does not come to its end", arena.p.calls[static_cast<size_t>(i)].node);
  }
}

const Segment* segment_at(const Program& p, int call) {
  for (const Segment& s : p.segments)
    if (s.first == call) return &s;
  return nullptr;
}

}  // namespace

void check_plan(const Program& p) {
  Arena arena{p, std::vector<Content>(static_cast<size_t>(p.arena_bytes + state_bytes(p))), {}};
  if (p.push) write(arena, whole(p, p.push->counter));
  for (size_t b = 0; b < p.buffers.size(); b++)
    if (p.buffers[b].is_arena_input() && p.buffers[b].offset >= 0) write(arena, whole(p, static_cast<BufferId>(b)));
  for (int i = 0; i < static_cast<int>(p.calls.size());) {
    if (const Segment* s = segment_at(p, i)) {
      run_segment(arena, *s);
      i = s->end;
      if (s == pushed_segment(p)) read(arena, whole(p, p.push->counter), p.calls[static_cast<size_t>(s->first)]);
    } else {
      run_whole(arena, p.calls[static_cast<size_t>(i++)]);
    }
  }
}

}  // namespace netsuke
