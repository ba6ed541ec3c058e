// The independent checker: it knows nothing of slots, lifetimes or in-place rules, it only replays who
// wrote which byte of the arena last.
#include "plan/plan.hpp"

namespace netsuke {
namespace {

struct Arena {
  std::vector<BufferId> owner;  // who wrote each byte last; -1: nobody
};

void check_inside(const Program& p, const Buffer& b, const Call& c) {
  NETSUKE_CHECK(b.offset >= 0 && b.offset + b.bytes() <= p.arena_bytes, "plan: '{}' of call '{}' lies at {}+{} in {}",
                b.name, c.node, b.offset, b.bytes(), p.arena_bytes);
  NETSUKE_CHECK(b.offset % size_of(b.type) == 0, "plan: '{}' is not aligned", b.name);
}

void check_read(const Program& p, const Arena& arena, const Argument& a, const Call& c) {
  const Buffer& b = p[a.buffer];
  for (int64_t i = b.offset; i < b.offset + b.bytes(); i++)
    NETSUKE_CHECK(arena.owner[static_cast<size_t>(i)] == a.buffer, "plan: call '{}' reads '{}', byte {} of it was overwritten",
                  c.node, b.name, i - b.offset);
}

bool may_share(const Call& c, size_t read, size_t written) {
  for (auto [from, to] : c.in_place)
    if (static_cast<size_t>(from) == read && static_cast<size_t>(to) == written) return true;
  return false;
}

// What a call writes must not lie on anything it reads or writes beside it, unless its kernel allows it.
void check_overlaps(const Program& p, const Call& c) {
  for (size_t i = 0; i < c.arguments.size(); i++) {
    const Buffer& a = p[c.arguments[i].buffer];
    if (c.arguments[i].access == Access::kRead || a.place != Place::kArena) continue;
    for (size_t j = 0; j < c.arguments.size(); j++) {
      const Buffer& b = p[c.arguments[j].buffer];
      if (j == i || b.place != Place::kArena || c.arguments[j].buffer == c.arguments[i].buffer) continue;
      bool apart = a.offset + a.bytes() <= b.offset || b.offset + b.bytes() <= a.offset;
      bool in_place = a.offset == b.offset && a.bytes() == b.bytes() && may_share(c, j, i);
      NETSUKE_CHECK(apart || in_place, "plan: call '{}' has '{}' and '{}' on the same memory", c.node, a.name, b.name);
    }
  }
}

}  // namespace

void check_plan(const Program& p) {
  Arena arena{std::vector<BufferId>(static_cast<size_t>(p.arena_bytes), -1)};
  for (const Call& c : p.calls) {
    for (const Argument& a : c.arguments) {
      if (p[a.buffer].place != Place::kArena) continue;
      check_inside(p, p[a.buffer], c);
      if (a.access == Access::kRead) check_read(p, arena, a, c);
    }
    check_overlaps(p, c);
    for (const Argument& a : c.arguments) {
      const Buffer& b = p[a.buffer];
      if (b.place != Place::kArena || a.access == Access::kRead) continue;
      std::fill_n(arena.owner.begin() + b.offset, b.bytes(), a.access == Access::kScratch ? -1 : a.buffer);
    }
  }
}

}  // namespace netsuke
