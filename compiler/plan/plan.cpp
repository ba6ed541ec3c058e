#include "plan/plan.hpp"

#include <algorithm>
#include <map>

namespace netsuke {

namespace {

// The calls during which a buffer that call i uses has to stay: a row that is gone at the end of its sweep
// comes and goes with the calls that use it; everything else stays as long as rows flow.
Lifetime stay(const Program& p, const Buffer& b, int i) {
  for (const Segment& s : p.segments)
    if (i >= s.first && i < s.end && (b.held || !b.ring)) return {s.first, s.end - 1};
  return {i, i};
}

// The blocks, and which of them each slot is.
std::vector<Block> blocks_of(const Program& p, std::map<BufferId, size_t>& block_of) {
  std::vector<Block> blocks;
  for (size_t i = 0; i < p.calls.size(); i++)
    for (const Argument& a : p.calls[i].arguments) {
      const Buffer& b = p[a.buffer];
      if (b.place != Place::kArena) continue;
      Lifetime life = stay(p, b, static_cast<int>(i));
      if (b.is_arena_input()) life.first = 0;
      auto [it, added] = block_of.emplace(b.slot, blocks.size());
      if (added) blocks.push_back(Block{0, life.first, life.last, 4});
      Block& block = blocks[it->second];
      block.bytes = std::max(block.bytes, b.memory());
      block.first = std::min(block.first, life.first);
      block.last = std::max(block.last, life.last);
      block.align = std::max(block.align, static_cast<int>(size_of(b.type)));
    }
  if (p.push && p[p.push->counter].place == Place::kArena) {
    Lifetime life = lifetimes(p)[static_cast<size_t>(p.push->counter)];
    block_of.emplace(p[p.push->counter].slot, blocks.size());
    blocks.push_back(Block{p[p.push->counter].bytes(), life.first, life.last, 4});
  }
  return blocks;
}

}  // namespace

std::vector<Block> blocks_of(const Program& p) {
  std::map<BufferId, size_t> block_of;
  return blocks_of(p, block_of);
}

void plan(Program& p, Effort effort) {
  std::map<BufferId, size_t> block_of;  // by slot
  std::vector<Block> blocks = blocks_of(p, block_of);
  Placement placement = place_blocks(blocks, effort);
  for (Buffer& b : p.buffers)
    if (auto it = block_of.find(b.slot); b.place == Place::kArena && it != block_of.end())
      b.offset = placement.offsets[it->second];
  p.arena_bytes = placement.bytes;
  p.arena_lower_bound = placement.lower_bound;
  for (const Block& b : blocks) p.arena_align = std::max(p.arena_align, b.align);
}

}  // namespace netsuke
